/** Bounds of an exponential backoff, in milliseconds. */
export interface BackoffOptions {
  initial: number;
  max: number;
  random?: () => number;
}

/**
 * Endless delays in milliseconds with decorrelated jitter: each is drawn between `initial` and three times the
 * one before, so that many waiters spread out instead of retrying in step.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function* backoff({ initial, max, random = Math.random }: BackoffOptions): Generator<number, never> {
  let previous = initial;
  while (true) {
    yield previous;
    previous = Math.min(max, initial + random() * (previous * 3 - initial));
  }
}
