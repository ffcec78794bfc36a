import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cleanUpWhenInterrupted, collectLeaks } from '../support/leakCheck.ts';
import { repositoryRoot } from '../support/paths.ts';
import { beginTestRun, type TestRun } from '../support/testRun.ts';
import { type Bench, openBench } from './bench.ts';
import type { Figure } from './figures.ts';
import { measureBulk } from './measures/bulk.ts';
import { measureCreation } from './measures/creation.ts';
import { measureDoctor } from './measures/doctor.ts';
import { measureEcho } from './measures/echo.ts';
import { measureHealthTick } from './measures/healthTick.ts';
import { measureHelperLoss } from './measures/helperLoss.ts';
import { measureHostLoss } from './measures/hostLoss.ts';
import { measureIdle } from './measures/idle.ts';
import { measureMemory } from './measures/memory.ts';
import { measurePrompt } from './measures/prompt.ts';
import { measureReattach } from './measures/reattach.ts';
import { measureRegistry } from './measures/registry.ts';
import { measureWorktrees } from './measures/worktrees.ts';
import { type BenchOptions, type MeasureName, measureNames, parseOptions, usage } from './options.ts';
import { describeSetting, jsonReport, textReport } from './report.ts';

const measures: Record<MeasureName, (bench: Bench) => Promise<Figure[]>> = {
  echo: measureEcho,
  bulk: measureBulk,
  reattach: measureReattach,
  memory: measureMemory,
  prompt: measurePrompt,
  helper: measureHelperLoss,
  host: measureHostLoss,
  registry: measureRegistry,
  doctor: measureDoctor,
  health: measureHealthTick,
  worktrees: measureWorktrees,
  idle: measureIdle,
  creation: measureCreation,
};

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(usage);
  else if (process.platform === 'win32')
    console.error('The benchmark needs a POSIX shell; it does not run on Windows.');
  else await runBench(options);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}

/** Whatever happens, nothing of the run stays: no process, no socket, no folder. */
async function runBench(options: BenchOptions): Promise<void> {
  const dist = join(repositoryRoot, 'dist');
  if (!existsSync(join(dist, 'host.cjs'))) throw new Error('The programs are not built: npm run bench builds them.');
  const run = beginTestRun();
  cleanUpWhenInterrupted(run);
  try {
    const compare = options.compare === undefined ? undefined : resolve(options.compare);
    const bench = await openBench({ run, quick: options.quick, dist, compare });
    const figures = await takeFigures(bench, options);
    await bench.close();
    const report = options.json ? jsonReport : textReport;
    console.log(report(describeSetting(bench.tmuxVersion, options.quick), figures));
  } finally {
    await removeTraces(run);
  }
}

async function takeFigures(bench: Bench, { only }: BenchOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const name of only.length > 0 ? only : measureNames) {
    console.error(`measuring ${name} …`);
    figures.push(...(await measures[name](bench)));
  }
  return figures;
}

async function removeTraces(run: TestRun): Promise<void> {
  const leaks = await collectLeaks(run, 2_000);
  for (const leak of leaks.filter((line) => !line.startsWith('temp folder')))
    console.error(`left behind, now ended: ${leak}`);
}
