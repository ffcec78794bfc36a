import assert from 'node:assert/strict';
import fc from 'fast-check';
import { eventsBetween } from '../../../src/core/sessionEvents.ts';
import { isSessionEvent, type SessionEvent } from '../../../src/protocol/sessionEvent.ts';
import { type SessionRecord, sessionStatuses } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const now = new Date('2026-01-09T00:00:00.000Z');
const day = (date: number) => `2026-01-0${date}T00:00:00.000Z`;
const exitedWell = { code: 0, signal: null, reason: 'exit' as const };
const stopped = { code: null, signal: 1, reason: 'stop' as const };
const idle = aRecord({ revision: 4 });
const active = aRecord({ revision: 4, status: 'active', ptyPid: 7 });
const completed = aRecord({ revision: 4, status: 'completed', exit: exitedWell, endedAt: day(2) });

describe('what happened between two revisions of a record', () => {
  const rows: [what: string, before: SessionRecord | undefined, after: SessionRecord, events: string[]][] = [
    ['it was made', undefined, aRecord({ revision: 1 }), ['created login shell @1']],
    ['nothing, for it is the same revision', idle, { ...active, revision: 4 }, []],
    ['nothing, for it is an older one', { ...idle, revision: 6 }, { ...active, revision: 5 }, []],
    ['only its activity was noted', active, next(active, { lastActivity: day(3) }), []],
    [
      'it was started',
      idle,
      next(idle, { status: 'active', ptyPid: 7 }),
      ['started 7 @9', 'statusChanged idle active @9'],
    ],
    ['it waits', active, next(active, { status: 'waiting' }), ['statusChanged active waiting @9']],
    [
      'it ended by itself',
      active,
      next(active, { status: 'completed', ptyPid: undefined, exit: exitedWell, endedAt: day(5) }),
      ['exited 0 null exit @5', 'statusChanged active completed @5'],
    ],
    [
      'the user ended it',
      active,
      next(active, { status: 'cancelled', ptyPid: undefined, exit: stopped, endedAt: day(5) }),
      ['stopped null 1 stop @5', 'statusChanged active cancelled @5'],
    ],
    [
      'it never came up',
      idle,
      next(idle, { status: 'failed', exit: { code: null, signal: null, reason: 'start' }, endedAt: day(5) }),
      ['exited null null start @5', 'statusChanged idle failed @5'],
    ],
    [
      'it crashed, and a retry is scheduled',
      active,
      next(active, { status: 'recovering', ptyPid: undefined, exit: { ...exitedWell, code: 1 }, endedAt: day(5) }),
      ['exited 1 null exit @5', 'statusChanged active recovering @5'],
    ],
    [
      'it was recovered',
      aRecord({ revision: 4, status: 'recovering' }),
      next(aRecord({ revision: 4 }), { status: 'active', ptyPid: 8, attempts: 1 }),
      ['started 8 @9', 'recovered 1 @9', 'statusChanged recovering active @9'],
    ],
    ['it was renamed', idle, next(idle, { name: 'logout' }), ['renamed login logout @9']],
    ['it was destroyed', completed, next(completed, { deletedAt: day(6) }), ['destroyed @6']],
    [
      'it was restored',
      { ...completed, deletedAt: day(6) },
      next(completed, { deletedAt: undefined }),
      ['restored @9'],
    ],
    [
      'it was started and went on for some time unseen',
      idle,
      next(idle, { status: 'active', ptyPid: 7, lastActivity: day(3) }, 3),
      ['started 7 @3 late missed 2', 'statusChanged idle active @3 late missed 2'],
    ],
    [
      'it was started and ended unseen',
      idle,
      next(idle, { status: 'completed', exit: exitedWell, endedAt: day(5) }, 2),
      [
        'started @5 late missed 1',
        'exited 0 null exit @5 late missed 1',
        'statusChanged idle completed @5 late missed 1',
      ],
    ],
    [
      'it ran once more unseen, with the same result',
      completed,
      next(completed, { endedAt: day(5) }, 2),
      ['started @5 late missed 1', 'exited 0 null exit @5 late missed 1'],
    ],
    [
      'another process runs, and of the end of the one before nothing is known',
      active,
      next(active, { ptyPid: 8, lastActivity: day(3) }, 2),
      ['exited null null unseen @3 late missed 1', 'started 8 @3 late missed 1'],
    ],
    [
      'a process ended, and nobody has written how',
      active,
      next(active, { status: 'idle', ptyPid: undefined }),
      ['exited null null unseen @9', 'statusChanged active idle @9'],
    ],
    [
      'a whole life',
      undefined,
      { ...completed, revision: 5, deletedAt: day(6) },
      [
        'created login shell @1 late missed 4',
        'started @2 late missed 4',
        'exited 0 null exit @2 late missed 4',
        'statusChanged idle completed @2 late missed 4',
        'destroyed @6 late missed 4',
      ],
    ],
  ];
  for (const [what, before, after, events] of rows) {
    it(`is told: ${what}`, () => assert.deepEqual(eventsBetween(before, after, { now }).map(shown), events));
  }

  const source = 'a.json';
  const sourced: [what: string, before: SessionRecord | undefined, after: SessionRecord, events: string[]][] = [
    ['one that was destroyed', { ...idle, deletedAt: day(6) }, next(idle, {}), ['restored a.json @9']],
    ['one that was not known', undefined, aRecord(), ['created login shell @1', 'restored a.json @9']],
    ['one whose name was another', idle, next(idle, { name: 'b' }), ['restored a.json @9', 'renamed login b @9']],
    ['none that only ran meanwhile', idle, next(idle, { lastActivity: day(3) }), []],
    ['none that was destroyed meanwhile', idle, next(idle, { deletedAt: day(6) }), ['destroyed @6']],
  ];
  for (const [what, before, after, events] of sourced) {
    it(`is told with the source where a restore brings it: ${what}`, () =>
      assert.deepEqual(eventsBetween(before, after, { now, source }).map(shown), events));
  }

  it('is told with the session that a new one was made of', () => {
    const after = aRecord({ metadata: { restoredFrom: idle.id } });
    assert.deepEqual(eventsBetween(undefined, after, { now }).map(shown), [
      'created login shell @1',
      `restored ${idle.id} @1`,
    ]);
  });

  it('is marked as late where it was found on coming back, though no revision is missing', () => {
    const after = next(idle, { status: 'active', ptyPid: 7, lastActivity: day(3) });
    assert.deepEqual(eventsBetween(idle, after, { now, isLate: true }).map(shown), [
      'started 7 @3 late',
      'statusChanged idle active @3 late',
    ]);
  });

  it('names the session and the revision it led to, in a form that can be read again', () => {
    const events = eventsBetween(undefined, { ...completed, revision: 5 }, { now });
    assert.deepEqual(
      events.map((event) => [event.sessionId, event.revision, isSessionEvent(event)]),
      events.map(() => [completed.id, 5, true]),
    );
  });

  it('leads, event by event, from the first revision to what the last one says, whichever were seen', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const seen = history.filter(({ isSeen }, index) => isSeen || index === history.length - 1);
        const records = seen.map(({ record }) => record);
        const events = records.flatMap((record, index) => eventsBetween(records[index - 1], record, { now }));
        const last = records.at(-1) as SessionRecord;
        assert.deepEqual(applied(events), {
          name: last.name,
          status: last.status,
          isDestroyed: last.deletedAt !== undefined,
        });
      }),
    );
  });

  it('is told with each type at most once', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const [first, last] = [history[0]?.record, history.at(-1)?.record as SessionRecord];
        const types = eventsBetween(first, last, { now }).map(({ type }) => type);
        assert.deepEqual(types, [...new Set(types)]);
      }),
    );
  });
});

const change = fc.record({
  isSeen: fc.boolean(),
  name: fc.constantFrom('one', 'two'),
  status: fc.constantFrom(...sessionStatuses),
  ptyPid: fc.integer({ min: 1, max: 3 }),
  exit: fc.option(
    fc.record({ code: fc.constantFrom(0, 1), signal: fc.constant(null), reason: fc.constantFrom('exit', 'stop') }),
  ),
  endedAt: fc.option(fc.integer({ min: 1, max: 5 }).map(day)),
  deletedAt: fc.option(fc.constant(day(6)), { freq: 4 }),
});

/** Any revisions that follow one another, also such as no helper would make. */
const histories = fc.array(change, { minLength: 1, maxLength: 8 }).map((changes) =>
  changes.map(({ isSeen, exit, endedAt, deletedAt, ...fields }, index) => {
    const optional = {
      ...(exit ? { exit } : {}),
      ...(endedAt ? { endedAt } : {}),
      ...(deletedAt ? { deletedAt } : {}),
    };
    return { isSeen, record: aRecord({ ...fields, ...(optional as Partial<SessionRecord>), revision: index + 1 }) };
  }),
);

function applied(events: SessionEvent[]) {
  const state = { name: '', status: '', isDestroyed: false };
  for (const event of events) {
    if (event.type === 'created') Object.assign(state, { name: event.name, status: 'idle' });
    if (event.type === 'renamed') state.name = event.to;
    if (event.type === 'destroyed' || event.type === 'restored') state.isDestroyed = event.type === 'destroyed';
    if (event.type !== 'statusChanged') continue;
    assert.equal(state.status, event.from);
    state.status = event.to;
  }
  return state;
}

function next(record: SessionRecord, changes: { [K in keyof SessionRecord]?: unknown }, steps = 1): SessionRecord {
  const changed = { ...record, ...changes, revision: record.revision + steps };
  return JSON.parse(JSON.stringify(changed)) as SessionRecord;
}

/** The details, the day, and the marks. */
function shown({ type, at, sessionId: _, revision: __, late, missed, ...details }: SessionEvent): string {
  const marks = [...(late ? ['late'] : []), ...(missed ? [`missed ${missed}`] : [])];
  return [type, ...Object.values(details).map(String), `@${Number(at.slice(8, 10))}`, ...marks].join(' ');
}
