import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { exists } from './exists.ts';
import { git } from './git.ts';
import type { GitRepository } from './repository.ts';

/** What git notes in a checkout’s git folder while it is in the middle of something. */
const marks: readonly [mark: string, operation: string][] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
  ['BISECT_LOG', 'bisect'],
];

/** “rebase”, “merge” and the like: what is under way in the checkout that has this git folder. */
export async function operationIn(gitDir: string): Promise<string | undefined> {
  for (const [mark, operation] of marks) if (await exists(path.join(gitDir, mark))) return operation;
  return undefined;
}

/** Of the checkout whose top is `folder`. */
export async function gitDirOf(folder: string): Promise<string> {
  const text = await git(['rev-parse', '--absolute-git-dir'], { cwd: folder });
  return path.normalize(text.replace(/\r?\n$/, ''));
}

/** @throws {HoldfastError} `OPERATION_IN_PROGRESS` */
export async function requireNoOperation(folder: string): Promise<void> {
  const operation = await operationIn(await gitDirOf(folder));
  if (operation !== undefined) throw operationInProgress(operation, folder);
}

export function operationInProgress(operation: string, folder: string): HoldfastError {
  const article = /^[aeiou]/.test(operation) ? 'An' : 'A';
  return new HoldfastError('OPERATION_IN_PROGRESS', `${article} ${operation} is in progress in ${folder}.`, {
    advice: `Finish or abort it there (“git ${operation} ${operation === 'bisect' ? 'reset' : '--abort'}”), then try again.`,
    data: { folder, operation },
  });
}

/**
 * A checkout that will move the branch when what it is in the middle of ends, although another commit is checked out
 * there until then.
 */
export async function operationOn(
  { commonDir, root }: Pick<GitRepository, 'commonDir' | 'root'>,
  branch: string,
): Promise<{ operation: string; folder: string } | undefined> {
  const linked = path.join(commonDir, 'worktrees');
  const names = await readdir(linked).catch(() => []);
  for (const gitDir of [commonDir, ...names.map((name) => path.join(linked, name))]) {
    const operation = await operationMoving(gitDir, branch);
    if (operation !== undefined) return { operation, folder: (await linkedCheckout(gitDir)) ?? root };
  }
  return undefined;
}

/** @see https://github.com/git/git/blob/master/branch.c `prepare_checked_out_branches` */
async function operationMoving(gitDir: string, branch: string): Promise<string | undefined> {
  const read = (...parts: string[]) => readFile(path.join(gitDir, ...parts), 'utf8').catch(() => '');
  const ref = `refs/heads/${branch}`;
  for (const folder of ['rebase-merge', 'rebase-apply'])
    if ((await read(folder, 'head-name')).trimEnd() === ref) return 'rebase';
  if ((await read('rebase-merge', 'update-refs')).split('\n').includes(ref)) return 'rebase';
  return (await read('BISECT_START')).trimEnd() === branch ? 'bisect' : undefined;
}

async function linkedCheckout(gitDir: string): Promise<string | undefined> {
  const link = await readFile(path.join(gitDir, 'gitdir'), 'utf8').catch(() => undefined);
  return link === undefined ? undefined : path.dirname(link.trimEnd());
}
