import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { hookEnvironment } from '../core/hookEnvironment.ts';
import { tidyMessage } from '../core/mergeMessage.ts';
import { countUncommitted, parseUncommitted, type UncommittedFiles } from '../core/worktreeStatus.ts';
import { branchIn } from './branchTip.ts';
import { git, gitMessage } from './git.ts';
import { requireNoOperation } from './gitOperation.ts';
import { inUtf8, requireIdentity } from './mergeCommits.ts';
import { pausePoint } from './pausePoint.ts';
import { whileLocked } from './whileLocked.ts';
import { treeTimeout } from './worktreeRemoval.ts';

export interface CommittedAll {
  branch: string;
  /** Full hash. */
  commit: string;
  /** How many files the commit changes. */
  files: number;
}

/** What is not committed in the checkout whose top is `folder`. @throws {HoldfastError} `GIT_FAILED` */
export async function readUncommitted(folder: string): Promise<UncommittedFiles> {
  const args = ['status', '--porcelain=v2', '-z', '--untracked-files=all', '--no-renames', '--ignore-submodules=none'];
  return parseUncommitted(await git(args, { cwd: folder, timeout: treeTimeout }));
}

/**
 * Commits all that is changed, deleted or untracked in a checkout, with the user’s hooks. Where that fails the files
 * are as they were, and may be staged.
 *
 * @throws {HoldfastError} `NOTHING_TO_COMMIT`, `DETACHED_HEAD`, `OPERATION_IN_PROGRESS`, `MERGE_CONFLICT`,
 *   `LOCAL_CHANGES` in submodules and nested repositories, `NO_IDENTITY`, `LOCKED`, `HOOK_FAILED` with `data.output`,
 *   `CANCELLED`, `GIT_FAILED`
 */
export async function commitAll(folder: string, message: string, signal?: AbortSignal): Promise<CommittedAll> {
  if (!message.trim()) throw new HoldfastError('INVALID_ARGUMENT', 'A commit needs a message. Nothing was changed.');
  const branch = await requireCommittable(folder);
  await requireIdentity(folder);
  const run = { cwd: folder, timeout: treeTimeout, env: hookEnvironment(process.env), ...(signal ? { signal } : {}) };
  await whileLocked(() => git(['add', '--all'], run));
  await pausePoint('commit-staged');
  const commit = () => git([...inUtf8, 'commit', '--quiet', '-m', tidyMessage(message)], run);
  await whileLocked(commit).catch(async (error) => {
    throw await explainCommit(folder, error);
  });
  return { branch, ...(await describeHead(folder)) };
}

async function requireCommittable(folder: string): Promise<string> {
  const files = await readUncommitted(folder);
  if (files.conflicts.length > 0) throw unresolved(folder, files.conflicts);
  await requireNoOperation(folder);
  const branch = await branchIn(folder);
  if (branch === undefined) throw detached(folder);
  if (files.submodules.length > 0) throw ofTheirOwn(folder, 'submodule', files.submodules);
  if (files.nested.length > 0) throw ofTheirOwn(folder, 'repository', files.nested);
  if (countUncommitted(files) === 0) throw nothingToCommit(folder);
  return branch;
}

async function describeHead(folder: string): Promise<{ commit: string; files: number }> {
  const commit = (await git(['rev-parse', 'HEAD'], { cwd: folder })).trim();
  const args = ['diff-tree', '-r', '-z', '--root', '--no-commit-id', '--name-only', '--no-renames', commit];
  return { commit, files: (await git(args, { cwd: folder })).split('\0').filter(Boolean).length };
}

async function explainCommit(folder: string, error: unknown): Promise<unknown> {
  if (!(error instanceof HoldfastError) || error.code !== 'GIT_FAILED') return error;
  const output = [String(error.data.stdout ?? ''), gitMessage(error)].join('\n').trim();
  if (/gpg failed to sign|failed to write commit object/.test(output) || !(await hasHook(folder))) return error;
  const told = output.split('\n').at(-1);
  return new HoldfastError('HOOK_FAILED', `A hook did not let the commit be made${told ? `: ${told}` : ''}.`, {
    advice: 'Nothing was committed; all changes are staged. Put right what it tells of and try again.',
    data: { folder, output },
    cause: error,
  });
}

/** Git itself says nothing where a hook has refused. */
async function hasHook(folder: string): Promise<boolean> {
  const hooks = (await git(['rev-parse', '--path-format=absolute', '--git-path', 'hooks'], { cwd: folder })).trim();
  for (const name of ['pre-commit', 'prepare-commit-msg', 'commit-msg']) {
    const isThere = await access(path.join(hooks, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return true;
  }
  return false;
}

function unresolved(folder: string, files: readonly string[]): HoldfastError {
  return new HoldfastError('MERGE_CONFLICT', `There are unresolved conflicts in ${folder}: ${files.join(', ')}.`, {
    advice: 'Resolve them there first. Nothing was changed.',
    data: { folder, files: [...files] },
  });
}

function detached(folder: string): HoldfastError {
  return new HoldfastError('DETACHED_HEAD', `No branch is checked out in ${folder}, so a commit could get lost.`, {
    advice: 'Check out a branch there first. Nothing was changed.',
    data: { folder },
  });
}

function ofTheirOwn(folder: string, kind: 'submodule' | 'repository', names: readonly string[]): HoldfastError {
  const what = kind === 'submodule' ? 'The submodule' : 'The folder';
  const why = kind === 'submodule' ? 'has changes of its own' : 'is a repository of its own';
  return new HoldfastError('LOCAL_CHANGES', `${what} ${names.join(', ')} ${why}, which a commit here cannot hold.`, {
    advice: kind === 'submodule' ? 'Commit there first.' : 'Move it away, or have git ignore it.',
    data: { folder, files: [...names] },
  });
}

function nothingToCommit(folder: string): HoldfastError {
  return new HoldfastError('NOTHING_TO_COMMIT', `There is nothing to commit in ${folder}.`, { data: { folder } });
}
