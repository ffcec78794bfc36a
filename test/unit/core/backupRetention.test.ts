import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type AgingBackup, backupsToPrune } from '../../../src/core/backupRetention.ts';

const now = new Date('2026-03-20T12:00:00.000Z');
const hour = 3_600_000;
const day = 24 * hour;

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
    ['what a newer version wrote', [...many(10, hour / 60), { ...at(90 * day), state: 'newer' }], []],
  ];
  for (const [what, backups, pruned] of table) {
    it(what, () => assert.deepEqual(backupsToPrune(backups, now), pruned));
  }

  it('never leaves fewer than ten sound ones, nor a day of the last 14 without its last', () => {
    fc.assert(
      fc.property(fc.array(aBackup), (backups) => {
        const pruned = backupsToPrune(backups, now);
        const kept = sound(backups.filter((backup) => !pruned.includes(backup)));
        const recent = sound(backups).filter(({ takenAt }) => takenAt >= '2026-03-07');
        assert.deepEqual(
          [kept.length >= Math.min(10, sound(backups).length), lastOfDays(kept, recent)],
          [true, lastOfDays(recent, recent)],
        );
      }),
    );
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
  state: fc.constantFrom('sound', 'sound', 'sound', 'damaged', 'newer'),
});

function at(age: number): AgingBackup {
  return { takenAt: new Date(now.getTime() - age).toISOString(), state: 'sound' };
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
      .map(({ takenAt }) => takenAt)
      .filter((time) => time.startsWith(date))
      .sort()
      .at(-1);
  return Object.fromEntries(dates.map((date) => [date, last(date)]));
}
