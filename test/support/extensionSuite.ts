import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';
import { runMocha } from './mochaRun.ts';
import { reportMark } from './reportMark.ts';
import { currentTestRun } from './testRun.ts';

/** VS Code calls this inside the extension host; the counts go to a file that the outer process reads. */
export async function run(): Promise<void> {
  const results = join(currentTestRun().folder, 'results.json');
  const folder = requiredVariable('HOLDFAST_SUITE_FOLDER');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.cjs'));
  markReport();
  const counts = await runMocha({
    files: files.sort().map((file) => join(folder, file)),
    timeout: Number(requiredVariable('HOLDFAST_SUITE_TIMEOUT')),
    grep: process.env.HOLDFAST_SUITE_GREP,
  });
  writeFileSync(results, JSON.stringify(counts));
}

/** Lets the outer process tell the report from everything else that the editor logs. */
function markReport(): void {
  const base = Mocha.reporters.Base as { consoleLog: typeof console.log };
  base.consoleLog = (...args) => {
    for (const line of format(...args).split('\n')) console.log(`${reportMark}${line}`);
  };
}

function requiredVariable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set.`);
  return value;
}
