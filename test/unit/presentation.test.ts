import assert from 'node:assert/strict';
import {
  age,
  byInterest,
  countByStatus,
  describeExit,
  describeExitOf,
  describeSession,
  exitSentence,
  listOf,
  lookOf,
  sessionFacts,
  spokenRow,
  statusLook,
} from '../../src/core/presentation.ts';
import { newRecord } from '../../src/core/sessionRecord.ts';
import { type SessionRecord, type SessionStatus, sessionStatuses } from '../../src/protocol/sessionRecord.ts';

const now = new Date('2026-03-10T12:00:00.000Z');

describe('how a session is shown', () => {
  it('differs by status, so that no two are mistaken for each other', () => {
    const icons = sessionStatuses.map((status) => statusLook(status).icon);
    const labels = sessionStatuses.map((status) => statusLook(status).label);
    assert.deepEqual([new Set(icons).size, new Set(labels).size], [sessionStatuses.length, sessionStatuses.length]);
  });

  const ages: [since: string, text: string][] = [
    ['2026-03-10T12:00:00.000Z', 'now'],
    ['2026-03-10T11:59:01.000Z', 'now'],
    ['2026-03-10T11:59:00.000Z', '1m'],
    ['2026-03-10T11:00:01.000Z', '59m'],
    ['2026-03-10T11:00:00.000Z', '1h'],
    ['2026-03-09T12:00:01.000Z', '23h'],
    ['2026-03-09T12:00:00.000Z', '1d'],
    ['2026-01-09T12:00:00.000Z', '60d'],
    ['2026-03-10T12:05:00.000Z', 'now'],
  ];
  for (const [since, text] of ages) {
    it(`says “${text}” at noon of what began at ${since}`, () => {
      assert.equal(age(since, now), text);
    });
  }

  const exits: [status: SessionStatus, exit: SessionRecord['exit'], text: string | undefined][] = [
    ['active', undefined, undefined],
    ['completed', { code: 0, signal: null, reason: 'exit' }, 'ended with code 0'],
    ['failed', { code: 2, signal: null, reason: 'exit' }, 'ended with code 2'],
    ['failed', { code: null, signal: 9, reason: 'exit' }, 'was ended by SIGKILL'],
    ['failed', { code: null, signal: null, reason: 'start' }, 'it could not be started'],
    ['idle', { code: null, signal: null, reason: 'lost' }, 'its process was gone when Holdfast came back'],
    ['cancelled', { code: null, signal: 1, reason: 'stop' }, 'you stopped it'],
  ];
  for (const [status, exit, text] of exits) {
    it(`tells of its end: ${status}, ${text ?? 'nothing'}`, () => {
      assert.equal(describeExit(session({ status, ...(exit ? { exit } : {}) })), text);
    });
  }

  it('tells of its end what was seen of it, where the record says', () => {
    const evidence = { what: 'its session host was killed', by: 'host', at: '2026-03-10T11:59:48.000Z' };
    const exit = { code: null, signal: null, reason: 'lost' as const };
    assert.equal(describeExit(session({ status: 'recovering', exit, evidence })), 'its session host was killed');
  });

  const stop = { code: null, signal: 1, reason: 'stop' as const };
  const seen = (what: string) => ({ what, by: 'x', at: '2026-03-10T11:59:48.000Z' });
  const idle = seen('it did nothing for its 5 minutes');
  const sentences: [fields: Partial<SessionRecord>, sentence: string, afterName: string | undefined][] = [
    [{ status: 'cancelled', exit: stop, evidence: seen('you stopped it') }, 'You stopped this session.', 'was stopped'],
    [
      { status: 'timeout', exit: { ...stop, reason: 'timeout' }, evidence: idle },
      'The session was ended: it did nothing for its 5 minutes.',
      'was ended: it did nothing for its 5 minutes',
    ],
    [
      { status: 'recovering', exit: { ...stop, reason: 'timeout' }, evidence: idle },
      'The session was ended: it did nothing for its 5 minutes; it is started again by itself.',
      'was ended: it did nothing for its 5 minutes; it is started again by itself',
    ],
    [
      {
        status: 'recovering',
        exit: { code: null, signal: 11, reason: 'exit' },
        evidence: seen('was ended by SIGSEGV'),
      },
      'The session was ended by SIGSEGV; it is started again by itself.',
      'was ended by SIGSEGV; it is started again by itself',
    ],
    [
      { status: 'failed', exit: { code: 3, signal: null, reason: 'exit' }, evidence: seen('ended with code 3') },
      'The session ended with code 3.',
      'ended with code 3',
    ],
    [
      { status: 'recovering', exit: { ...stop, reason: 'lost' }, evidence: seen('its session host was killed') },
      'Its session host was killed; it is started again by itself.',
      undefined,
    ],
    [{ status: 'idle' }, 'Nothing runs in this session.', undefined],
  ];
  for (const [fields, sentence, afterName] of sentences) {
    it(`tells in its terminal: ${sentence}`, () => {
      const record = session(fields);
      assert.deepEqual([exitSentence(record), describeExitOf(record)], [sentence, afterName]);
    });
  }

  it('is read out with its state once', () => {
    assert.deepEqual(
      [
        spokenRow(session({ status: 'active' }), 'stale · feature/login · 2h'),
        spokenRow(session({ status: 'recovering' }), 'recovering in 12 s · attempt 1 of 3'),
      ],
      ['login, running, stale, feature/login, 2h', 'login, recovering in 12 s, attempt 1 of 3'],
    );
  });

  it('comes the sooner the more it needs a look, and else as it was', () => {
    const statuses = ['completed', 'active', 'cancelled', 'waiting', 'active'] as const;
    const records = statuses.map((status, index) => session({ status, name: String(index) }));
    assert.deepEqual(
      byInterest(records).map(({ name }) => name),
      ['3', '1', '4', '0', '2'],
    );
  });

  it('lists so many, and counts the others', () => {
    assert.deepEqual(
      [listOf(['a', 'b'], 2), listOf(['a', 'b', 'c', 'd'], 2)],
      [
        ['a', 'b'],
        ['a', 'b', 'and 2 more'],
      ],
    );
  });

  it('names the branch and the age', () => {
    assert.equal(describeSession(session({}), now), 'feature/login · 2h');
  });

  it('names first what was done, for a narrow tree cuts the end off', () => {
    assert.equal(describeSession(session({}), now, '●3 ↑2'), '●3 ↑2 · feature/login · 2h');
  });

  it('says so where there is no worktree', () => {
    assert.equal(describeSession(session({ branch: '' }), now), 'no worktree · 2h');
  });

  it('has all facts of a running session', () => {
    assert.deepEqual(facts(session({ status: 'active', ptyPid: 42, port: 21_340, command: ['npm', 'test'] })), [
      'Status: running',
      'Runs: npm test',
      'Branch: feature/login (from main)',
      'Folder: /repo/.worktrees/login-1',
      'Ports: 21340 to 21349',
      'Process: 42',
      'Created: 2h ago',
      'Last activity: just now',
    ]);
  });

  it('has all facts of one that ended, without a worktree', () => {
    const ended = session({
      status: 'failed',
      branch: '',
      exit: { code: 2, signal: null, reason: 'exit' },
      endedAt: '2026-03-10T11:30:00.000Z',
    });
    assert.deepEqual(facts(ended), [
      'Status: failed: ended with code 2',
      'Runs: shell',
      'Folder: /repo/.worktrees/login-1',
      'Worktree: none: it works in the folder itself',
      'Created: 2h ago',
      'Last activity: just now',
      'Ended: 30m ago',
    ]);
  });

  it('says that a worktree is not the session’s own', () => {
    const [, , , , worktree] = facts(session({ metadata: { ownsWorktree: false } }));
    assert.equal(worktree, 'Worktree: adopted: it stays when the session goes');
  });

  it('is being set up while its worktree is made ready, also between two steps', () => {
    const setup = { state: 'running' as const, step: 0, steps: 2, what: 'npm ci' };
    const records = [
      session({ status: 'active', setup }),
      session({ status: 'recovering', setup }),
      session({ status: 'waiting', setup }),
      session({ status: 'recovering', attempts: 1, setup: { ...setup, state: 'done' } }),
    ];
    assert.deepEqual(
      records.map((record) => lookOf(record).label),
      ['setting up', 'setting up', 'waiting for you', 'recovering'],
    );
  });

  it('says why one runs', () => {
    const evidence = { what: 'it was started again by itself, attempt 2', by: 'retry', at: '2026-03-10T11:59:48.000Z' };
    const [status] = facts(session({ status: 'active', evidence }));
    assert.equal(status, 'Status: running: it was started again by itself, attempt 2');
  });

  it('shortens a commit that the branch came from', () => {
    const [, , branch] = facts(session({ baseBranch: '0123456789abcdef0123456789abcdef01234567' }));
    assert.equal(branch, 'Branch: feature/login (from 01234567)');
  });
});

describe('the count of sessions', () => {
  const counts: [statuses: SessionStatus[], text: string][] = [
    [[], 'no sessions'],
    [['active'], '1 running'],
    [['active', 'active', 'waiting'], '1 waiting for you, 2 running'],
    [['idle', 'failed', 'recovering'], '1 recovering, 1 failed, 1 idle'],
    [['completed', 'cancelled'], '2 ended'],
    [['active', 'completed'], '1 running'],
  ];
  for (const [statuses, text] of counts) {
    it(`says “${text}” for ${statuses.join(', ') || 'none'}`, () => {
      assert.equal(countByStatus(statuses.map((status) => session({ status }))), text);
    });
  }
});

function facts(record: SessionRecord): string[] {
  return sessionFacts(record, now).map(([label, text]) => `${label}: ${text}`);
}

function session(changes: Partial<SessionRecord>): SessionRecord {
  const record = newRecord({
    id: '10000000-0000-4000-8000-000000000001',
    name: 'login',
    branch: 'feature/login',
    baseBranch: 'main',
    worktreePath: '/repo/.worktrees/login-1',
    command: null,
    now: new Date('2026-03-10T10:00:00.000Z'),
  });
  return { ...record, lastActivity: '2026-03-10T11:59:30.000Z', ...changes };
}
