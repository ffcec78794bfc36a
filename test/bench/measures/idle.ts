import { delay, forEachAtMost } from '../../../src/base/async.ts';
import { processUse } from '../../support/processUse.ts';
import type { Bench } from '../bench.ts';
import type { HoldfastSession } from '../contenders/holdfastSessions.ts';
import { type Figure, holdfast, type Row } from '../figures.ts';
import { startIdleNode } from '../idleNode.ts';

const sessionCount = 100;

/** Hosts that are started at a time: each needs a core for a moment. */
const atOnce = 4;

/** Time for what follows a start to be over; milliseconds. */
const settle = 10_000;

/** The processor time of a helper whose sessions do nothing, and of a Node process that does nothing itself. */
export async function measureIdle(bench: Bench): Promise<Figure[]> {
  const seconds = bench.quick ? 20 : 60;
  const title = `Processor time over ${seconds} s with ${sessionCount} idle sessions`;
  const rows = process.platform === 'linux' ? await watchAll(bench, seconds) : [notHere];
  return [{ id: 'idle', title, columns: ['% of a core', 'ms in all'], rows }];
}

const notHere: Row = { who: holdfast, values: 'not measured on this platform' };

async function watchAll({ holdfast: own }: Bench, seconds: number): Promise<Row[]> {
  const sessions: HoldfastSession[] = [];
  const numbers = Array.from({ length: sessionCount }, (_, number) => number);
  const node = await startIdleNode();
  try {
    await forEachAtMost(atOnce, numbers, async () => {
      sessions.push(await own.create({ file: 'cat', args: [] }));
    });
    await delay(settle);
    return await watch([holdfast, 'idle node process'], [await own.helperPid(), node.pid], seconds);
  } finally {
    node.end();
    await forEachAtMost(atOnce, sessions, (session) => session.end());
  }
}

async function watch([helper, node]: [string, string], pids: [number, number], seconds: number): Promise<Row[]> {
  const spent = () => Promise.all(pids.map((pid) => processUse(pid).then(({ cpu }) => cpu)));
  const [before, startedAt] = [await spent(), performance.now()];
  await delay(seconds * 1_000);
  const [after, duration] = [await spent(), performance.now() - startedAt];
  return [helper, node].map((who, index) => {
    const ms = (after[index] ?? 0) - (before[index] ?? 0);
    return { who, values: [(ms / duration) * 100, ms] };
  });
}
