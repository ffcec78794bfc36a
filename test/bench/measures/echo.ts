import { delay } from '../../../src/base/async.ts';
import type { Bench } from '../bench.ts';
import type { Contender, OpenSession, Program } from '../contenders/contender.ts';
import { type Figure, rowsOf } from '../figures.ts';
import { MarkWatcher } from '../markWatcher.ts';
import { percentile, seededRandom } from '../stats.ts';

const ready = 'echo-is-ready';

/** Gives back every byte as it comes. */
const echoProgram: Program = {
  file: '/bin/sh',
  args: ['-c', `stty raw -echo; printf ${ready}; exec cat`],
};

/** Letters that end none of the control sequences with which a terminal client may answer. */
const keys = 'wyzv';

const blockSize = 50;

interface Typist {
  readonly contender: Contender;
  readonly session: OpenSession;
  readonly watcher: MarkWatcher;
}

/** The time from a key to its echo at the client: once as a person types, once as fast as the echo allows. */
export async function measureEcho(bench: Bench): Promise<Figure[]> {
  const blocks = bench.quick ? 6 : 24;
  const typists: Typist[] = [];
  for (const contender of bench.contenders) typists.push(await openTypist(contender));
  const random = seededRandom(1);
  const pause = () => delay(2 + random() * 6);
  const noPause = async () => undefined;
  for (const typist of typists) await typeBlock(typist, noPause);
  const typing = await takeTurns(typists, blocks, pause);
  const burst = await takeTurns(typists, blocks, noPause);
  for (const { session } of typists) await session.end();
  return [
    echoFigure('echo-typing', `Echo of a key, typed with pauses (${blocks * blockSize} keys each)`, typing, bench),
    echoFigure('echo-burst', `Echo of a key, typed back to back (${blocks * blockSize} keys each)`, burst, bench),
  ];
}

async function openTypist(contender: Contender): Promise<Typist> {
  const watcher = new MarkWatcher();
  const session = await contender.open(echoProgram, watcher.feed);
  await watcher.next(ready);
  return { contender, session, watcher };
}

async function takeTurns(
  typists: readonly Typist[],
  blocks: number,
  pause: () => Promise<void>,
): Promise<Map<string, number[]>> {
  const samples = new Map<string, number[]>(typists.map(({ contender }) => [contender.name, []]));
  for (let block = 0; block < blocks; block++) {
    for (const typist of typists) samples.get(typist.contender.name)?.push(...(await typeBlock(typist, pause)));
  }
  return samples;
}

async function typeBlock({ session, watcher }: Typist, pause: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < blockSize; i++) {
    await pause();
    const key = keys[i % keys.length] as string;
    const echo = watcher.next(key);
    const start = performance.now();
    session.client.write(key);
    times.push((await echo) - start);
  }
  return times;
}

function echoFigure(id: Figure['id'], title: string, samples: Map<string, number[]>, { absent }: Bench): Figure {
  const summarize = (times: readonly number[]) => [0.5, 0.95, 0.99].map((share) => percentile(times, share));
  return { id, title, columns: ['p50 ms', 'p95 ms', 'p99 ms'], rows: rowsOf(samples, summarize, absent) };
}
