import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { ResourceSampler, type SampledSession } from '../../../src/helper/resourceSampler.ts';
import { silentLog } from '../../../src/node/log.ts';
import { scanProcesses } from '../../../src/node/processScan.ts';
import { endGroup } from '../../support/processes.ts';
import { waitFor } from '../../support/waitFor.ts';
import type { Bench } from '../bench.ts';
import { type Figure, holdfast, type Row } from '../figures.ts';

const sessionCount = 100;

/** Between two ticks; milliseconds. */
const interval = 5_000;

/** What nobody can do without who looks at the processes. */
const bareRead = 'bare read of each stat';

/** What it costs the helper to tell what 100 idle sessions use: one look, their trees, their use and its history. */
export async function measureHealthTick(bench: Bench): Promise<Figure[]> {
  const shells = startSessions();
  try {
    const sessions = await findSessions(shells.pid as number);
    const { size } = await scanProcesses();
    const title = `CPU of one look at ${sessionCount} idle sessions each ${interval / 1000} s, ${size} processes in all`;
    return [
      { id: 'health-tick', title, columns: ['% of a core', 'ms a look'], rows: await takeTurns(bench, sessions) },
    ];
  } finally {
    await endGroup(shells);
  }
}

/** A shell for each session with a child of its own; they end by themselves should nobody be left to end them. */
function startSessions(): ChildProcess {
  const script = `n=0; while [ $n -lt ${sessionCount} ]; do (sleep 900 & wait) & n=$((n+1)); done; wait`;
  return spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' });
}

async function findSessions(parent: number): Promise<SampledSession[]> {
  const shells = await waitFor(
    async () => {
      const processes = [...(await scanProcesses()).values()];
      const parents = new Set(processes.map((one) => one.parent));
      return processes.filter((one) => one.parent === parent && parents.has(one.pid));
    },
    (found) => found.length === sessionCount,
    { what: 'all sessions and their children' },
  );
  return shells.map(({ pid, startTime }) => ({ id: `session ${pid}`, pid, startTime }));
}

/** The first looks are not counted: code that is not yet compiled is a matter of the helper's start. */
async function takeTurns(bench: Bench, sessions: readonly SampledSession[]): Promise<Row[]> {
  const rounds = bench.quick ? 50 : 300;
  const sampler = new ResourceSampler({ sessions: () => sessions, log: silentLog });
  const spent = { sampler: 0, bare: 0 };
  for (let round = -20; round < rounds; round++) {
    const look = await cpuOf(() => sampler.sample());
    const bare = await cpuOf(readEachStat);
    if (round < 0) continue;
    spent.sampler += look;
    spent.bare += bare;
  }
  const processes = sessions.reduce((sum, { id }) => sum + (sampler.use(id)?.processes ?? 0), 0);
  sampler.dispose();
  if (processes !== 2 * sessionCount) throw new Error(`Of ${2 * sessionCount} processes ${processes} were found`);
  const row = (who: string, ms: number): Row => ({ who, values: [(ms / interval) * 100, ms] });
  return [row(holdfast, spent.sampler / rounds), bareRow(row(bareRead, spent.bare / rounds))];
}

/** Milliseconds of this process's CPU time. */
async function cpuOf(task: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function bareRow(row: Row): Row {
  return process.platform === 'linux' ? row : { who: bareRead, values: 'only on Linux' };
}

function readEachStat(): void {
  if (process.platform !== 'linux') return;
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name)) readIfThere(`/proc/${name}/stat`);
  }
}

function readIfThere(file: string): void {
  try {
    readFileSync(file);
  } catch {
    // It has ended meanwhile.
  }
}
