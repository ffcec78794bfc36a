import assert from 'node:assert/strict';
import fc from 'fast-check';
import { holdSameSessions, planRestore, type RestorePlan } from '../../../src/core/restorePlan.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const deletedAt = '2026-01-02T00:00:00.000Z';

describe('what a restore would change', () => {
  it('is nothing where every session is as it was', () => {
    assert.deepEqual(shown(planRestore([login(), other()], [login(), other()])), { ...nothing, same: 2 });
  });

  it('is nothing of what became of a session by itself', () => {
    const now = login({ status: 'active', ptyPid: 7, attempts: 2, revision: 9, currentPhase: 'plan' });
    assert.deepEqual(shown(planRestore([now], [login()])), { ...nothing, same: 1 });
  });

  it('is nothing of sessions that were made since, or were destroyed when the backup was taken', () => {
    const plan = planRestore([login(), other()], [login({ deletedAt })]);
    assert.deepEqual(shown(plan), { ...nothing, onlyNow: 2 });
  });

  it('is that destroyed and lost sessions come back, at rest', () => {
    const then = login({
      status: 'active',
      ptyPid: 7,
      attempts: 2,
      exit: { code: 1, signal: null, reason: 'exit' },
      endedAt: deletedAt,
      currentPhase: 'plan',
      agentSessionId: 'a',
    });
    const plan = planRestore([login({ deletedAt })], [then, other()]);
    assert.deepEqual([plan.returning, plan.onlyNow], [[login({ agentSessionId: 'a' }), other()], 0]);
  });

  it('is what the user had decided about a session that lives', () => {
    const now = login({ name: 'new', status: 'active', metadata: { colour: 'red' }, revision: 9 });
    const then = login({ cwd: 'src' });
    const [changed] = planRestore([now], [then]).changed;
    assert.deepEqual(changed, {
      record: now,
      restored: { ...now, name: 'login', cwd: 'src', metadata: undefined },
      fields: [
        ['name', 'new', 'login'],
        ['cwd', undefined, 'src'],
        ['metadata', { colour: 'red' }, undefined],
      ],
    });
  });

  const conflicts: [what: string, now: SessionRecord[], then: SessionRecord[], shown: Partial<ShownPlan>][] = [
    [
      'another name where a session made since has it',
      [other({ name: 'Login' })],
      [login()],
      {
        returning: ['login-2 on feature/login'],
        onlyNow: 1,
        notices: ['“login” comes back as “login-2”, because another session has that name by now.'],
      },
    ],
    [
      'another branch where a session made since works on it',
      [other({ branch: 'feature/login' })],
      [login()],
      {
        returning: ['login on feature/login-3'],
        onlyNow: 1,
        notices: ['“login” gets the branch feature/login-3, because another session works on feature/login by now.'],
      },
    ],
    [
      'the names of two sessions that have exchanged theirs',
      [login({ name: 'other' }), other({ name: 'login' })],
      [login(), other()],
      { changed: ['other → login', 'login → other'] },
    ],
    [
      'a name first to the session that lives',
      [other({ name: 'third' })],
      [login({ name: 'twice' }), other({ name: 'twice' })],
      {
        changed: ['third → twice'],
        returning: ['twice-2 on feature/login'],
        notices: ['“twice” comes back as “twice-2”, because another session has that name by now.'],
      },
    ],
    [
      'no name to a session that already has the one it would get',
      [login({ name: 'login-2' }), third({ name: 'login' })],
      [login()],
      {
        same: 1,
        onlyNow: 1,
        notices: ['“login” comes back as “login-2”, because another session has that name by now.'],
      },
    ],
    [
      'another worktree where a session made since works in it',
      [other({ worktreePath: login().worktreePath })],
      [login()],
      {
        returning: ['login on feature/login'],
        onlyNow: 1,
        notices: [
          '“login” gets the worktree /repo/.worktrees/login-3f1c9d2e-2, because another session works in its own by now.',
        ],
      },
    ],
    [
      'its own worktree where a session without a branch runs in it',
      [other({ branch: '', worktreePath: login().worktreePath })],
      [login()],
      { returning: ['login on feature/login'], onlyNow: 1 },
    ],
    [
      'a new conversation where another session goes on with its own',
      [other({ agentSessionId: 'a' })],
      [login({ agentSessionId: 'a' })],
      {
        returning: ['login on feature/login'],
        onlyNow: 1,
        notices: ['“login” begins a new conversation, because its own goes on in another session by now.'],
      },
    ],
    [
      'no branch to sessions without one',
      [third({ branch: '' })],
      [other({ branch: '' })],
      { returning: ['other on '], onlyNow: 1 },
    ],
  ];
  for (const [what, now, then, expected] of conflicts) {
    it(`gives ${what}`, () => {
      assert.deepEqual(shown(planRestore(now, then, ['feature/login-2'])), { ...nothing, ...expected });
    });
  }

  it('marks a branch that is to be made for a session as the session’s own', () => {
    const plan = planRestore([other({ branch: 'feature/login' })], [login({ metadata: { colour: 'red' } })]);
    assert.deepEqual(plan.returning[0]?.metadata, { colour: 'red', ownsBranch: true });
  });

  it('leaves every session that is there, and gives no two the same name, branch, worktree or conversation', () => {
    fc.assert(
      fc.property(someRecords, someRecords, (now, then) => {
        const { returning, changed } = planRestore(now, then);
        const living = now.filter((record) => record.deletedAt === undefined);
        const after = new Map([...living, ...changed.map(({ restored }) => restored), ...returning].map(byId));
        const shared = (['name', 'branch', 'worktreePath', 'agentSessionId'] as const).filter((field) => {
          const values = [...after.values()].map((record) => record[field]).filter((value) => value !== undefined);
          return new Set(values).size < values.length;
        });
        assert.deepEqual([shared, living.filter(({ id }) => !after.has(id))], [[], []]);
      }),
    );
  });

  it('is nothing once it was done, where no session was in the way', () => {
    fc.assert(
      fc.property(someRecords, (then) => {
        const { returning } = planRestore([], then);
        const plan = planRestore(returning, then);
        assert.deepEqual([plan.returning, plan.changed, plan.onlyNow], [[], [], 0]);
      }),
    );
  });
});

describe('two lists of sessions', () => {
  const table: [what: string, a: SessionRecord[], b: SessionRecord[], same: boolean][] = [
    ['in another order', [login(), other()], [other(), login()], true],
    ['of which one runs by now', [login()], [login({ status: 'active', ptyPid: 7, revision: 8 })], true],
    ['of which one has another name', [login()], [login({ name: 'x' })], false],
    ['of which one has a field of a newer version', [login()], [{ ...login(), colour: 'red' }], false],
    ['of which one was destroyed', [login()], [login({ deletedAt })], false],
    ['of which one has one more', [login()], [login(), other()], false],
  ];
  for (const [what, a, b, same] of table) {
    it(`${what} are ${same ? 'the same' : 'not the same'}`, () => assert.equal(holdSameSessions(a, b), same));
  }
});

interface ShownPlan extends Omit<RestorePlan, 'returning' | 'changed'> {
  returning: string[];
  changed: string[];
}

const nothing: ShownPlan = { returning: [], changed: [], same: 0, onlyNow: 0, notices: [] };

function shown({ returning, changed, ...plan }: RestorePlan): ShownPlan {
  return {
    ...plan,
    returning: returning.map(({ name, branch }) => `${name} on ${branch}`),
    changed: changed.map(({ record, restored }) => `${record.name} → ${restored.name}`),
  };
}

function login(fields: Partial<SessionRecord> = {}): SessionRecord {
  return aRecord(fields);
}

function other(fields: Partial<SessionRecord> = {}): SessionRecord {
  return aRecord({
    id: '00000000-0000-4000-8000-000000000000',
    name: 'other',
    branch: 'feature/other',
    worktreePath: '/repo/other',
    ...fields,
  });
}

function third(fields: Partial<SessionRecord> = {}): SessionRecord {
  return aRecord({
    id: '30000000-0000-4000-8000-000000000000',
    name: 'third',
    branch: 'feature/third',
    worktreePath: '/repo/third',
    ...fields,
  });
}

function byId(record: SessionRecord): [string, SessionRecord] {
  return [record.id, record];
}

/** Up to five sessions, each with a name and a branch of its own while it lives. */
const someRecords: fc.Arbitrary<SessionRecord[]> = fc
  .shuffledSubarray(['a', 'b', 'c', 'd', 'e'])
  .chain((names) =>
    fc.tuple(
      fc.constant(names),
      fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: names.length, maxLength: names.length }),
      fc.array(fc.boolean(), { minLength: names.length, maxLength: names.length }),
    ),
  )
  .map(([names, numbers, alive]) =>
    names.map((name, index) =>
      aRecord({
        id: `${numbers[index]}0000000-0000-4000-8000-000000000000`,
        name,
        branch: `feature/${name}`,
        worktreePath: `/repo/${name}`,
        agentSessionId: name,
        ...(alive[index] ? {} : { deletedAt }),
      }),
    ),
  );
