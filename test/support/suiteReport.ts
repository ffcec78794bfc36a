import type { SuiteCounts } from './mochaRun.ts';

/**
 * A line for each suite, with what it skipped under it; what failed, since its own output may be far above; and last of
 * all the plain line `N passed, N failed`.
 */
export function suiteReport(suites: ReadonlyMap<string, SuiteCounts>): string {
  const blocks = [...suites].flatMap(([suite, counts]) => suiteLines(suite, counts));
  const failures = [...suites].flatMap(([suite, counts]) => counts.failures.map((text) => `\n${suite}: ${text}`));
  const failed = failures.length > 0 ? ['', 'Failed:', ...failures] : [];
  return ['Suites:', ...blocks, ...failed, '', summary(total(suites.values()))].join('\n');
}

/** What all of them came to. */
export function total(counts: Iterable<SuiteCounts>): SuiteCounts {
  const all = [...counts];
  return {
    passed: all.reduce((sum, { passed }) => sum + passed, 0),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    failures: all.flatMap(({ failures }) => failures),
    skipped: all.flatMap(({ skipped }) => skipped),
  };
}

function suiteLines(suite: string, counts: SuiteCounts): string[] {
  const { skipped } = counts;
  if (skipped.length === 0) return [`  ${suite}: ${summary(counts)}`];
  return [`  ${suite}: ${summary(counts)}, ${skipped.length} skipped:`, ...skipped.map((title) => `    - ${title}`)];
}

function summary({ passed, failed }: SuiteCounts): string {
  return `${passed} passed, ${failed} failed`;
}
