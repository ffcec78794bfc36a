import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import type { Contender, Program } from '../contenders/contender.ts';
import type { Figure } from '../figures.ts';
import { MarkWatcher } from '../markWatcher.ts';
import { writeSampleFile } from '../sampleText.ts';
import { median } from '../stats.ts';

const ready = 'bulk-is-ready';
const end = 'bulk-has-ended';
const megabyte = 1e6;

interface Flood {
  readonly rate: number;
  readonly received: number;
}

/** How fast much output passes, to the moment at which the client shows its end. */
export async function measureBulk(bench: Bench): Promise<Figure[]> {
  const rounds = bench.quick ? 2 : 3;
  const file = join(bench.folder, 'bulk.txt');
  const size = await writeSampleFile(file, bench.quick ? 20 * megabyte : 100 * megabyte);
  const floods = new Map<string, Flood[]>(bench.contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of bench.contenders) floods.get(contender.name)?.push(await flood(contender, file, size));
  }
  const rows = [...floods].map(([who, results]) => ({
    who,
    values: [median(results.map(({ rate }) => rate)), median(results.map(({ received }) => received))],
  }));
  const title = `Bulk output, ${Math.round(size / megabyte)} MB of text and colours (median of ${rounds})`;
  return [{ id: 'bulk', title, columns: ['MB/s', 'MB at client'], rows: [...rows, ...bench.absent] }];
}

async function flood(contender: Contender, file: string, size: number): Promise<Flood> {
  const watcher = new MarkWatcher();
  const session = await contender.open(floodProgram(file), watcher.feed);
  await watcher.next(ready);
  const before = watcher.received;
  const ended = watcher.next(end);
  const start = performance.now();
  session.client.write('\n');
  const seconds = ((await ended) - start) / 1000;
  const received = (watcher.received - before) / megabyte;
  await session.end();
  return { rate: size / megabyte / seconds, received };
}

function floodProgram(file: string): Program {
  const script = `stty -echo; printf ${ready}; read go; cat '${file}'; printf ${end}; exec cat`;
  return { file: '/bin/sh', args: ['-c', script] };
}
