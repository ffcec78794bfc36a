import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { forEachAtMost } from '../../src/base/async.ts';
import { complaintLines, type FileResult, failedFiles, fileReport, withComplaints } from './fileReport.ts';
import { type MochaProcessOptions, runMochaProcess } from './mochaProcess.ts';
import type { SuiteCounts } from './mochaRun.ts';
import { repositoryRoot } from './paths.ts';
import { total } from './suiteReport.ts';

export interface FileOrder {
  /** Side by side, begun in this order. */
  readonly together: readonly string[];
  /** After these, one by one. */
  readonly alone: readonly string[];
}

export interface MochaFilesOptions extends Omit<MochaProcessOptions, 'files' | 'output'> {
  /** How many processes there are at once. */
  readonly processes: number;
  readonly print: (text: string) => void;
}

/** Runs each file in a process of its own; prints all that a file has printed once it has ended. */
export async function runMochaFiles(
  { together, alone }: FileOrder,
  { processes, print, ...options }: MochaFilesOptions,
): Promise<SuiteCounts> {
  const outputs = await mkdtemp(join(tmpdir(), 'hf-output-'));
  const results: FileResult[] = [];
  const run = async (file: string) => {
    const result = await runFile(file, outputs, options);
    results.push(result);
    print(fileReport(result));
  };
  try {
    await forEachAtMost(processes, together, run);
    await forEachAtMost(1, alone, run);
  } finally {
    await rm(outputs, { recursive: true, force: true });
  }
  print(failedFiles(results));
  return total(results.map(({ name, counts, complaints }) => withComplaints(counts, complaintLines(name, complaints))));
}

/** The output goes to a file, since a process that was left behind would keep a pipe open. */
async function runFile(
  file: string,
  outputs: string,
  options: Omit<MochaProcessOptions, 'files' | 'output'>,
): Promise<FileResult> {
  const name = relative(join(repositoryRoot, 'test'), file).replaceAll(sep, '/');
  const outputFile = join(outputs, name.replaceAll('/', '-'));
  const output = await open(outputFile, 'w');
  const began = performance.now();
  try {
    const outcome = await runMochaProcess({ ...options, files: [file], output: output.fd });
    const seconds = (performance.now() - began) / 1_000;
    return { ...outcome, name, seconds, output: await readFile(outputFile, 'utf8') };
  } finally {
    await output.close();
  }
}
