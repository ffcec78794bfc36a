import type { MochaOutcome } from './mochaProcess.ts';
import type { SuiteCounts } from './mochaRun.ts';

/** What became of a file of tests that ran in a process of its own. */
export interface FileResult extends MochaOutcome {
  /** Its path in the folder of all tests. */
  readonly name: string;
  readonly seconds: number;
  /** All that its process has printed. */
  readonly output: string;
}

export function fileReport({ name, seconds, output, complaints }: FileResult): string {
  const lines = [`-- ${name}, ${seconds.toFixed(1)} s --`, output.trimEnd(), ...complaintLines(name, complaints)];
  return `\n${lines.join('\n')}\n`;
}

/** Why a process itself counts as a failure. */
export function complaintLines(name: string, complaints: readonly string[]): string[] {
  return complaints.length === 0 ? [] : [`The process of ${name} failed:`, ...complaints.map((line) => `  ${line}`)];
}

/** The counts of a process with why it failed itself among the failures. */
export function withComplaints(counts: SuiteCounts, lines: readonly string[]): SuiteCounts {
  return lines.length === 0 ? counts : { ...counts, failures: [...counts.failures, lines.join('\n')] };
}

/** Names the files in which to look for failures, the last of many having been printed long ago; empty if there is none. */
export function failedFiles(results: readonly FileResult[]): string {
  const failed = results.filter(({ counts }) => counts.failed > 0);
  if (failed.length === 0) return '';
  return `\nFailed:\n${failed.map(({ name, counts }) => `  ${name}: ${counts.failed}\n`).join('')}`;
}
