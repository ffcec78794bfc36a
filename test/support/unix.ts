import type { AsyncFunc, Suite } from 'mocha';

const isWindows = process.platform === 'win32';
const reason = '(needs Unix shells or signals)';

/** A suite that types into Unix shells or stops processes with Unix signals; skipped on Windows, and its title says why. */
export function describeOnUnix(title: string, define: (this: Suite) => void): void {
  if (isWindows) describe.skip(`${title} ${reason}`, define);
  else describe(title, define);
}

/** The same for a single test. */
export function itOnUnix(title: string, test: AsyncFunc): void {
  if (isWindows) it.skip(`${title} ${reason}`, test);
  else it(title, test);
}
