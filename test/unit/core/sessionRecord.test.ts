import assert from 'node:assert/strict';
import * as v from 'valibot';
import { byCreation, isRunning, newRecord, revise } from '../../../src/core/sessionRecord.ts';
import { sessionRecordSchema } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

describe('a new record', () => {
  const { id, name, branch, baseBranch, worktreePath } = aRecord();
  const now = new Date('2026-03-07T10:00:00Z');

  it('is idle, valid and known to no helper yet', () => {
    const record = newRecord({ id, name, branch, baseBranch, worktreePath, command: 'npm test', now });
    const { status, revision, template, createdAt } = v.parse(sessionRecordSchema, record);
    assert.deepEqual([status, revision, template, createdAt], ['idle', 0, 'command', '2026-03-07T10:00:00.000Z']);
  });
});

describe('revising a record', () => {
  it('counts one up and keeps what the change does not name', () => {
    assert.deepEqual(revise(aRecord(), { name: 'new' }), aRecord({ name: 'new', revision: 2 }));
  });

  it('removes what the change sets to undefined', () => {
    assert.deepEqual(revise(aRecord({ ptyPid: 7 }), { ptyPid: undefined }), aRecord({ revision: 2 }));
  });

  it('keeps the id and the count whatever the change says', () => {
    assert.deepEqual(revise(aRecord(), { id: 'other', revision: 99 }), aRecord({ revision: 2 }));
  });
});

describe('a record', () => {
  it('keeps the fields of a newer version', () => {
    const newer = { ...aRecord(), invented: { later: true } };
    assert.deepEqual(v.parse(sessionRecordSchema, newer), newer);
  });

  for (const [what, change] of [
    ['an id that is no UUID', { id: 'x' }],
    ['an id that is a UUID of another version', { id: '3f1c9d2e-8a4b-1c6d-9e0f-1a2b3c4d5e6f' }],
    ['a status nobody knows', { status: 'sleeping' }],
    ['a time in another form', { createdAt: 'yesterday' }],
    ['a time of another zone', { createdAt: '2026-01-01T00:00:00.000+02:00' }],
    ['a time that is written with a blank', { lastActivity: '2026-01-01 00:00:00Z' }],
    ['an end in another zone', { endedAt: '2026-01-01T00:00:00-05:00' }],
    ['a worktree in no certain place', { worktreePath: '.worktrees/login' }],
    ['no worktree path', { worktreePath: '' }],
    ['a name that is a path', { name: 'a/../b' }],
    ['a name that is a path on Windows', { name: 'a\\b' }],
    ['a name of two lines', { name: 'a\nb' }],
    ['a revision below zero', { revision: -1 }],
    ['no name', { name: '' }],
  ] as const) {
    it(`with ${what} is refused`, () => {
      assert.equal(v.safeParse(sessionRecordSchema, { ...aRecord(), ...change }).success, false);
    });
  }

  for (const [what, change] of [
    ['a path of Windows', { worktreePath: 'C:\\repo\\.worktrees\\login' }],
    ['a path of a network share', { worktreePath: '\\\\server\\share\\repo' }],
    ['a name in any script, with blanks', { name: 'schön 漢字 😀' }],
    ['times to the second', { createdAt: '2026-01-01T00:00:00Z' }],
  ] as const) {
    it(`with ${what} is accepted`, () => {
      assert.equal(v.safeParse(sessionRecordSchema, aRecord(change)).success, true);
    });
  }

  it('runs while it is active or waiting', () => {
    const statuses = [
      'idle',
      'active',
      'waiting',
      'recovering',
      'completed',
      'failed',
      'timeout',
      'cancelled',
    ] as const;
    const running = statuses.filter((status) => isRunning(aRecord({ status })));
    assert.deepEqual(running, ['active', 'waiting']);
  });

  it('is listed in the order in which it was made, by id where that is the same', () => {
    const records = [
      aRecord({ id: 'b' }),
      aRecord({ id: 'c', createdAt: '2025-01-01T00:00:00.000Z' }),
      aRecord({ id: 'a' }),
    ];
    assert.deepEqual(
      records.sort(byCreation).map(({ id }) => id),
      ['c', 'a', 'b'],
    );
  });
});
