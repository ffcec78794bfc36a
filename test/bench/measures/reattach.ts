import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import {
  type DetachableContender,
  type DetachableSession,
  isDetachable,
  type Program,
  scrollback,
  terminalSize,
} from '../contenders/contender.ts';
import { type Figure, rowsOf } from '../figures.ts';
import { MarkWatcher } from '../markWatcher.ts';
import { sampleLines } from '../sampleText.ts';
import { percentile } from '../stats.ts';

const lastLine = 'last-line-of-the-screen';

/** The time from connecting a client to the last line of the first screen, with the scrollback full. */
export async function measureReattach(bench: Bench): Promise<Figure[]> {
  const rounds = bench.quick ? 8 : 25;
  const program = await fullTerminal(bench.folder);
  const sessions = new Map<DetachableContender, DetachableSession>();
  for (const contender of bench.contenders.filter(isDetachable)) {
    const session = await contender.create(program);
    await waitForContent(session);
    sessions.set(contender, session);
  }
  const times = new Map<string, number[]>([...sessions.keys()].map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [{ name }, session] of sessions) times.get(name)?.push(await attachOnce(session));
  }
  for (const session of sessions.values()) await session.end();
  const summarize = (all: readonly number[]) => [percentile(all, 0.5), percentile(all, 0.95), all[0] ?? Number.NaN];
  const title = `Reattach to ${scrollback} lines of scrollback, to the first full screen (${rounds} each)`;
  const columns = ['p50 ms', 'p95 ms', 'first ms'];
  return [{ id: 'reattach', title, columns, rows: rowsOf(times, summarize, bench.absent) }];
}

/** A program that fills screen and scrollback, then sits. */
export async function fullTerminal(folder: string): Promise<Program> {
  const file = join(folder, 'scrollback.txt');
  const text = sampleLines();
  const lines = Array.from({ length: scrollback + terminalSize.rows }, () => text.next().value as string);
  await writeFile(file, [...lines, lastLine].join('\n'));
  return { file: '/bin/sh', args: ['-c', `stty -echo; cat '${file}'; exec cat`] };
}

/** Watches through a client of its own, which is gone before the measurement begins. */
export async function waitForContent(session: DetachableSession): Promise<void> {
  await attachOnce(session);
}

async function attachOnce(session: DetachableSession): Promise<number> {
  const watcher = new MarkWatcher();
  const shown = watcher.next(lastLine);
  const start = performance.now();
  const client = await session.attach(watcher.feed);
  const time = (await shown) - start;
  await client.detach();
  return time;
}
