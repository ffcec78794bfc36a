import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as v from 'valibot';
import { repairRecord } from '../../../src/core/recordRepair.ts';
import { sessionRecordSchema } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const context = {
  root: '/repo',
  resolve: (root: string, relative: string) => `${root}/${relative}`,
  savedAt: new Date('2026-02-01T00:00:00.000Z'),
};

type Fields = Record<string, unknown>;

function without(...names: string[]): Fields {
  return Object.fromEntries(Object.entries(aRecord()).filter(([name]) => !names.includes(name)));
}

describe('the repair of a record', () => {
  it('changes nothing in a valid one, nor in fields that nobody knows', () => {
    const record = { ...aRecord(), colour: 'green' };
    assert.deepEqual(repairRecord(record, context), { record, repairs: [] });
  });

  const repairs: [what: string, damaged: Fields, fixed: Fields, repairs: string[]][] = [
    [
      'takes the creation for the last activity that is missing',
      without('lastActivity'),
      {},
      ['lastActivity was set to 2026-01-01T00:00:00.000Z'],
    ],
    [
      'takes the last activity for the creation that is no time',
      { ...aRecord(), createdAt: 'yesterday' },
      {},
      ['createdAt was set to 2026-01-01T00:00:00.000Z'],
    ],
    [
      'takes the time of the file where there is none at all',
      without('createdAt', 'lastActivity'),
      { createdAt: '2026-02-01T00:00:00.000Z', lastActivity: '2026-02-01T00:00:00.000Z' },
      ['createdAt was set to 2026-02-01T00:00:00.000Z', 'lastActivity was set to 2026-02-01T00:00:00.000Z'],
    ],
    [
      'writes a time of another zone in UTC',
      { ...aRecord(), createdAt: '2025-12-31T23:00:00+02:00' },
      { createdAt: '2025-12-31T21:00:00.000Z' },
      ['createdAt was set to 2025-12-31T21:00:00.000Z'],
    ],
    [
      'keeps a tombstone whose time cannot be read',
      { ...aRecord(), deletedAt: 'x' },
      { deletedAt: '2026-01-01T00:00:00.000Z' },
      ['deletedAt was set to 2026-01-01T00:00:00.000Z'],
    ],
    [
      'counts on from a revision that is too large to be counted on',
      { ...aRecord(), revision: Number.MAX_SAFE_INTEGER },
      { revision: 2 ** 51 },
      ['the revision 9007199254740991 became 2251799813685248'],
    ],
    [
      'reads the status of another vocabulary',
      { ...aRecord(), status: 'running' },
      { status: 'active' },
      ['the unknown status "running" became active'],
    ],
    [
      'takes an unknown status for idle',
      { ...aRecord(), status: 'dreaming' },
      { status: 'idle' },
      ['the unknown status "dreaming" became idle'],
    ],
    [
      'takes a relative path from the repository’s root',
      { ...aRecord(), worktreePath: '.worktrees/login' },
      { worktreePath: '/repo/.worktrees/login' },
      ['the relative path .worktrees/login became /repo/.worktrees/login'],
    ],
    ['makes a name safe', { ...aRecord(), name: 'log/in' }, { name: 'log-in' }, ['the name became “log-in”']],
    [
      'fills in what the bare form does not have',
      without('template', 'command', 'policy', 'attempts', 'revision'),
      { revision: 0 },
      ['template', 'command', 'policy', 'attempts', 'revision'].map((field) => `${field} was missing`),
    ],
    [
      'leaves out a field that may be absent and makes no sense',
      { ...aRecord(), exit: { code: 'x' } },
      {},
      ['exit made no sense and was left out'],
    ],
  ];
  for (const [what, damaged, fixed, expected] of repairs) {
    it(what, () => {
      assert.deepEqual(repairRecord(damaged, context), { record: { ...aRecord(), ...fixed }, repairs: expected });
    });
  }

  const hopeless: [what: string, value: unknown, problem: string][] = [
    ['what is no record', 'text', 'it is no record'],
    ['a record without an id', without('id'), 'its field “id” makes no sense'],
    ['an id that is none', { ...aRecord(), id: '../../etc' }, 'id: An id must be a UUID v4'],
    ['a record without a name', without('name'), 'its field “name” makes no sense'],
    ['a command that is a number', { ...aRecord(), command: 5 }, 'its field “command” makes no sense'],
  ];
  for (const [what, value, problem] of hopeless) {
    it(`gives up on ${what}`, () => {
      assert.deepEqual(repairRecord(value, context), { problem });
    });
  }

  it('makes every record valid that it does not give up on, and never changes its id', () => {
    const field = fc.constantFrom(...Object.keys(sessionRecordSchema.entries));
    fc.assert(
      fc.property(fc.dictionary(field, fc.anything()), (changes) => {
        const result = repairRecord({ ...aRecord(), ...changes }, context);
        if ('problem' in result) return;
        v.assert(sessionRecordSchema, result.record);
        assert.equal(result.record.id, changes.id ?? aRecord().id);
      }),
    );
  });
});
