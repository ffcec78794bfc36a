import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Deferred } from '../../../src/base/async.ts';
import { HoldfastError } from '../../../src/base/errors.ts';
import { Registry } from '../../../src/helper/registry.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const now = () => new Date('2026-03-07T10:00:00Z');

describe('the registry', () => {
  let saved: string[];
  let registry: Registry;
  let save: (record: SessionRecord) => Promise<void>;

  beforeEach(() => {
    saved = [];
    save = async ({ name, revision }) => void saved.push(`${name} ${revision}`);
    registry = new Registry({ records: [aRecord()], save: (record) => save(record), now });
  });

  it('saves a change before it acknowledges or tells it', async () => {
    const gate = new Deferred<void>();
    const log: string[] = [];
    save = async () => {
      await gate.promise;
      log.push('saved');
    };
    registry.onChange(() => log.push('told'));
    const update = registry.update(aRecord().id, 1, { name: 'new' }).then(() => log.push('acknowledged'));
    gate.resolve();
    await update;
    assert.deepEqual(log, ['saved', 'told', 'acknowledged']);
  });

  it('stays as it was where a change cannot be saved', async () => {
    save = () => Promise.reject(new Error('disk full'));
    await assert.rejects(registry.update(aRecord().id, 1, { name: 'new' }), { message: 'disk full' });
    assert.deepEqual(registry.list(), { sequence: 0, records: [aRecord()] });
  });

  it('knows what a window hands over also where it cannot be saved, and tells so', async () => {
    const errors: unknown[] = [];
    registry.onSaveError(({ error }) => errors.push((error as Error).message));
    save = () => Promise.reject(new Error('disk full'));
    const newer = aRecord({ name: 'new', revision: 2 });
    const { records } = await registry.merge([newer]);
    assert.deepEqual([records, errors], [[newer], ['disk full']]);
  });

  it('saves several records of a replica at a time, and each once', async () => {
    let saving = 0;
    let most = 0;
    save = async ({ name }) => {
      most = Math.max(most, ++saving);
      await Promise.resolve();
      saved.push(name);
      saving--;
    };
    const replica = Array.from({ length: 40 }, (_, number) => another({ id: randomUUID(), name: `n${number}` }));
    const { records } = await registry.merge([...replica, ...replica]);
    assert.deepEqual([records.length, saved.length, new Set(saved).size, most], [41, 40, 40, 16]);
  });

  it('saves again what is still to be known, as it is', async () => {
    const deletedAt = '2026-01-01T00:00:00.000Z';
    const tombstone = aRecord({ id: 'b0000000-0000-4000-8000-000000000000', deletedAt });
    const forgotten = (id: string) => (id === tombstone.id ? { revision: 1, deletedAt } : undefined);
    registry = new Registry({ records: [aRecord(), tombstone], save, now, forgotten });
    await registry.saveAgain([aRecord().id, tombstone.id, 'unknown']);
    assert.deepEqual(saved, [`${aRecord().name} 1`]);
  });

  it('tells of what cannot be saved again, and goes on', async () => {
    const errors: unknown[] = [];
    registry.onSaveError(({ error }) => errors.push((error as Error).message));
    save = () => Promise.reject(new Error('disk full'));
    await registry.saveAgain([aRecord().id]);
    assert.deepEqual(errors, ['disk full']);
  });

  it('makes a change once that is asked for again', async () => {
    const first = await registry.update(aRecord().id, 1, { name: 'new' }, 'request');
    assert.deepEqual([await registry.update(aRecord().id, 1, { name: 'new' }, 'request'), saved], [first, ['new 2']]);
  });

  it('keeps no variables of a session that is destroyed, for they may be secret', async () => {
    const metadata = { ownsBranch: true, env: { TOKEN: 'secret' } };
    await registry.merge([aRecord({ revision: 2, metadata })]);
    const tombstone = await registry.remove(aRecord().id, 2);
    assert.deepEqual(tombstone.metadata, { ownsBranch: true });
  });

  it('makes one change at a time, so that of two with the same base one is refused', async () => {
    const results = await Promise.allSettled(['a', 'b'].map((name) => registry.update(aRecord().id, 1, { name })));
    assert.deepEqual([results.map(({ status }) => status), saved], [['fulfilled', 'rejected'], ['a 2']]);
  });

  it('numbers its changes without a gap', async () => {
    const sequences: number[] = [];
    registry.onChange(({ sequence }) => sequences.push(sequence));
    const { id } = aRecord();
    await registry.update(id, 1, { name: 'b' });
    await registry.apply(id, () => undefined);
    await registry.apply(id, () => ({ status: 'active' }));
    assert.deepEqual([sequences, registry.list().sequence], [[1, 2], 2]);
  });

  it('does not let a client change what the helper alone decides', async () => {
    const changes = {
      id: 'x',
      revision: 99,
      createdAt: '2020-01-01T00:00:00.000Z',
      deletedAt: '2020-01-01T00:00:00.000Z',
      name: 'new',
    };
    assert.deepEqual(await registry.update(aRecord().id, 1, changes), aRecord({ name: 'new', revision: 2 }));
  });

  it('leaves a tombstone, which a second removal gives back', async () => {
    const { id } = aRecord();
    const first = await registry.remove(id, 1);
    assert.deepEqual(
      [first.deletedAt, await registry.remove(id, 1), registry.get(id)],
      [now().toISOString(), first, undefined],
    );
  });

  it('takes from a replica what that knows better, and nothing else', async () => {
    const other = aRecord({ id: '00000000-0000-4000-8000-000000000000', name: 'other', branch: '' });
    const replica = [aRecord({ revision: 0, name: 'old' }), other, aRecord({ revision: 5, name: 'newer' })];
    await registry.merge(replica);
    assert.deepEqual(saved.sort(), ['newer 5', 'other 1']);
  });

  it('holds back what would have the worktree of a session that lives, until that is destroyed', async () => {
    const rival = aRecord({ id: '00000000-0000-4000-8000-000000000000', name: 'rival' });
    const first = await registry.merge([rival]);
    await registry.remove(aRecord().id, 1);
    const second = await registry.merge([rival]);
    assert.deepEqual(
      [first.records, first.heldBack, second.heldBack, registry.get(rival.id)],
      [[aRecord()], [rival.id], [], rival],
    );
  });

  it('takes in what a replica puts in the place of a session that it knows was destroyed', async () => {
    const rival = aRecord({ id: '00000000-0000-4000-8000-000000000000', name: 'rival' });
    const { heldBack } = await registry.merge([rival, aRecord({ revision: 2, deletedAt: now().toISOString() })]);
    assert.deepEqual([heldBack, registry.get(rival.id)], [[], rival]);
  });

  it('brings a destroyed session back under a revision that its tombstones do not reach', async () => {
    const tombstone = await registry.remove(aRecord().id, 1);
    const [back] = await registry.restore([aRecord({ status: 'active', ptyPid: 7 })]);
    await registry.merge([tombstone]);
    assert.deepEqual([back, registry.get(aRecord().id)], [aRecord({ revision: 3 }), back]);
  });

  it('brings a lost session back, whatever later end of it a window may still know', async () => {
    const lost = another({ revision: 5 });
    await registry.restore([lost]);
    await registry.merge([another({ revision: 40_000, deletedAt: now().toISOString() })]);
    assert.equal(registry.get(lost.id)?.name, 'other');
  });

  it('changes of a session that lives only what the user decides', async () => {
    await registry.apply(aRecord().id, () => ({ status: 'active', ptyPid: 7, name: 'new', metadata: { a: 1 } }));
    const [restored] = await registry.restore([aRecord({ attempts: 2, status: 'failed' })]);
    assert.deepEqual(restored, aRecord({ status: 'active', ptyPid: 7, revision: 3 }));
  });

  it('restores the same once only, and nothing that was destroyed when the backup was taken', async () => {
    const records = [another(), another({ id: aRecord().id, deletedAt: now().toISOString() }), aRecord()];
    const [back, same] = await registry.restore(records);
    assert.deepEqual([await registry.restore(records), same, saved.length], [[back, same], aRecord(), 1]);
  });

  it('restores the names of two sessions that have exchanged theirs', async () => {
    await registry.create(another(), null);
    await registry.update(another().id, 1, { name: 'third' });
    await registry.update(aRecord().id, 1, { name: 'other' });
    await registry.update(another().id, 2, { name: 'login' });
    const restored = await registry.restore([aRecord(), another()]);
    assert.deepEqual(
      restored.map(({ name }) => name),
      ['login', 'other'],
    );
  });

  const clashes: [what: string, fields: Partial<SessionRecord>, code: string][] = [
    ['a name', { name: 'LOGIN' }, 'NAME_EXISTS'],
    ['a branch', { branch: 'feature/login' }, 'BRANCH_EXISTS'],
  ];
  for (const [what, fields, code] of clashes) {
    it(`restores none of many where one has ${what} that another session has`, async () => {
      const third = another({ id: '30000000-0000-4000-8000-000000000000', name: 'third' });
      await assert.rejects(registry.restore([third, another(fields)]), { code });
      assert.deepEqual(registry.list().records, [aRecord()]);
    });
  }

  it('says how many sessions are back where not all can be saved, and brings the others back later', async () => {
    const third = another({ id: '30000000-0000-4000-8000-000000000000', name: 'third' });
    const full = new HoldfastError('DISK_FULL', 'The disk is full.', { advice: 'Free some space.' });
    save = ({ name }) => (name === 'third' ? Promise.reject(full) : Promise.resolve());
    await assert.rejects(registry.restore([another(), third]), {
      code: 'DISK_FULL',
      text: 'Only 1 of 2 sessions could be brought back: The disk is full. Free some space. Then restore again.',
    });
    save = () => Promise.resolve();
    assert.deepEqual(
      (await registry.restore([another(), third])).map(({ name }) => name),
      ['other', 'third'],
    );
  });

  const refusals: [what: string, act: () => Promise<unknown>, code: string][] = [
    [
      'a name that another session has, in any case',
      () => registry.create(another({ name: 'LOGIN' }), null),
      'NAME_EXISTS',
    ],
    [
      'a branch that another session works on',
      () => registry.create(another({ branch: 'feature/login' }), null),
      'BRANCH_EXISTS',
    ],
    ['a session over the limit', () => registry.create(another(), 1), 'MAX_SESSIONS'],
    ['a change of a session that is not there', () => registry.update('x', 1, {}), 'SESSION_NOT_FOUND'],
    ['a change of an old revision', () => registry.update(aRecord().id, 0, {}), 'REVISION_CONFLICT'],
    ['the removal of an old revision', () => registry.remove(aRecord().id, 0), 'REVISION_CONFLICT'],
  ];
  for (const [what, act, code] of refusals) it(`refuses ${what}`, () => assert.rejects(act, { code }));

  it('counts no session against the limit that is folded away', async () => {
    await registry.apply(aRecord().id, () => ({ status: 'completed', archivedAt: '2026-03-07T10:00:00.000Z' }));
    await registry.create(another(), 1);
    await assert.rejects(registry.create(another({ id: randomUUID(), name: 'third', branch: 'feature/third' }), 1), {
      message: 'Maximum 1 session supported.',
    });
  });

  it('gives the record it has to whoever creates it twice', async () => {
    const record = another();
    const first = await registry.create(record, null);
    assert.equal(await registry.create(record, null), first);
  });

  it('ends what was begun and refuses what comes after, once it is closed', async () => {
    const begun = registry.update(aRecord().id, 1, { name: 'new' });
    await registry.close();
    await assert.rejects(registry.update(aRecord().id, 2, { name: 'late' }), { code: 'CONNECTION_LOST' });
    assert.deepEqual([(await begun).name, saved], ['new', ['new 2']]);
  });
});

function another(fields: Partial<SessionRecord> = {}): SessionRecord {
  return aRecord({ id: '00000000-0000-4000-8000-000000000000', name: 'other', branch: '', revision: 0, ...fields });
}
