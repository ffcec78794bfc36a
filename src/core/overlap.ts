import type { MergeForecast, Overlap } from '../protocol/changes.ts';
import { foldersOf } from './watchedFolders.ts';

/** What two sessions can get into each other's way with. */
export interface SessionWork {
  id: string;
  /** Its worktree. */
  folder: string;
  /** A full hash; null before the first commit. */
  head: string | null;
  /** What is committed since the base, and what is not committed yet; relative to the worktree. */
  committed: ReadonlySet<string>;
  uncommitted: ReadonlySet<string>;
}

/** How many files of a pair are told. */
export const maxOverlapFiles = 50;

/** Two commits whose merge is asked about, the same for both orders of two sessions. */
export interface HeadPair {
  key: string;
  heads: [string, string];
  /** The worktree of one of them, whose attributes say how files are merged. */
  folder: string;
}

export type Forecasts = (pair: HeadPair) => MergeForecast | undefined;

interface Meeting {
  pair: [SessionWork, SessionWork];
  files: Set<string>;
  /** Both have committed changes to one file, or to a file and to what is below a folder of its name. */
  mayConflict: boolean;
}

/** The pairs of sessions that change the same files, and those of which it is known that they would conflict. */
export function findOverlaps(works: readonly SessionWork[], forecast: Forecasts): Overlap[] {
  const met = meetings(works);
  const seen = new Set(met.map(({ pair: [a, b] }) => pairKey(a, b)));
  const others = pairsOf(works).filter(([a, b]) => !seen.has(pairKey(a, b)));
  return [
    ...met.map((meeting) => overlapOf(meeting, forecast)),
    ...others.map((pair) => overlapOf({ pair, files: new Set(), mayConflict: false }, forecast)),
  ].filter(({ count, merge }) => count > 0 || merge.state === 'conflicts');
}

function overlapOf({ pair: [a, b], files, mayConflict }: Meeting, forecast: Forecasts): Overlap {
  const heads = headPair(a, b);
  const known = heads && forecast(heads);
  const sorted = [...files].sort();
  return {
    ids: [a.id, b.id],
    files: sorted.slice(0, maxOverlapFiles),
    count: sorted.length,
    merge: known ?? { state: heads && mayConflict ? 'pending' : 'clean' },
  };
}

/** The pairs of commits that are worth a look by themselves. */
export function pairsToCheck(works: readonly SessionWork[]): HeadPair[] {
  const conflicting = meetings(works).filter(({ mayConflict }) => mayConflict);
  return unique(conflicting.flatMap(({ pair: [a, b] }) => headPair(a, b) ?? []));
}

/** Every pair that has committed anything: also what renamed a folder can conflict with what the other added to it. */
export function allPairs(works: readonly SessionWork[]): HeadPair[] {
  const committed = works.filter((work) => work.committed.size > 0);
  return unique(pairsOf(committed).flatMap(([a, b]) => headPair(a, b) ?? []));
}

function headPair({ head: one, folder }: SessionWork, { head: other }: SessionWork): HeadPair | undefined {
  if (one === null || other === null || one === other) return undefined;
  const heads: [string, string] = one < other ? [one, other] : [other, one];
  return { key: heads.join(' '), heads, folder };
}

/** By what each file is changed, so that it costs as much as there are files, and not as there are pairs. */
function meetings(works: readonly SessionWork[]): Meeting[] {
  const found = new Map<string, Meeting>();
  const meet = (a: SessionWork, b: SessionWork): Meeting => {
    const key = pairKey(a, b);
    const meeting = found.get(key) ?? { pair: [a, b], files: new Set(), mayConflict: false };
    found.set(key, meeting);
    return meeting;
  };
  const committed = indexOf(works, (work) => work.committed);
  const all = indexOf(works, ({ committed: own, uncommitted }) => new Set([...own, ...uncommitted]));
  for (const [file, those] of all) for (const [a, b] of pairsOf(those)) meet(a, b).files.add(file);
  for (const [file, those] of committed) {
    for (const [a, b] of pairsOf(those)) meet(a, b).mayConflict = true;
    const above = foldersOf(file).flatMap((folder) => committed.get(folder) ?? []);
    for (const a of above) for (const b of those) if (a !== b) meet(...inOrder(works, a, b)).mayConflict = true;
  }
  return [...found.values()];
}

function indexOf(
  works: readonly SessionWork[],
  filesOf: (work: SessionWork) => ReadonlySet<string>,
): Map<string, SessionWork[]> {
  const index = new Map<string, SessionWork[]>();
  for (const work of works) {
    for (const file of filesOf(work)) {
      const those = index.get(file);
      if (those) those.push(work);
      else index.set(file, [work]);
    }
  }
  return index;
}

function inOrder(works: readonly SessionWork[], a: SessionWork, b: SessionWork): [SessionWork, SessionWork] {
  return works.indexOf(a) < works.indexOf(b) ? [a, b] : [b, a];
}

function pairKey(a: SessionWork, b: SessionWork): string {
  return `${a.id} ${b.id}`;
}

function pairsOf<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((one, index) => items.slice(index + 1).map((other): [T, T] => [one, other]));
}

function unique(pairs: readonly HeadPair[]): HeadPair[] {
  return [...new Map(pairs.map((pair) => [pair.key, pair])).values()];
}
