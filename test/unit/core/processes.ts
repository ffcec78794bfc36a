import type { ProcessFacts, ProcessScan } from '../../../src/core/processFacts.ts';

/** A process of which only what matters is said. */
export function aProcess(facts: Partial<ProcessFacts> & { pid: number }): ProcessFacts {
  return { parent: 1, startTime: `${facts.pid}`, rss: 0, cpu: 0, hasEnded: false, ...facts };
}

export function scanOf(...processes: (Partial<ProcessFacts> & { pid: number })[]): ProcessScan {
  return new Map(processes.map((facts) => [facts.pid, aProcess(facts)]));
}
