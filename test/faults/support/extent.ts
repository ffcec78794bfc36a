import { hasManyRounds } from '../../support/suites.ts';

/** How many rounds a test runs: the first number, and the second where HOLDFAST_FAULTS is `long`. */
export function rounds(bounded: number, long: number): number {
  return hasManyRounds ? long : bounded;
}
