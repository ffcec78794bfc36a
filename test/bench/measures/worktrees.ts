import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { delay } from '../../../src/base/async.ts';
import { Emitter } from '../../../src/base/event.ts';
import { newRecord } from '../../../src/core/sessionRecord.ts';
import { ChangesMonitor } from '../../../src/helper/changesMonitor.ts';
import { DiskQuestions } from '../../../src/helper/diskQuestions.ts';
import { PacedGit } from '../../../src/helper/pacedGit.ts';
import { silentLog } from '../../../src/node/log.ts';
import { findWorkplace } from '../../../src/node/repository.ts';
import type { RegistryChange } from '../../../src/protocol/helperRpc.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { git, makeRepository } from '../../support/repository.ts';
import type { Bench } from '../bench.ts';
import { type Figure, holdfast } from '../figures.ts';

const sessionCount = 20;
const fileCount = 2_000;

/** Longer than anything here takes; milliseconds. */
const patience = 120_000;

/** How often the helper asks the hosts what they have printed; milliseconds. */
const lookInterval = 5_000;

const bareStatus = 'git status, one after the other';

/** What it costs to know what was done in the sessions’ worktrees: once, while all of them work, and while none does. */
export async function measureWorktrees(bench: Bench): Promise<Figure[]> {
  const sessions = await makeSessions(bench.folder);
  const scene = await openMonitor(sessions);
  try {
    const refresh = await takeRefresh(scene);
    const busy = await takeBusy(scene, bench.quick ? 40_000 : 120_000);
    const idle = await takeIdle(scene, bench.quick ? 10_000 : 20_000);
    return [refresh, busy, idle];
  } finally {
    scene.monitor.dispose();
  }
}

async function makeSessions(folder: string): Promise<SessionRecord[]> {
  const root = await makeRepository(await mkdtemp(join(folder, 'worktrees-')));
  for (let index = 0; index < fileCount; index++) {
    const inner = join(root, `folder-${index % 50}`);
    await mkdir(inner, { recursive: true });
    await writeFile(join(inner, `file-${index}.txt`), `File ${index}\n`);
  }
  await git(root, 'add', '.');
  await git(root, 'commit', '--quiet', '-m', 'Many files');
  const baseCommit = await git(root, 'rev-parse', 'main');
  const sessions: SessionRecord[] = [];
  for (let index = 0; index < sessionCount; index++) {
    const [branch, worktreePath] = [`feature/session-${index}`, join(root, '.worktrees', `session-${index}`)];
    await git(root, 'worktree', 'add', '--quiet', '-b', branch, worktreePath);
    const id = `00000000-0000-4000-8000-0000000000${String(index).padStart(2, '0')}`;
    const record = { id, name: `session-${index}`, branch, baseBranch: 'main', baseCommit, worktreePath };
    sessions.push(newRecord({ ...record, command: null, now: new Date() }));
  }
  return sessions;
}

interface Scene {
  sessions: readonly SessionRecord[];
  monitor: ChangesMonitor;
  git: CountedGit;
  /** Whether all of them print something all the time. */
  prints: boolean;
}

async function openMonitor(sessions: SessionRecord[]): Promise<Scene> {
  const counted = new CountedGit();
  const scene = { sessions, git: counted, prints: false };
  const monitor = new ChangesMonitor({
    key: (await findWorkplace(sessions[0]?.worktreePath ?? '')).key,
    registry: {
      list: () => ({ sequence: 0, records: sessions }),
      get: (id) => sessions.find((one) => one.id === id),
      onChange: new Emitter<RegistryChange>().event,
    },
    questions: new DiskQuestions(silentLog),
    lastOutput: () => (opened.prints ? performance.now() : undefined),
    log: silentLog,
    git: counted,
  });
  const opened: Scene = { ...scene, monitor };
  monitor.setWatched(true);
  await monitor.settled(patience);
  // As many may begin at once as after a long rest.
  await delay(35_000);
  return opened;
}

async function takeRefresh({ sessions, monitor, git: counted }: Scene): Promise<Figure> {
  const edit = async () => {
    for (const { worktreePath } of sessions) await writeFile(join(worktreePath, 'new.txt'), `${Math.random()}\n`);
  };
  await edit();
  const bareSince = performance.now();
  for (const { worktreePath: cwd } of sessions)
    await promisify(execFile)('git', ['status', '--porcelain=v2', '--untracked-files=all', '-z'], { cwd });
  const bare = performance.now() - bareSince;
  const before = counted.count;
  const since = performance.now();
  monitor.refresh(sessions.map(({ id }) => id));
  await monitor.settled(patience);
  const rows = [
    { who: holdfast, values: [performance.now() - since, counted.count - before] },
    { who: bareStatus, values: [bare, sessionCount] },
  ];
  const title = `Status of ${sessionCount} worktrees of ${fileCount} files after a change in each`;
  return { id: 'worktree-refresh', title, columns: ['ms', 'git processes'], rows };
}

/** All of them print and edit all the time; what may begin at once after a rest is spent before. */
async function takeBusy(scene: Scene, duration: number): Promise<Figure> {
  scene.prints = true;
  await keepBusy(scene, 20_000);
  const before = scene.git.count;
  await keepBusy(scene, duration);
  scene.prints = false;
  const perSecond = (scene.git.count - before) / (duration / 1_000);
  const title = `${sessionCount} sessions that print and edit all the time, ${duration / 1_000} s`;
  return { id: 'worktree-busy', title, columns: ['git processes/s'], rows: [{ who: holdfast, values: [perSecond] }] };
}

async function keepBusy({ sessions, monitor }: Scene, duration: number): Promise<void> {
  const until = performance.now() + duration;
  for (let tick = 0; performance.now() < until; tick++) {
    for (const { worktreePath } of sessions) await writeFile(join(worktreePath, `file-${tick % 10}.txt`), `${tick}\n`);
    monitor.refresh(sessions.map(({ id }) => id));
    monitor.noteOutput();
    await delay(500);
  }
}

async function takeIdle({ monitor, git: counted }: Scene, duration: number): Promise<Figure> {
  await monitor.settled(patience);
  const before = counted.count;
  const cpu = process.cpuUsage();
  for (let passed = 0; passed < duration; passed += lookInterval) {
    monitor.noteOutput();
    await delay(lookInterval);
  }
  const { user, system } = process.cpuUsage(cpu);
  const values = [counted.count - before, ((user + system) / 1_000 / duration) * 100];
  const title = `${sessionCount} sessions that do nothing, ${duration / 1_000} s`;
  return { id: 'worktree-idle', title, columns: ['git processes', '% of a core'], rows: [{ who: holdfast, values }] };
}

class CountedGit extends PacedGit {
  count = 0;

  override run(args: readonly string[], cwd: string): Promise<string> {
    this.count++;
    return super.run(args, cwd);
  }

  override result(...args: Parameters<PacedGit['result']>): ReturnType<PacedGit['result']> {
    this.count++;
    return super.result(...args);
  }
}
