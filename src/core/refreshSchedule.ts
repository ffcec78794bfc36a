/**
 * Why a session is looked at: git's own files have changed; a file was saved; its base may have moved; something has
 * changed in its folders, which git may ignore; it has printed something; somebody wants to see it.
 */
export type RefreshReason = 'git' | 'files' | 'base' | 'disk' | 'output' | 'look';

/** What is to be done next: look at a session, or wait so many milliseconds; undefined where nothing is due. */
export type NextRefresh =
  | { kind: 'look'; id: string; reasons: ReadonlySet<RefreshReason> }
  | { kind: 'wait'; ms: number }
  | undefined;

/** What a look has found: whether it was worth it. */
export type RefreshResult = 'different' | 'same' | 'skipped';

/** What happens at once is seen in one look; milliseconds. */
const debounce = 300;

/** Between two looks at one session; milliseconds. A look that took long is followed by ten times as long a pause. */
const shortestPause = 1_000;
const pausePerTime = 10;
const longestPause = 10 * 60_000;

/** What may mean a change, and did not, is looked at less and less often, but so often; milliseconds. */
const firstPauses = { disk: 1_000, output: 2_000 } as const;
const longestVainPause = 30_000;
type Hint = keyof typeof firstPauses;

interface Entry {
  reasons: Set<RefreshReason>;
  /** When the first of the reasons came. */
  since: number;
  /** When the last look ended. */
  lookedAt: number;
  pause: number;
  /** Of the look that goes on, or was the last. */
  taken: ReadonlySet<RefreshReason>;
  /** Looks in a row that found nothing, by what they were for. */
  vain: Record<Hint, number>;
}

/**
 * Decides which session is looked at next: the one that was waiting longest since its last look, so that none that is
 * busy keeps the others from theirs. All times by a monotonic clock; milliseconds.
 */
export class RefreshSchedule {
  readonly #entries = new Map<string, Entry>();

  mark(id: string, reason: RefreshReason, now: number): void {
    const entry = this.#entries.get(id) ?? newEntry();
    if (entry.reasons.size === 0) entry.since = now;
    entry.reasons.add(reason);
    this.#entries.set(id, entry);
  }

  next(now: number): NextRefresh {
    const waiting = [...this.#entries].filter(([, entry]) => entry.reasons.size > 0);
    const due = waiting.filter(([, entry]) => dueAt(entry) <= now);
    const [id] = due.reduce<[string?, Entry?]>((first, one) => (isBefore(one[1], first[1]) ? one : first), []);
    if (id !== undefined) return { kind: 'look', id, reasons: this.#take(id) };
    if (waiting.length === 0) return undefined;
    return { kind: 'wait', ms: Math.max(1, Math.min(...waiting.map(([, entry]) => dueAt(entry))) - now) };
  }

  /** A look has ended, after `took` milliseconds. */
  done(id: string, result: RefreshResult, { now, took }: { now: number; took: number }): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.lookedAt = now;
    entry.vain = result === 'different' ? { disk: 0, output: 0 } : oneMore(entry);
    entry.pause = Math.min(longestPause, Math.max(shortestPause, took * pausePerTime));
  }

  /** Of the sessions that are not known any more. */
  forgetOthers(known: ReadonlySet<string>): void {
    for (const id of this.#entries.keys()) if (!known.has(id)) this.#entries.delete(id);
  }

  #take(id: string): ReadonlySet<RefreshReason> {
    const entry = this.#entries.get(id) as Entry;
    const { reasons } = entry;
    entry.reasons = new Set();
    entry.taken = reasons;
    return reasons;
  }
}

function newEntry(): Entry {
  const vain = { disk: 0, output: 0 };
  return { reasons: new Set(), since: 0, lookedAt: Number.NEGATIVE_INFINITY, pause: 0, taken: new Set(), vain };
}

/** A look for what has changed on disk says nothing about what comes of output, but where it was for both. */
function oneMore({ vain, taken }: Entry): Entry['vain'] {
  return { disk: vain.disk + (taken.has('disk') ? 1 : 0), output: vain.output + 1 };
}

function dueAt({ reasons, since, lookedAt, pause, vain }: Entry): number {
  const hint = hintIn(reasons);
  // Somebody waits for it, and nothing else is on its way.
  const isLookAlone = reasons.size === 1 && reasons.has('look');
  const quiet = hint ? Math.max(pause, Math.min(longestVainPause, firstPauses[hint] * 2 ** vain[hint])) : pause;
  return Math.max(since + (isLookAlone ? 0 : debounce), lookedAt + quiet);
}

/** Undefined where anything else is a reason, too. */
function hintIn(reasons: ReadonlySet<RefreshReason>): Hint | undefined {
  if ([...reasons].some((reason) => reason !== 'disk' && reason !== 'output')) return undefined;
  return reasons.has('disk') ? 'disk' : 'output';
}

function isBefore(one: Entry, other: Entry | undefined): boolean {
  if (other === undefined || one.lookedAt < other.lookedAt) return true;
  return one.lookedAt === other.lookedAt && one.since < other.since;
}
