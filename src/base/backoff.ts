/** Bounds of an exponential backoff, in milliseconds. */
export interface BackoffOptions {
  initial: number;
  max: number;
  /** How many times the pause before the next one may be, at most. */
  factor?: number;
  random?: () => number;
}

/**
 * The pause after one of `previous` milliseconds, with decorrelated jitter: drawn between `initial` and `factor` times
 * the one before, so that many waiters spread out instead of retrying in step. The first pause is `initial`.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function nextPause(previous: number | undefined, options: BackoffOptions): number {
  const { initial, max, factor = 3, random = Math.random } = options;
  if (previous === undefined) return Math.min(max, initial);
  return Math.min(max, initial + random() * Math.max(0, previous * factor - initial));
}

/** Endless pauses in milliseconds: see {@link nextPause}. */
export function* backoff(options: BackoffOptions): Generator<number, never> {
  let pause = nextPause(undefined, options);
  while (true) {
    yield pause;
    pause = nextPause(pause, options);
  }
}
