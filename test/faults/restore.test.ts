import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { Backups } from '../../src/client/backups.ts';
import { type RestoredBackup, restoreBackup } from '../../src/client/restoreBackup.ts';
import { resting } from '../../src/core/restorePlan.ts';
import { revise } from '../../src/core/sessionRecord.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { aRecord } from '../unit/records.ts';
import type { FaultKind } from './support/faults.ts';
import { forEveryFault } from './support/forEveryFault.ts';
import { helperIn, sessionFilesIn } from './support/helperParts.ts';

const key = '0123456789abcdef';
const login = aRecord();
const shop = another('10000000-0000-4000-8000-000000000002', 'shop');
const search = another('20000000-0000-4000-8000-000000000003', 'search');

/** What the backup holds: one that has another name now, one that was destroyed since, and one that is lost. */
const wanted = [login, shop, search];
const current = [revise(login, { name: 'sign-in' }), revise(shop, { deletedAt: '2026-02-01T00:00:00.000Z' })];

describe('restoring a backup, whatever happens meanwhile', () => {
  const dirs = useTempDirs();
  const ids = new Map<string, string>();
  const arrange = async (folder: string) => {
    const backup = await backupsIn(folder).take('change', { records: wanted, generation: 1 });
    ids.set(folder, backup?.id ?? '');
    for (const record of current) await sessionFilesIn(folder).saveRecord(record);
  };
  const act = async (folder: string) => restore(folder, ids.get(folder) ?? '');

  it('leaves each session as it was or as in the backup, all as there once it has resolved, and loses no backup', async () => {
    const outcomes = new Set<string>();
    await forEveryFault({
      dirs,
      withReads: true,
      arrange,
      act,
      check: async ({ folder, error }) => {
        const found = (await helperIn(folder)).registry.list().records;
        const states = wanted.map((record) => stateOf(record, found));
        outcomes.add(states.join(' '));
        const held = await contentsOf(backupsIn(folder));
        const holds = (records: SessionRecord[]) => held.some((content) => isDeepStrictEqual(content, sorted(records)));
        assert.deepEqual(
          {
            isRight: error === undefined ? !states.includes('old') : !states.includes('wrong'),
            isWanted: holds(wanted),
            // Where a record could not be read, what was known before is less.
            isBefore: !states.includes('new') || holds(current) || held.length > 1,
          },
          { isRight: true, isWanted: true, isBefore: true },
          states.join(' '),
        );
      },
    });
    assert.deepEqual(
      ['old old old', 'new new new'].map((outcome) => outcomes.has(outcome)),
      [true, true],
    );
  });

  it('is completed by doing it again', async () => {
    await forEveryFault({
      dirs,
      kinds: ['the disk is full from here on', 'killed after it'],
      arrange,
      act,
      check: async ({ folder }) => {
        await act(folder);
        const found = (await helperIn(folder)).registry.list().records;
        assert.deepEqual(
          wanted.map((record) => stateOf(record, found)),
          ['new', 'new', 'new'],
        );
      },
    });
  });

  it('tells a full disk as such, and how much was done', async () => {
    const full: FaultKind[] = ['ENOSPC', 'the disk is full from here on', 'only half is written'];
    await forEveryFault({
      dirs,
      kinds: full,
      arrange,
      act,
      check: async ({ folder, error }) => {
        if (error === undefined) return;
        const { code, data } = error as { code?: string; data?: { done?: number } };
        const found = (await helperIn(folder)).registry.list().records;
        const states = wanted.map((record) => stateOf(record, found));
        // The one whose name could not be synced may be there, too.
        const done = states.filter((state) => state === 'new').length;
        const isTold = [done, done - 1].includes(data?.done ?? 0);
        assert.deepEqual([code, isTold], ['DISK_FULL', true], states.join(' '));
      },
    });
  });
});

function another(id: string, name: string): SessionRecord {
  return aRecord({ id, name, branch: name, worktreePath: `/repo/.worktrees/${name}` });
}

async function restore(folder: string, id: string): Promise<RestoredBackup> {
  const { registry } = await helperIn(folder);
  const helper = { list: async () => registry.list(), restore: registry.restore.bind(registry) };
  const backups = backupsIn(folder);
  return restoreBackup({ workplace: { kind: 'folder', key, root: folder }, helper, backups, content }, id);
}

const content = { generation: 2 };

function backupsIn(folder: string): Backups {
  return new Backups({ folder, key });
}

/** Of all that are sound, in the order of the ids. */
async function contentsOf(backups: Backups): Promise<unknown[][]> {
  const sound = (await backups.list()).filter(({ state }) => state === 'sound');
  return Promise.all(sound.map(async ({ id }) => sorted((await backups.read(id)).sessions as SessionRecord[])));
}

function sorted(records: readonly SessionRecord[]): SessionRecord[] {
  return [...records].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Whether the session is as in the backup, as it was before the restore, or neither. */
function stateOf({ revision, ...fields }: SessionRecord, found: readonly SessionRecord[]): 'new' | 'old' | 'wrong' {
  const { id } = fields;
  const record = found.find((one) => one.id === id);
  const next = { ...resting({ ...fields, revision }), revision };
  if (record && isDeepStrictEqual({ ...record, revision }, next)) return 'new';
  const before = current.find((one) => one.id === id);
  return isDeepStrictEqual(record, before) ? 'old' : 'wrong';
}
