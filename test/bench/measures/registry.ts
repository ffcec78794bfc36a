import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordStore } from '../../../src/client/recordStore.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import type { Bench } from '../bench.ts';
import { type Figure, holdfast, type Row } from '../figures.ts';
import { manySessions, sessionCount } from '../manySessions.ts';
import { median, percentile } from '../stats.ts';

const key = '0123456789abcdef';

/** What nobody can do without: the same bytes written to a file of their own, synced and renamed, with its folder. */
const bareWrite = 'bare write, fsync, rename';
const bareRead = 'bare read, JSON.parse';

/** The session list of a window: to save it so that it lasts, and to read, verify and validate it. */
export async function measureRegistry(bench: Bench): Promise<Figure[]> {
  const rounds = bench.quick ? 20 : 100;
  const folder = join(bench.folder, 'registry');
  await mkdir(folder);
  const records = manySessions(folder);
  const store = storeOf(folder, records);
  await store.save();
  const bytes = await readFile(store.file);
  const times = { save: [] as number[], write: [] as number[], load: [] as number[], read: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    records[round] = { ...(records[round % sessionCount] as SessionRecord), revision: round };
    times.save.push(await timed(() => store.save()));
    times.write.push(await timed(() => writeBare(join(folder, 'bare.json'), bytes)));
    times.load.push(await timed(() => storeOf(folder, records).load()));
    times.read.push(await timed(async () => JSON.parse(await readFile(store.file, 'utf8'))));
  }
  return [
    figure('registry-save', `Session list of ${sessionCount} saved and synced (${rounds} times)`, [
      row(holdfast, times.save),
      row(bareWrite, times.write),
    ]),
    figure('registry-load', `The same list loaded: verified, validated (${rounds} times)`, [
      row(holdfast, times.load),
      row(bareRead, times.read),
    ]),
  ];
}

function figure(id: Figure['id'], title: string, rows: Row[]): Figure {
  return { id, title, columns: ['p50 ms', 'p95 ms'], rows };
}

function row(who: string, times: readonly number[]): Row {
  return { who, values: [median(times), percentile(times, 0.95)] };
}

async function timed(task: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await task();
  return performance.now() - start;
}

async function writeBare(file: string, bytes: Buffer): Promise<void> {
  const handle = await open(`${file}.new`, 'w');
  await handle.writeFile(bytes);
  await handle.sync();
  await handle.close();
  await rename(`${file}.new`, file);
  const folder = await open(join(file, '..'), 'r');
  await folder.sync();
  await folder.close();
}

function storeOf(folder: string, records: SessionRecord[]): RecordStore {
  return new RecordStore({ folder, key, root: folder, records: () => records });
}
