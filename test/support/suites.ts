import { existsSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { FileOrder } from './mochaFiles.ts';
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

/** Tests without a window mostly wait, so that a machine bears more of them than it has cores. */
const besideOthers = availableParallelism() + 2;

/**
 * How many processes, each of them for one file, run a suite at once; undefined where all its files run in one. A
 * window and its server keep a core busy.
 */
export function processesAtOnce(name: SuiteName): number | undefined {
  if (name === 'integration' || name === 'faults') return besideOthers;
  return name === 'ui' ? Math.max(1, availableParallelism()) : undefined;
}

/**
 * Files that measure time, processor time or memory, which tests beside them would change. Everything else must bear
 * others beside it: its folders, sockets and the mark of its processes belong to the run of its process alone.
 */
export const measuringFiles: readonly string[] = [
  'integration/hostCheckpoints.test.ts',
  'integration/hostExit.test.ts',
  'integration/hostFlow.test.ts',
  'faults/supervision/crashLoop.test.ts',
  'faults/supervision/limits.test.ts',
  'faults/supervision/manySessions.test.ts',
  'faults/supervision/output.test.ts',
  'ui/floods.test.ts',
];

/** The order in which the files of a suite run: those that are long, as far as their size tells, are not left to the end. */
export function fileOrder(name: SuiteName): FileOrder {
  const measuring = new Set(measuringFiles.map((file) => join(repositoryRoot, 'test', file)));
  const files = suiteFiles(name).toSorted((one, other) => statSync(other).size - statSync(one).size);
  return {
    together: files.filter((file) => !measuring.has(file)),
    alone: files.filter((file) => measuring.has(file)),
  };
}
