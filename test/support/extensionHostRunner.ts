import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { editorEnvironment } from './editorEnvironment.ts';
import { runOnDesktop } from './extensionHostOnDesktop.ts';
import { runOnServer } from './extensionHostOnServer.ts';
import { cleanUpWhenInterrupted, collectLeaks } from './leakCheck.ts';
import type { SuiteCounts } from './mochaRun.ts';
import { repositoryRoot } from './paths.ts';
import { makeRepository } from './repository.ts';
import { suiteFolder, suiteTimeouts } from './suites.ts';
import { beginTestRun, type TestRun } from './testRun.ts';

export interface ExtensionSuiteOptions {
  readonly files: readonly string[];
  readonly grep?: string | undefined;
  /** Milliseconds for the whole suite. */
  readonly deadline: number;
  /** The extension under development; this project's own unless a test of the harness says otherwise. */
  readonly extension?: string;
}

/** What an editor needs to know to run a suite in its extension host. */
export interface ExtensionHostJob {
  readonly extension: string;
  readonly suite: string;
  readonly workspace: string;
  readonly dataFolder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly deadline: number;
}

/** Runs test files in an extension host of the embedded server, or of desktop VS Code with HOLDFAST_EDITOR=desktop. */
export async function runExtensionSuite(options: ExtensionSuiteOptions): Promise<SuiteCounts> {
  const runEnvironment: NodeJS.ProcessEnv = {};
  const run = beginTestRun(runEnvironment);
  const dispose = cleanUpWhenInterrupted(run);
  try {
    const job = await prepareJob(run, { ...runEnvironment, ...(await editorEnvironment(run)) }, options);
    await (process.env.HOLDFAST_EDITOR === 'desktop' ? runOnDesktop(job) : runOnServer(job));
    return await withLeaks(await readCounts(run), run);
  } finally {
    dispose();
    await rm(run.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function prepareJob(
  run: TestRun,
  env: NodeJS.ProcessEnv,
  options: ExtensionSuiteOptions,
): Promise<ExtensionHostJob> {
  const output = join(suiteFolder('extension'), 'output');
  const suite = await bundle(options.files, output);
  const suiteEnvironment = {
    HOLDFAST_SUITE_FOLDER: output,
    HOLDFAST_SUITE_TIMEOUT: String(suiteTimeouts.extension),
    ...(options.grep ? { HOLDFAST_SUITE_GREP: options.grep } : {}),
  };
  return {
    extension: options.extension ?? repositoryRoot,
    suite,
    workspace: await makeRepository(join(run.folder, 'workspace')),
    dataFolder: join(run.folder, 'editor'),
    env: { ...env, ...suiteEnvironment },
    deadline: options.deadline,
  };
}

/** The Node.js inside desktop VS Code does not strip types; the output lies in the clone so as to find its packages. */
async function bundle(files: readonly string[], output: string): Promise<string> {
  await rm(output, { recursive: true, force: true });
  const suite = join(repositoryRoot, 'test', 'support', 'extensionSuite.ts');
  await build({
    entryPoints: [suite, ...files].map((file) => ({
      in: file,
      out: relative(join(repositoryRoot, 'test'), file).replace(/\.ts$/, ''),
    })),
    outdir: output,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    packages: 'external',
    alias: { mocha: 'mocha/lib/mocha.cjs' },
    logLevel: 'warning',
  });
  return join(output, 'support', 'extensionSuite.cjs');
}

async function readCounts(run: TestRun): Promise<SuiteCounts> {
  const file = join(run.folder, 'results.json');
  if (!existsSync(file)) throw new Error('The extension host ended before the tests did.');
  return JSON.parse(await readFile(file, 'utf8'));
}

async function withLeaks(counts: SuiteCounts, run: TestRun): Promise<SuiteCounts> {
  const leaks = await collectLeaks(run);
  if (leaks.length === 0) return counts;
  const complaint = `The tests left behind:\n${leaks.join('\n')}`;
  console.error(complaint);
  return { ...counts, failed: counts.failed + 1, failures: [...counts.failures, complaint] };
}
