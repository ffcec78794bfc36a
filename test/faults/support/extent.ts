const isLong = process.env.HOLDFAST_FAULTS === 'long';

/** How many rounds a test runs: the first number, and the second where HOLDFAST_FAULTS is `long`. */
export function rounds(bounded: number, long: number): number {
  return isLong ? long : bounded;
}
