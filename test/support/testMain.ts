import { parseArgs } from 'node:util';
import { runExtensionSuite } from './extensionHostRunner.ts';
import type { SuiteCounts } from './mochaRun.ts';
import { runMochaSuite } from './mochaSuite.ts';
import { suiteReport, total } from './suiteReport.ts';
import { isSuiteName, type SuiteName, suiteDeadline, suiteFiles, suiteFolder, suiteNames } from './suites.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    grep: { type: 'string' },
    /** How many processes of tests there are at once, where a suite runs in several. */
    processes: { type: 'string' },
    /** Known by then: see test.mjs. */
    long: { type: 'boolean', default: false },
    /** A check that ran before and failed, so that the closing line tells of it too. */
    failed: { type: 'string', multiple: true, default: [] },
  },
});
const unknown = positionals.filter((name) => !isSuiteName(name));
if (unknown.length > 0) {
  console.error(`No suite is called ${unknown.join(', ')}; there are ${suiteNames.join(', ')}.`);
  process.exit(1);
}
const requested = positionals.length > 0 ? positionals.filter(isSuiteName) : suiteNames;

const failure: SuiteCounts = { passed: 0, failed: 1, failures: [], skipped: [] };

const results = new Map<string, SuiteCounts>(values.failed.map((name) => [name, failure]));
for (const suite of requested) {
  console.log(`\n== ${suite} ==`);
  results.set(suite, await runSuite(suite));
}
console.log(`\n${suiteReport(results)}`);
process.exitCode = total(results.values()).failed > 0 ? 1 : 0;

async function runSuite(suite: SuiteName): Promise<SuiteCounts> {
  try {
    const counts = suite === 'extension' ? await extension() : await mocha(suite);
    if (counts.passed + counts.failed > 0) return counts;
    console.error(`No test ran in ${suiteFolder(suite)}.`);
  } catch (error) {
    console.error(error);
  }
  return failure;
}

function mocha(suite: SuiteName): Promise<SuiteCounts> {
  const { grep, processes } = values;
  const limit = processes === undefined ? {} : { processes: Number(processes) };
  return runMochaSuite(suite, { grep, deadline: suiteDeadline, ...limit });
}

function extension(): Promise<SuiteCounts> {
  return runExtensionSuite({ files: suiteFiles('extension'), grep: values.grep, deadline: suiteDeadline });
}
