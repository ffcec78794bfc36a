import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type AgingBackup, backupsToPrune, newestFirst } from '../../../src/core/backupRetention.ts';

const now = new Date('2026-03-20T12:00:00.000Z');
const hour = 3_600_000;
const day = 24 * hour;

/** Ten backups of an evening to come, oldest first, and one that was taken after the clock was put right. */
const evening = Array.from({ length: 10 }, (_, number) => ({ ...at(-2 * hour - number), generation: number }));
const afterwards = { ...at(0), generation: 10, reason: 'destroy' };

/** Of one day, whose clock went back between them. */
const late = { ...at(day), generation: 1 };
const later = { ...at(day + hour), generation: 2 };

describe('which backups are kept', () => {
  const table: [what: string, backups: AgingBackup[], pruned: AgingBackup[]][] = [
    ['ten of one day', many(10, hour / 60), []],
    ['the last ten of one day, and none before', many(13, hour / 60), many(13, hour / 60).slice(10)],
    ['one a day for 14 days', [...many(10, hour / 60), ...daily(1, 14)], daily(14, 14)],
    ['the last of a day', [...many(10, hour / 60), at(2 * day), at(2 * day + 2 * hour)], [at(2 * day + 2 * hour)]],
    ['the last ten, however old', daily(100, 109), []],
    [
      'those of a future that a wrong clock has made',
      [...many(10, hour / 60), at(-day), at(-40 * day)],
      [ago(8), ago(9)],
    ],
    ['damaged ones while there are fewer than ten sound ones', [...many(9, hour / 60), damaged(40 * day)], []],
    ['damaged ones for 14 days', [...many(10, hour / 60), damaged(13 * day)], []],
    ['damaged ones that are among the last ten', [...daily(20, 28), damaged(29 * day), ...daily(30, 30)], []],
    ['no damaged ones for longer', [...many(10, hour / 60), damaged(14 * day)], [damaged(14 * day)]],
    ['the last ten by hand beside the last ten others', byTurns(24), byTurns(24).slice(20)],
    ['the last one, though the clock went back before it', [...evening, afterwards], evening.slice(0, 1)],
    ['the last of a day on which the clock went back', [...many(10, hour / 60), late, later], [late]],
    ['what a newer version wrote', [...many(10, hour / 60), { ...at(90 * day), state: 'newer' }], []],
  ];
  for (const [what, backups, pruned] of table) {
    it(what, () => assert.deepEqual(backupsToPrune(backups, now), pruned));
  }

  it('never leaves fewer than ten sound ones of either kind, nor a day of the last 14 without its last', () => {
    fc.assert(
      fc.property(fc.array(aBackup), (backups) => {
        const pruned = backupsToPrune(backups, now);
        const kept = sound(backups.filter((backup) => !pruned.includes(backup)));
        const recent = sound(backups).filter(({ takenAt }) => takenAt >= '2026-03-07');
        const areEnough = [true, false].map(
          (isByHand) => ofKind(kept, isByHand) >= Math.min(10, ofKind(sound(backups), isByHand)),
        );
        assert.deepEqual([areEnough, lastOfDays(kept, recent)], [[true, true], lastOfDays(recent, recent)]);
      }),
    );
  });

  it('are listed with the one of the latest list first, and damaged ones where the clock puts them', () => {
    const [first, ...rest] = evening as [AgingBackup, ...AgingBackup[]];
    const inOrder = [afterwards, ...rest.toReversed(), damaged(-hour), first];
    assert.deepEqual(newestFirst([damaged(-hour), ...evening, afterwards]), inOrder);
  });

  it('is the same for what is left, and in whatever order they are listed', () => {
    fc.assert(
      fc.property(fc.uniqueArray(aBackup, { selector: ({ takenAt }) => takenAt }), (backups) => {
        const pruned = backupsToPrune(backups, now);
        const left = backups.filter((backup) => !pruned.includes(backup));
        assert.deepEqual([backupsToPrune(backups.toReversed(), now), backupsToPrune(left, now)], [pruned, []]);
      }),
    );
  });
});

const aBackup: fc.Arbitrary<AgingBackup> = fc.record({
  takenAt: fc.integer({ min: -day, max: 30 * day }).map((age) => at(age).takenAt),
  generation: fc.nat(20),
  reason: fc.constantFrom('change', 'manual'),
  state: fc.constantFrom('sound', 'sound', 'sound', 'damaged', 'newer'),
});

/** Of a clock that is right: the younger, the more often the list had been saved. */
function at(age: number): AgingBackup {
  const takenAt = new Date(now.getTime() - age);
  return { takenAt: takenAt.toISOString(), generation: takenAt.getTime(), reason: 'change', state: 'sound' };
}

/** The one of `many` with this number. */
function ago(number: number): AgingBackup {
  return at((number * hour) / 60);
}

function damaged(age: number): AgingBackup {
  return { ...at(age), state: 'damaged' };
}

function many(count: number, apart: number): AgingBackup[] {
  return Array.from({ length: count }, (_, number) => at(number * apart));
}

/** Of one day, newest first, every other by hand. */
function byTurns(count: number): AgingBackup[] {
  return many(count, 1000).map((backup, number) => (number % 2 === 0 ? { ...backup, reason: 'manual' } : backup));
}

function ofKind(backups: AgingBackup[], isByHand: boolean): number {
  return backups.filter(({ reason }) => (reason === 'manual') === isByHand).length;
}

function daily(first: number, last: number): AgingBackup[] {
  return Array.from({ length: last - first + 1 }, (_, number) => at((first + number) * day));
}

function sound(backups: AgingBackup[]): AgingBackup[] {
  return backups.filter(({ state }) => state === 'sound');
}

/** For each day of `days`, the last time among `backups`. */
function lastOfDays(backups: AgingBackup[], days: AgingBackup[]): Record<string, string | undefined> {
  const dates = [...new Set(days.map(({ takenAt }) => takenAt.slice(0, 10)))].sort();
  const last = (date: string) =>
    backups
      .filter(({ takenAt }) => takenAt.startsWith(date))
      .sort((a, b) => a.generation - b.generation || a.takenAt.localeCompare(b.takenAt))
      .at(-1)?.takenAt;
  return Object.fromEntries(dates.map((date) => [date, last(date)]));
}
