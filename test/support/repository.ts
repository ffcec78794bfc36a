import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface RepositoryOptions {
  /** How many commits to make; with none the first branch is unborn. */
  readonly commits?: number;
  /** `detached` leaves HEAD on a commit instead of a branch. */
  readonly head?: 'branch' | 'detached';
  /** `none` leaves the repository without user.name and user.email, as on a new machine. */
  readonly identity?: 'test' | 'none';
}

/** Makes a git repository on branch `main` in an existing folder. */
export async function makeRepository(folder: string, options: RepositoryOptions = {}): Promise<string> {
  const { commits = 1, head = 'branch', identity = 'test' } = options;
  await mkdir(folder, { recursive: true });
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  if (identity === 'test') await setIdentity(folder);
  for (let number = 1; number <= commits; number += 1)
    await addCommit(folder, `file-${number}.txt`, `Commit ${number}`);
  if (head === 'detached') await git(folder, 'checkout', '--quiet', '--detach');
  return folder;
}

/** Runs git without the user's own configuration and returns what it printed. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: emptyFile, GIT_CONFIG_NOSYSTEM: '1' };
  const { stdout } = await promisify(execFile)('git', args, { cwd: folder, env });
  return stdout.trimEnd();
}

const emptyFile = process.platform === 'win32' ? 'NUL' : '/dev/null';

async function setIdentity(folder: string): Promise<void> {
  await git(folder, 'config', 'user.name', 'Test');
  await git(folder, 'config', 'user.email', 'test@example.invalid');
  await git(folder, 'config', 'commit.gpgsign', 'false');
}

async function addCommit(folder: string, file: string, message: string): Promise<void> {
  await writeFile(join(folder, file), `${message}\n`);
  await git(folder, 'add', file);
  const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid'];
  await git(folder, ...author, 'commit', '--quiet', '--no-gpg-sign', '-m', message);
}
