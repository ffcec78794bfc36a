import { complaintLines, withComplaints } from './fileReport.ts';
import { runMochaFiles } from './mochaFiles.ts';
import { type MochaProcessOptions, runMochaProcess } from './mochaProcess.ts';
import type { SuiteCounts } from './mochaRun.ts';
import { fileOrder, processesAtOnce, type SuiteName, suiteFiles, suiteTimeouts } from './suites.ts';

export interface MochaSuiteOptions {
  /** Only tests whose full title contains this. */
  readonly grep: string | undefined;
  /** How many processes of tests there are at once; as many as suit the suite if left out. */
  readonly processes?: number;
  /** Milliseconds for the whole suite; what has not ended by then is ended, and counts as a failure. */
  readonly deadline: number;
}

const interruptions = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs a suite in processes of its own: one for each file where that suits its tests, but one alone for a few titles. */
export async function runMochaSuite(suite: SuiteName, options: MochaSuiteOptions): Promise<SuiteCounts> {
  const { grep, deadline, processes = processesAtOnce(suite) } = options;
  const [interrupted, late] = [new AbortController(), new AbortController()];
  const interrupt = () => interrupted.abort('The tests were interrupted.');
  for (const name of interruptions) process.on(name, interrupt);
  const timer = setTimeout(() => late.abort(`The suite took more than ${deadline / 60_000} minutes.`), deadline);
  const signal = AbortSignal.any([interrupted.signal, late.signal]);
  const common = { timeout: suiteTimeouts[suite], color: process.stdout.isTTY ?? false, signal };
  const print = (text: string) => interrupted.signal.aborted || process.stdout.write(text);
  try {
    if (grep || !processes) return await inOneProcess(suite, { ...common, grep });
    return await runMochaFiles(fileOrder(suite), { ...common, processes, print });
  } finally {
    clearTimeout(timer);
    for (const name of interruptions) process.off(name, interrupt);
    if (interrupted.signal.aborted) process.exit(130);
  }
}

async function inOneProcess(
  suite: SuiteName,
  options: Omit<MochaProcessOptions, 'files' | 'output'>,
): Promise<SuiteCounts> {
  const { counts, complaints } = await runMochaProcess({ ...options, files: suiteFiles(suite), output: 'inherit' });
  const lines = complaintLines(`the ${suite} suite`, complaints);
  for (const line of lines) console.error(line);
  return withComplaints(counts, lines);
}
