import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './paths.ts';

/** Whether the tests of faults run many more rounds. */
export const hasManyRounds = process.env.HOLDFAST_FAULTS === 'long';

const minute = 60_000;

/** For how long they then go on killing at random moments. */
export const faultMinutes = Number(process.env.HOLDFAST_FAULTS_MINUTES) || 60;

/** How long one suite may take; milliseconds. */
export const suiteDeadline = hasManyRounds ? (60 + faultMinutes) * minute : 20 * minute;

/** The suites in the order they run, and the milliseconds that one test of each may take. */
export const suiteTimeouts = {
  unit: 5_000,
  integration: 60_000,
  faults: hasManyRounds ? 10 * minute : 2 * minute,
  extension: 60_000,
  ui: 180_000,
} as const;

export type SuiteName = keyof typeof suiteTimeouts;

export const suiteNames = Object.keys(suiteTimeouts) as SuiteName[];

export function isSuiteName(name: string): name is SuiteName {
  return name in suiteTimeouts;
}

export function suiteFolder(name: SuiteName): string {
  return join(repositoryRoot, 'test', name);
}

/** The test files of a suite, sorted; none where its folder is missing. */
export function suiteFiles(name: SuiteName): string[] {
  const folder = suiteFolder(name);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.test.ts'))
    .sort()
    .map((file) => join(folder, file));
}
