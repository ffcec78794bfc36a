/** So many starts that failed for the machine’s own reasons, one after the other, stop all automatic ones. */
const failuresToOpen = 3;

/** Before the first attempt to find out whether the machine has recovered, and at most before any; milliseconds. */
const firstProbe = 30_000;
const maxProbe = 5 * 60_000;

/** Of what an error was caused by, so far is looked. */
const maxCauses = 5;

/**
 * Errors that say more about the machine than about the session that could not be started. The first that fits counts.
 * Others of a folder that cannot be written are of one session's alone: where it is that of all, no attempt can be
 * noted as made either, and so none is lost.
 *
 * @see node-pty's `src/unix/pty.cc`, which tells the system's errors in words, and of a fork none
 */
const systemFailures: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\bE[MN]FILE\b|: Too many open files|\bToo many files are open\b/, 'too many files are open'],
  [
    /\b(?:forkpty|openpty)\(3\) failed|\b(?:posix_openpt|grantpt|unlockpt|open slave pty) failed|\bENXIO\b/,
    'no further terminal can be opened',
  ],
  [/\bDISK_FULL\b|\bENOSPC\b|\bEDQUOT\b|: No space left on device/, 'the disk is full'],
  [/\bENOMEM\b|: Cannot allocate memory/, 'memory is used up'],
  [/\bEAGAIN\b|: Resource temporarily unavailable/, 'no further process can be started'],
  [/\bEROFS\b|\bon a read-only disk\b/, 'the folder of the sessions cannot be written'],
];

/** Why the machine kept a session from starting, as a part of a sentence; undefined where it is the session’s own. */
export function systemFailure(error: unknown): string | undefined {
  const text = chainOf(error).map(describe).join('\n');
  return systemFailures.find(([pattern]) => pattern.test(text))?.[1];
}

/** An error and what it was caused by: what the system said may be the last of them. */
function chainOf(error: unknown): { code?: unknown; message?: unknown }[] {
  const chain: object[] = [];
  for (let one = error; isObject(one) && chain.length < maxCauses; one = (one as Error).cause) chain.push(one);
  return chain;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function describe({ code = '', message = '' }: { code?: unknown; message?: unknown }): string {
  return `${code} ${message}`;
}

/** What users are told once the machine can start sessions again. */
export const startsReleased = 'Sessions are started again by themselves.';

export type BreakerState =
  | { kind: 'closed'; failures: number }
  /** Nothing is started by itself before `probeAt`; then one is, to see. */
  | { kind: 'open'; why: string; pause: number; probeAt: number; isProbing: boolean };

/**
 * Stops automatic restarts of all sessions while the machine cannot start any, so that they neither burn their
 * attempts nor make it worse. Times are milliseconds of a monotonic clock.
 */
export class CircuitBreaker {
  #state: BreakerState = { kind: 'closed', failures: 0 };

  get state(): BreakerState {
    return this.#state;
  }

  /** For how long the next automatic start has to wait; 0 where it need not. */
  wait(now: number): number {
    return this.#state.kind === 'closed' ? 0 : Math.max(0, this.#state.probeAt - now);
  }

  /** A start was tried as a probe: the others wait for what comes of it. */
  probing(now: number): void {
    if (this.#state.kind === 'open')
      this.#state = { ...this.#state, probeAt: now + this.#state.pause, isProbing: true };
  }

  /** Returns whether it has opened just now, which is worth telling once. */
  failed(why: string, now: number): boolean {
    if (this.#state.kind === 'open') {
      // What was under way when it opened tells nothing new.
      if (this.#state.isProbing) this.#open(why, Math.min(maxProbe, this.#state.pause * 2), now);
      return false;
    }
    const failures = this.#state.failures + 1;
    if (failures >= failuresToOpen) this.#open(why, firstProbe, now);
    else this.#state = { kind: 'closed', failures };
    return failures >= failuresToOpen;
  }

  /** Returns whether it has closed just now. */
  succeeded(): boolean {
    const wasOpen = this.#state.kind === 'open';
    this.#state = { kind: 'closed', failures: 0 };
    return wasOpen;
  }

  #open(why: string, pause: number, now: number): void {
    this.#state = { kind: 'open', why, pause, probeAt: now + pause, isProbing: false };
  }
}
