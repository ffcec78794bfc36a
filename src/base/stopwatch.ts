/** How much time has passed, in milliseconds. */
export interface Elapsed {
  /** By the clock that the user sees, which may be set, and goes on while the machine sleeps. */
  wall: number;
  /** By the one that only ever goes on. */
  monotonic: number;
}

/** Begins to measure by both clocks; the returned function tells how far they have come. */
export function startStopwatch(): () => Elapsed {
  const [wall, monotonic] = [Date.now(), performance.now()];
  return () => ({ wall: Date.now() - wall, monotonic: performance.now() - monotonic });
}
