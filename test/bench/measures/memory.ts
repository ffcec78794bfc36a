import { readFile } from 'node:fs/promises';
import { delay } from '../../../src/base/async.ts';
import type { Bench } from '../bench.ts';
import { type Contender, type OpenSession, type Program, scrollback } from '../contenders/contender.ts';
import { prompt } from '../environment.ts';
import { type Figure, holdfast, type Row } from '../figures.ts';
import { startIdleNode } from '../idleNode.ts';
import { MarkWatcher } from '../markWatcher.ts';
import { fullTerminal, waitForContent } from './reattach.ts';

/** Time for start-up work to settle before memory is read; milliseconds. */
const settle = 3_000;

export const shell: Program = { file: '/bin/sh', args: ['-i'] };

/** Memory that goes when the process goes: its private pages. */
export async function measureMemory(bench: Bench): Promise<Figure[]> {
  const title = `Unique memory after ${settle / 1000} s without work (Holdfast: one session host)`;
  const rows = process.platform === 'linux' ? await readAll(bench) : [notHere];
  return [{ id: 'memory', title, columns: ['MB'], rows }];
}

const notHere: Row = { who: holdfast, values: 'not measured on this platform' };

async function readAll(bench: Bench): Promise<Row[]> {
  const idle = await bench.holdfast.create(shell);
  const full = await bench.holdfast.create(await fullTerminal(bench.folder));
  await waitForContent(full);
  const tmuxSession = bench.tmux ? await openShell(bench.tmux) : undefined;
  const node = await startIdleNode();
  await delay(settle);
  const rows: Row[] = [
    { who: 'idle node process', values: [await uniqueMemory(node.pid)] },
    { who: holdfast, values: [await uniqueMemory(await idle.hostPid())] },
    { who: `${holdfast} host, ${scrollback} lines`, values: [await uniqueMemory(await full.hostPid())] },
    { who: `${holdfast} helper`, values: [await uniqueMemory(await bench.holdfast.helperPid())] },
    ...(bench.tmux ? [{ who: 'tmux', values: [await uniqueMemory(await bench.tmux.pid())] }] : bench.absent),
  ];
  node.end();
  await Promise.all([idle.end(), full.end(), tmuxSession?.end()]);
  return rows;
}

async function openShell(contender: Contender): Promise<OpenSession> {
  const watcher = new MarkWatcher();
  const session = await contender.open(shell, watcher.feed);
  await watcher.next(prompt);
  return session;
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_smaps.5.html */
async function uniqueMemory(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)].map(([, value]) => Number(value));
  return kilobytes.reduce((sum, value) => sum + value, 0) / 1024;
}
