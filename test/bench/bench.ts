import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestRun } from '../support/testRun.ts';
import { barePty } from './contenders/barePty.ts';
import type { Contender } from './contenders/contender.ts';
import { HoldfastSessions } from './contenders/holdfastSessions.ts';
import { TmuxServer, tmuxVersion } from './contenders/tmuxServer.ts';
import { holdfast, type Row, tmux } from './figures.ts';

/** What every measurement works with. */
export interface Bench {
  readonly quick: boolean;
  /** For files of the run; goes with it. */
  readonly folder: string;
  readonly holdfast: HoldfastSessions;
  /** All that are measured, in the order in which they take turns. */
  readonly contenders: readonly Contender[];
  readonly tmux: TmuxServer | undefined;
  /** A row for each contender that cannot be measured here. */
  readonly absent: readonly Row[];
  readonly tmuxVersion: string | undefined;
  close(): Promise<void>;
}

export interface BenchSources {
  readonly run: TestRun;
  readonly quick: boolean;
  readonly dist: string;
  readonly compare: string | undefined;
}

export async function openBench({ run, quick, dist, compare }: BenchSources): Promise<Bench> {
  const folder = join(run.folder, 'temp', 'bench');
  await mkdir(folder, { recursive: true });
  const version = await tmuxVersion();
  const server = version === undefined ? undefined : new TmuxServer(folder);
  await server?.start();
  const own = new HoldfastSessions(holdfast, dist);
  const other = compare === undefined ? [] : [new HoldfastSessions(`${holdfast} (compared)`, compare)];
  const contenders = [barePty, own, ...other, ...(server ? [server] : [])];
  return {
    quick,
    folder,
    holdfast: own,
    contenders,
    tmux: server,
    absent: server ? [] : [{ who: tmux, values: 'absent: not installed' }],
    tmuxVersion: version,
    async close() {
      for (const contender of contenders) await contender.close();
    },
  };
}
