import type { Bench } from '../bench.ts';
import type { Contender, OpenSession, OutputListener } from '../contenders/contender.ts';
import { prompt } from '../environment.ts';
import { type Figure, holdfast, rowsOf } from '../figures.ts';
import { MarkWatcher } from '../markWatcher.ts';
import { median, percentile } from '../stats.ts';
import { shell } from './memory.ts';

/** The time from the command to the shell's first prompt at the client, with what is needed running already, and cold. */
export async function measurePrompt(bench: Bench): Promise<Figure[]> {
  const rounds = bench.quick ? 5 : 15;
  const coldRounds = bench.quick ? 2 : 5;
  const cold = `${holdfast}, helper not running`;
  const times = new Map<string, number[]>(bench.contenders.map(({ name }) => [name, []]));
  await bench.holdfast.helperPid();
  for (let round = 0; round < rounds; round++) {
    for (const contender of bench.contenders) times.get(contender.name)?.push(await firstPrompt(bench, contender));
  }
  times.set(cold, []);
  for (let round = 0; round < coldRounds; round++) {
    await bench.holdfast.stopHelper();
    times.get(cold)?.push(await firstPrompt(bench, bench.holdfast));
  }
  const summarize = (all: readonly number[]) => [median(all), percentile(all, 0.95)];
  const title = `From the command to the shell’s first prompt (${rounds} each, ${coldRounds} cold)`;
  return [{ id: 'prompt', title, columns: ['p50 ms', 'p95 ms'], rows: rowsOf(times, summarize, bench.absent) }];
}

async function firstPrompt(bench: Bench, contender: Contender): Promise<number> {
  const watcher = new MarkWatcher();
  const shown = watcher.next(prompt);
  const start = performance.now();
  const session = await openShell(bench, contender, watcher.feed);
  const time = (await shown) - start;
  await session.end();
  return time;
}

/** tmux creates and attaches with one command, so it is measured with one. */
async function openShell(bench: Bench, contender: Contender, onOutput: OutputListener): Promise<OpenSession> {
  return contender === bench.tmux ? bench.tmux.openAtOnce(shell, onOutput) : contender.open(shell, onOutput);
}
