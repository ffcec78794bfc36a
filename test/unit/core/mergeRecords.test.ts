import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mergeRecords, newerRecord } from '../../../src/core/mergeRecords.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const time = fc.integer({ min: 1, max: 3 }).map((day) => `2026-01-0${day}T00:00:00.000Z`);
/** Few values in few fields, so that copies often have all but one thing in common. */
const nested = fc.dictionary(
  fc.constantFrom('a', 'b', 'c'),
  fc.oneof(fc.constantFrom(0, 1), fc.jsonValue({ maxDepth: 1 })),
  { maxKeys: 3 },
);
const record = fc
  .record({
    id: fc.constantFrom('a', 'b'),
    revision: fc.integer({ min: 0, max: 2 }),
    lastActivity: time,
    name: fc.constantFrom('one', 'two'),
    deletedAt: fc.option(time, { nil: undefined }),
    metadata: fc.option(nested, { nil: undefined }),
    fieldOfLater: fc.option(fc.jsonValue({ maxDepth: 2 }), { nil: undefined }),
  })
  .map((fields) => aRecord(fromFile(fields)));
/** As a copy comes from a program that writes fields, and those in them, in another order. */
const copies = record.chain((one) => fc.tuple(fc.constant(one), fc.constant(reversed(one) as SessionRecord)));
const replica = fc.array(
  fc.oneof(
    record,
    copies.map(([, copy]) => copy),
  ),
  { maxLength: 5 },
);

describe('merging replicas', () => {
  it('gives the same whatever their order', () => {
    fc.assert(
      fc.property(replica, replica, (a, b) => assert.deepEqual(sorted(mergeRecords(a, b)), sorted(mergeRecords(b, a)))),
    );
  });

  it('gives the same however they are grouped', () => {
    fc.assert(
      fc.property(replica, replica, replica, (a, b, c) => {
        const left = mergeRecords(mergeRecords(a, b).values(), c);
        assert.deepEqual(sorted(left), sorted(mergeRecords(a, mergeRecords(b, c).values())));
      }),
    );
  });

  it('changes nothing when it is done again', () => {
    fc.assert(
      fc.property(replica, (a) => assert.deepEqual(mergeRecords(mergeRecords(a).values(), a), mergeRecords(a))),
    );
  });

  it('decides alike for copies whose fields were written in other orders', () => {
    fc.assert(
      fc.property(copies, record, ([one, copy], other) => {
        const rival = { ...other, id: one.id, revision: one.revision, lastActivity: one.lastActivity };
        assert.deepEqual(newerRecord(one, rival), newerRecord(copy, rival));
      }),
    );
  });

  it('knows every session that any of them knows, as one of them has it', () => {
    fc.assert(
      fc.property(replica, replica, (a, b) => {
        const merged = mergeRecords(a, b);
        assert.deepEqual(new Set(merged.keys()), new Set([...a, ...b].map(({ id }) => id)));
        for (const result of merged.values()) assert.ok([...a, ...b].includes(result));
      }),
    );
  });

  it('takes the tombstone of equal revisions', () => {
    fc.assert(
      fc.property(replica, replica, (a, b) => {
        for (const { id, revision, deletedAt } of mergeRecords(a, b).values()) {
          const equals = [...a, ...b].filter((other) => other.id === id && other.revision === revision);
          assert.equal(
            deletedAt !== undefined,
            equals.some((other) => other.deletedAt !== undefined),
          );
        }
      }),
    );
  });

  it('keeps the highest revision of each record', () => {
    fc.assert(
      fc.property(replica, replica, (a, b) => {
        for (const { id, revision } of mergeRecords(a, b).values()) {
          assert.equal(
            revision,
            Math.max(...[...a, ...b].filter((other) => other.id === id).map((other) => other.revision)),
          );
        }
      }),
    );
  });

  it('never brings a destroyed session back from a replica that does not know of it yet', () => {
    fc.assert(
      fc.property(record, replica, (live, others) => {
        const tombstone = { ...live, revision: 3, deletedAt: '2026-01-04T00:00:00.000Z' };
        return mergeRecords(others, [tombstone], others).get(live.id)?.deletedAt !== undefined;
      }),
    );
  });
});

describe('of two copies with the same revision', () => {
  it('the tombstone counts', () => {
    const tombstone = aRecord({ deletedAt: '2026-01-01T00:00:00.000Z' });
    const live = aRecord({ lastActivity: '2026-02-01T00:00:00.000Z' });
    assert.equal(newerRecord(live, tombstone), tombstone);
  });

  it('the one with the later activity counts', () => {
    const later = aRecord({ lastActivity: '2026-02-01T00:00:00.000Z' });
    assert.equal(newerRecord(aRecord(), later), later);
  });
});

function fromFile(fields: object): Partial<SessionRecord> {
  return JSON.parse(JSON.stringify(fields));
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key, reversed(part)]),
  );
}

function sorted(records: Map<string, SessionRecord>): SessionRecord[] {
  return [...records.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
