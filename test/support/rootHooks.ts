import { rmSync } from 'node:fs';
import { cleanUpWhenInterrupted, collectLeaks, leakCheckGap } from './leakCheck.ts';
import { beginTestRun } from './testRun.ts';

// Set before any test file is loaded, so that nothing reads the user's own folders.
const run = beginTestRun();
cleanUpWhenInterrupted(run);
// Without a single test mocha calls no hook.
process.once('exit', () => rmSync(run.folder, { recursive: true, force: true }));

/** Loaded by mocha around every run: fails it when something is left behind. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(30_000);
    const gap = leakCheckGap();
    if (gap) console.log(gap);
    const leaks = await collectLeaks(run);
    if (leaks.length > 0) throw new Error(`The tests left behind:\n${leaks.join('\n')}`);
  },
};
