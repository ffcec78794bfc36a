import type { ChangesDelta, ChangesReport, WorktreeChanges } from '../protocol/changes.ts';

/** Whether two looks have found the same; when they were does not count. */
export function isSameChanges({ at: _, ...one }: WorktreeChanges, { at: __, ...other }: WorktreeChanges): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What is to be told of `next` to whoever knows `before`; undefined where that is nothing. */
export function changesDelta(before: ChangesReport, next: ChangesReport): ChangesDelta | undefined {
  const known = new Map(before.sessions.map((one) => [one.id, one]));
  const sessions = next.sessions.filter((one) => {
    const earlier = known.get(one.id);
    return earlier === undefined || !isSameChanges(earlier, one);
  });
  const present = new Set(next.sessions.map(({ id }) => id));
  const gone = [...known.keys()].filter((id) => !present.has(id));
  const isSameOverlap = JSON.stringify(before.overlaps) === JSON.stringify(next.overlaps);
  if (sessions.length === 0 && gone.length === 0 && isSameOverlap) return undefined;
  return { at: next.at, sessions, gone, ...(isSameOverlap ? {} : { overlaps: next.overlaps }) };
}

/** What is known after a delta. */
export function withDelta({ sessions, overlaps }: ChangesReport, delta: ChangesDelta): ChangesReport {
  const replaced = new Set([...delta.gone, ...delta.sessions.map(({ id }) => id)]);
  return {
    at: delta.at,
    sessions: [...sessions.filter(({ id }) => !replaced.has(id)), ...delta.sessions],
    overlaps: delta.overlaps ?? overlaps,
  };
}
