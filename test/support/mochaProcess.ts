import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { collectLeaks } from './leakCheck.ts';
import type { SuiteCounts } from './mochaRun.ts';
import { projectNode, repositoryRoot } from './paths.ts';
import { endGroup } from './processes.ts';
import type { TestRun } from './testRun.ts';

export interface MochaProcessOptions {
  readonly files: readonly string[];
  /** Milliseconds for one test. */
  readonly timeout: number;
  /** Only tests whose full title contains this. */
  readonly grep?: string | undefined;
  /** A file descriptor for all that the process prints. */
  readonly output: number | 'inherit';
  readonly color?: boolean;
  /** Ends the process, which counts as a failure. */
  readonly signal: AbortSignal;
}

/** What the process tells: first which traces it may leave, then what its tests came to. */
export interface MochaMessage {
  readonly run?: TestRun;
  readonly counts?: SuiteCounts;
}

export interface MochaOutcome {
  readonly counts: SuiteCounts;
  /** Why the process itself counts as a failure, in lines; empty where it ended as it should. */
  readonly complaints: readonly string[];
}

const nothing: SuiteCounts = { passed: 0, failed: 0, failures: [], skipped: [] };
const failure: SuiteCounts = { ...nothing, failed: 1 };

/**
 * Runs test files in a process of its own, which has to end by itself; a crash or a hang counts as one failure,
 * and what such a process has left is ended and removed.
 */
export async function runMochaProcess(options: MochaProcessOptions): Promise<MochaOutcome> {
  const { output, signal } = options;
  if (signal.aborted) return { counts: failure, complaints: [`It was not begun. ${signal.reason}`] };
  const main = join(repositoryRoot, 'test', 'support', 'mochaMain.ts');
  const child = spawn(projectNode, ['--enable-source-maps', main, ...mochaArguments(options)], {
    cwd: repositoryRoot,
    stdio: ['ignore', output, output, 'ipc'],
    detached: true,
  });
  let told: MochaMessage = {};
  child.on('message', (message: MochaMessage) => {
    told = { ...told, ...message };
  });
  let ending: Promise<void> | undefined;
  const end = () => {
    ending = endGroup(child);
  };
  signal.addEventListener('abort', end);
  // Unlike `exit`, it comes when all messages have.
  const [code, name] = await once(child, 'close');
  signal.removeEventListener('abort', end);
  await ending;
  if (told.counts && code === 0) return { counts: told.counts, complaints: [] };
  const reason = signal.aborted ? `${signal.reason}` : `It ended with ${code ?? name}.`;
  const { failed, ...counts } = told.counts ?? nothing;
  return { counts: { ...counts, failed: failed + 1 }, complaints: [reason, ...(await remains(told.run))] };
}

function mochaArguments({ files, timeout, grep, color }: MochaProcessOptions): string[] {
  // As one argument, since a title may begin with a dash.
  return [`--timeout=${timeout}`, ...(grep ? [`--grep=${grep}`] : []), ...(color ? ['--color'] : []), ...files];
}

async function remains(run: TestRun | undefined): Promise<string[]> {
  const leaks = run ? await collectLeaks(run, 0) : [];
  return leaks.map((leak) => `It left behind: ${leak}`);
}
