import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BringHome } from '../../../src/client/bringHome.ts';
import { findWorkplace, type GitRepository } from '../../../src/node/repository.ts';
import type { SessionEvent } from '../../../src/protocol/sessionEvent.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { git, makeRepository } from '../../support/repository.ts';
import { type TempDirs, tempDirs } from '../../support/tempDirs.ts';
import { aRecord } from '../../unit/records.ts';

/** Where the session of a scene has its worktree, and on which branch. */
export const branch = 'feature/login';

/** A repository with `main` checked out and a session’s worktree beside it; no helper runs. */
export class HomeScene {
  readonly root: string;
  readonly worktree: string;
  readonly record: SessionRecord;
  /** What the journal was told. */
  readonly events: SessionEvent[] = [];
  readonly dirs: TempDirs;
  /** Sessions beside that of the scene. */
  readonly others: SessionRecord[] = [];

  private constructor(root: string, dirs: TempDirs) {
    this.root = root;
    this.dirs = dirs;
    this.worktree = path.join(root, '.worktrees', 'login');
    this.record = aRecord({ name: 'login', branch, baseBranch: 'main', worktreePath: this.worktree, status: 'idle' });
  }

  /** @param name of the repository’s folder */
  static async make(dirs: TempDirs, name = 'project'): Promise<HomeScene> {
    const root = path.join(await dirs.make('home'), name);
    await mkdir(root);
    await makeRepository(root, { commits: 2 });
    const scene = new HomeScene(root, dirs);
    await writeFile(path.join(root, '.git', 'info', 'exclude'), '/.worktrees/\n*.log\n');
    await scene.git('worktree', 'add', '--quiet', '-b', branch, scene.worktree);
    return scene;
  }

  git(...args: string[]): Promise<string> {
    return git(this.root, ...args);
  }

  async home(): Promise<BringHome> {
    const sessions = () => [this.record, ...this.others];
    return new BringHome({ workplace: await this.repository(), sessions, note: (event) => this.events.push(event) });
  }

  async repository(): Promise<GitRepository> {
    return (await findWorkplace(this.root)) as GitRepository;
  }

  /** Writes files of a checkout and commits them; undefined removes one. */
  async commit(folder: string, files: Record<string, string | undefined>, message = 'Work'): Promise<string> {
    for (const [name, text] of Object.entries(files)) {
      if (text === undefined) await git(folder, 'rm', '--quiet', '--', name);
      else await write(folder, name, text);
    }
    await git(
      folder,
      'add',
      '--all',
      '--force',
      '--',
      ...Object.keys(files).filter((name) => files[name] !== undefined),
    );
    await git(folder, 'commit', '--quiet', '--no-verify', '-m', message);
    return git(folder, 'rev-parse', 'HEAD');
  }

  /** The hash that a ref or anything else stands for. */
  at(name: string): Promise<string> {
    return this.git('rev-parse', name);
  }

  /** The subjects of a branch’s commits, the newest first, each with how many parents it has. */
  async log(name = 'main'): Promise<string[]> {
    const text = await this.git('log', '--first-parent', '--format=%p %s', name);
    return text.split('\n').map((line) => {
      const [, parents = '', subject] = line.match(/^((?:[0-9a-f]{7,} )*) ?(.*)$/) ?? [];
      return `${parents.replace(/[0-9a-f]+ /g, '<')}${subject}`;
    });
  }

  write(name: string, text: string): Promise<void> {
    return write(this.root, name, text);
  }
}

/** A new scene for each test of the surrounding suite. */
export function useHomeScene(name?: string): () => HomeScene {
  const dirs = tempDirs();
  let scene: HomeScene | undefined;
  beforeEach(async () => {
    scene = await HomeScene.make(dirs, name);
  });
  afterEach(() => dirs.remove());
  return () => scene as HomeScene;
}

export async function write(folder: string, name: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
  await writeFile(path.join(folder, name), text);
}

/** Every byte of a checkout: its files, its index, what is checked out, and locks that were left. */
export async function bytesOf(folder: string): Promise<Record<string, string>> {
  const gitDir = await git(folder, 'rev-parse', '--absolute-git-dir');
  const own = ['HEAD', 'index', 'index.lock', 'HEAD.lock', 'MERGE_HEAD', 'AUTO_MERGE', 'MERGE_MSG'];
  const files: Record<string, string> = {};
  for (const name of own) files[`git/${name}`] = await contentOf(path.join(gitDir, name));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const relative = path.relative(folder, file);
    if (/^\.(git|worktrees)(\/|$)/.test(relative) || entry.isDirectory()) continue;
    files[relative] = entry.isSymbolicLink() ? await readlink(file) : await contentOf(file);
  }
  return files;
}

async function contentOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes === undefined ? 'none' : createHash('sha1').update(bytes).digest('hex');
}
