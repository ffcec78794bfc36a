import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HelperLauncher } from '../../../src/client/helperLauncher.ts';
import { SessionManager } from '../../../src/client/sessionManager.ts';
import { defaultSettings } from '../../../src/core/supervisionPolicy.ts';
import { thisMachine } from '../../../src/node/places.ts';
import { findWorkplace, type GitRepository } from '../../../src/node/repository.ts';
import { NewWorktree } from '../../../src/node/worktree.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { commitManyFiles } from '../../integration/support/manyFiles.ts';
import { git, makeRepository } from '../../support/repository.ts';
import type { Bench } from '../bench.ts';
import { type Figure, holdfast } from '../figures.ts';
import { median } from '../stats.ts';

const fileCount = 50_000;

const bareAdd = 'git worktree add';

/** Milliseconds. */
interface Creation {
  whole: number;
  /** What git needed to check out the files. */
  checkout: number;
}

/**
 * A new session in a large repository, beside a bare `git worktree add -b`, in turns. Its process is not started, and no
 * ignored files are brought along. The disk makes one checkout differ from the next by more than Holdfast adds, so what
 * a creation does beside its own checkout comes first.
 */
export async function measureCreation(bench: Bench): Promise<Figure[]> {
  const rounds = bench.quick ? 3 : 9;
  const root = join(bench.folder, 'creation', 'repository');
  await mkdir(root, { recursive: true });
  await makeRepository(root);
  await commitManyFiles(root, fileCount);
  const manager = await openManager(bench, root);
  const times = { own: [] as Creation[], bare: [] as number[] };
  try {
    for (let round = 0; round < rounds; round++) {
      times.own.push(await timeCreation(manager));
      times.bare.push(await timeBare(root, round));
    }
  } finally {
    manager.dispose();
    await endHelper(manager);
  }
  const whole = times.own.map((time) => time.whole);
  const added = times.own.map((time) => time.whole - time.checkout);
  const more = whole.map((time, round) => time - (times.bare[round] as number));
  return [
    {
      id: 'creation',
      title: `A session's worktree of ${fileCount} files made, without its process (${rounds} times)`,
      columns: ['ms beside its checkout', 'ms in all', 'ms more than bare'],
      rows: [
        { who: holdfast, values: [median(added), median(whole), median(more)] },
        { who: bareAdd, values: [0, median(times.bare), 0] },
      ],
    },
  ];
}

async function openManager({ holdfast: { dist }, folder }: Bench, root: string): Promise<SessionManager> {
  const manager = new SessionManager({
    machine: thisMachine(),
    workplace: await findWorkplace(root),
    folder: root,
    dist,
    storage: join(folder, 'creation', 'storage'),
    client: { kind: 'test', pid: process.pid, version: '0.0.0' },
    settings: () => ({
      maxSessions: null,
      worktreesFolder: '.worktrees',
      worktree: { include: [] },
      scrollback: 1000,
      theme: 'dark',
      shell: '/bin/sh',
      surviveLogout: false,
      supervision: defaultSettings,
    }),
  });
  await manager.load();
  await manager.helper.connect();
  manager.helper.start = async ({ sessionId }): Promise<SessionRecord> => manager.require(sessionId);
  return manager;
}

async function endHelper({ options }: SessionManager): Promise<void> {
  const { machine, workplace, dist, client } = options;
  const helper = await new HelperLauncher({ machine, key: workplace.key, dist, client }).tryConnect();
  await helper?.shutdown();
}

async function timeCreation(manager: SessionManager): Promise<Creation> {
  const { checkOut } = NewWorktree.prototype;
  let checkout = 0;
  NewWorktree.prototype.checkOut = async function (...args) {
    checkout = await timed(() => checkOut.apply(this, args));
  };
  let made: SessionRecord | undefined;
  const onProgress = () => undefined;
  const whole = await timed(async () => {
    made = (await manager.create({ command: ['cat'] }, { onProgress })).record;
  });
  NewWorktree.prototype.checkOut = checkOut;
  const { root } = manager.options.workplace as GitRepository;
  if (made) await forget(manager, made);
  if (made) await git(root, 'worktree', 'remove', '-f', '-f', made.worktreePath);
  return { whole, checkout };
}

/** Its name and its place in the list are not kept for the next round. */
async function forget(manager: SessionManager, record: SessionRecord): Promise<void> {
  await manager.helper.delete(manager.require(record.id));
}

async function timeBare(root: string, round: number): Promise<number> {
  const folder = join(root, '.worktrees', `bare-${round}`);
  const time = await timed(() => git(root, 'worktree', 'add', '--quiet', '-b', `bare-${round}`, folder));
  await git(root, 'worktree', 'remove', '--force', folder);
  return time;
}

async function timed(task: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await task();
  return performance.now() - start;
}
