import type { ProcessFacts, ProcessScan } from './processFacts.ts';

/**
 * The milliseconds of CPU time that the processes of a tree spent between two looks at it, those included that began
 * and ended between them, where a parent was told what its ended children had spent.
 */
export function cpuSpent(before: ProcessScan, after: ProcessScan): number {
  const passedOn = timePassedOn(before, after);
  let spent = 0;
  for (const facts of after.values()) {
    const earlier = sameProcess(before.get(facts.pid), facts);
    const ofChildren = (facts.childCpu ?? 0) - (earlier?.childCpu ?? 0);
    spent += Math.max(0, facts.cpu - (earlier?.cpu ?? 0));
    // What ended children had spent by the last look was counted then.
    spent += Math.max(0, ofChildren - (passedOn.get(facts.pid) ?? 0));
  }
  return spent;
}

/** All that the processes of a tree have spent so far, as far as the living ones tell; milliseconds. */
export function cpuSoFar(processes: ProcessScan): number {
  return [...processes.values()].reduce((sum, { cpu, childCpu = 0 }) => sum + cpu + childCpu, 0);
}

/** What was known of processes that have ended, by the nearest process above them that lives. */
function timePassedOn(before: ProcessScan, after: ProcessScan): Map<number, number> {
  const passedOn = new Map<number, number>();
  for (const facts of before.values()) {
    if (lives(facts, after)) continue;
    const heir = livingAncestor(facts, before, after);
    if (heir !== undefined) passedOn.set(heir, (passedOn.get(heir) ?? 0) + facts.cpu + (facts.childCpu ?? 0));
  }
  return passedOn;
}

function livingAncestor(facts: ProcessFacts, before: ProcessScan, after: ProcessScan): number | undefined {
  let ancestor = before.get(facts.parent);
  for (let steps = before.size; ancestor && steps > 0 && !lives(ancestor, after); steps--) {
    ancestor = before.get(ancestor.parent);
  }
  return ancestor && lives(ancestor, after) ? ancestor.pid : undefined;
}

function lives(facts: ProcessFacts, after: ProcessScan): boolean {
  return sameProcess(after.get(facts.pid), facts) !== undefined;
}

function sameProcess(found: ProcessFacts | undefined, { startTime }: ProcessFacts): ProcessFacts | undefined {
  return found?.startTime === startTime ? found : undefined;
}
