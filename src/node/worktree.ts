import { realpath, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { hookEnvironment } from '../core/hookEnvironment.ts';
import { restoringReason } from '../core/worktreeLockReason.ts';
import { serializeTag, type WorktreeTag } from '../core/worktreeTag.ts';
import { writeDurable } from './durableFile.ts';
import { exists } from './exists.ts';
import { git, gitMessage, tryGit } from './git.ts';
import { excludeFromClone, excludeLineOf } from './gitExclude.ts';
import { removeWorktree } from './gitWorktreeRemove.ts';
import { makeFolders } from './makeFolders.ts';
import type { Watched } from './remotes.ts';
import { type GitRepository, listWorktrees, resolveCommit, type WorktreeEntry } from './repository.ts';
import {
  addSubmodules,
  forgetSubmoduleSettings,
  hasSubmodules,
  removeWithSubmodules,
  submoduleSettings,
} from './submodules.ts';
import { gitDirOf } from './worktreeLink.ts';
import { isWorktree, type KeptWork, removeUnlessNeeded, treeTimeout } from './worktreeRemoval.ts';
import { readTag, tagName } from './worktreeTags.ts';

/** Where a branch is made. */
export interface BranchStart {
  /** Full hash. */
  commit: string;
  /** The remote branch that it follows, such as `origin/x`. */
  upstream?: string;
}

export interface WorktreeRequest {
  path: string;
  branch: string;
  /** Where the branch is made; without it the branch must exist and be checked out nowhere. */
  start?: BranchStart;
  /** The folder that git is to leave out, where it is in the repository. */
  around: string;
}

/** A worktree in the making: first its branch, then its files. */
export class NewWorktree {
  readonly #root: string;
  readonly #request: WorktreeRequest;
  /** Where its branch stands before anything is done on it; a full hash. */
  readonly #commit: string;
  /** The uppermost of the folders around it that were made for it. */
  #madeAround: string | undefined;
  /** Present once there may be any: how far they are, and what was set about submodules before. */
  #submodules: { state: 'half' | 'whole'; settings: string[] } | undefined;

  private constructor(root: string, request: WorktreeRequest, commit: string) {
    this.#root = root;
    this.#request = request;
    this.#commit = commit;
  }

  /**
   * Makes the branch, unless an existing one is to be checked out.
   *
   * @throws {HoldfastError} `FOLDER_EXISTS`, `BRANCH_EXISTS`, `INVALID_NAME`, `DISK_FULL`, `GIT_FAILED`
   */
  static async begin(repository: GitRepository, request: WorktreeRequest): Promise<NewWorktree> {
    const { root } = repository;
    const { path: folder, branch, start, around } = request;
    await Promise.all([requireFree(folder), requireBranchName(root, branch)]);
    if (start === undefined) await requireUnused(root, branch);
    await excludeFromGit(repository, around);
    if (start !== undefined) await makeBranch(root, branch, start);
    return new NewWorktree(root, request, start?.commit ?? (await requireCommit(root, branch)));
  }

  /** @throws {HoldfastError} `DISK_FULL`, `GIT_FAILED`, or the signal's reason */
  async checkOut(watched: Watched = {}): Promise<void> {
    const { path: folder, branch } = this.#request;
    // Where this cannot be, git says so better.
    this.#madeAround = await makeFolders(path.dirname(folder), 0o777).catch(() => undefined);
    try {
      const quiet = watched.onProgress ? [] : ['--quiet'];
      const args = ['worktree', 'add', ...quiet, '--', folder, branch];
      // What the user sees and can cancel may go on as long as it tells of itself.
      const limits = watched.signal ? { timeout: 6 * treeTimeout, patience: treeTimeout } : { timeout: treeTimeout };
      await git(args, { cwd: this.#root, env: hookEnvironment(process.env), ...limits, ...watched });
    } catch (error) {
      throw explainFailure(error);
    }
  }

  hasSubmodules(): Promise<boolean> {
    return hasSubmodules(this.#request.path);
  }

  /** @throws {HoldfastError} `GIT_FAILED`, or the signal's reason */
  async addSubmodules(watched: Watched = {}): Promise<void> {
    const settings = await submoduleSettings(this.#root);
    this.#submodules = { state: 'half', settings };
    await addSubmodules(this.#request.path, watched);
    this.#submodules = { state: 'whole', settings };
  }

  /**
   * Removes the worktree and, if it was made with it, the branch. What a hook or a process wrote there meanwhile
   * and would be lost is kept.
   */
  async undo(): Promise<KeptWork | undefined> {
    const { path: folder, branch, start } = this.#request;
    const ownsBranch = start !== undefined;
    await this.#removeHalfMade();
    if (this.#submodules) await removeWithSubmodules(this.#root, folder, this.#submodules.state);
    const kept = await removeUnlessNeeded({ root: this.#root, path: folder, branch, base: this.#commit, ownsBranch });
    if (kept) return kept;
    if (this.#submodules) await forgetSubmoduleSettings(this.#root, this.#submodules.settings);
    await this.#removeAround();
    return undefined;
  }

  /** Until git has written the last file of a worktree it keeps it locked, and nobody else has written there. */
  async #removeHalfMade(): Promise<void> {
    const folder = await realpath(this.#request.path).catch(() => this.#request.path);
    const worktrees = await listWorktrees(this.#root).catch(() => []);
    if (!worktrees.some((worktree) => worktree.path === folder && isHalfMade(worktree))) return;
    const options = ['--force', '--force'];
    await removeWorktree({ root: this.#root, path: folder, options }).catch(() => undefined);
  }

  async #removeAround(): Promise<void> {
    if (this.#madeAround === undefined) return;
    const top = path.dirname(this.#madeAround);
    for (let folder = path.dirname(this.#request.path); folder !== top; folder = path.dirname(folder)) {
      // Another session's worktree may be in it by now.
      if (
        !(await rmdir(folder).then(
          () => true,
          () => false,
        ))
      )
        return;
    }
  }
}

/** Whether git is still at work on the worktree, or was killed before it had all files. */
export function isHalfMade({ lockReason }: WorktreeEntry): boolean {
  return lockReason === 'initializing' || lockReason === restoringReason;
}

/** Whether `folder` is the top of a checkout of this very repository, not of one around it or of another. */
export async function isWorktreeOf({ commonDir }: GitRepository, folder: string): Promise<boolean> {
  if (!(await isWorktree(folder))) return false;
  const own = await git(['rev-parse', '--path-format=absolute', '--git-common-dir'], { cwd: folder });
  return (await realpath(own.trimEnd())) === commonDir;
}

/** Marks whose worktree this is, where git keeps its own notes about it; a newer version's tag stays as it is. */
export async function tagWorktree(folder: string, tag: WorktreeTag): Promise<void> {
  const gitDir = (await gitDirOf(folder)) ?? (await askForGitDir(folder));
  const { tag: earlier, isNewer } = await readTag(path.join(gitDir, tagName));
  if (!isNewer) await writeDurable(path.join(gitDir, tagName), serializeTag(tag, earlier));
}

async function askForGitDir(folder: string): Promise<string> {
  return (await git(['rev-parse', '--path-format=absolute', '--git-dir'], { cwd: folder })).trimEnd();
}

async function requireFree(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  throw new HoldfastError('FOLDER_EXISTS', `The folder ${folder} exists already.`, {
    advice: 'Choose another name.',
    data: { folder },
  });
}

/** @throws {HoldfastError} `INVALID_NAME` for what cannot be the name of a branch. */
export async function requireBranchName(root: string, branch: string): Promise<void> {
  // Git takes its shorthands for branches here too, and prints what they stand for.
  const meant = await tryGit(['check-ref-format', '--branch', branch], { cwd: root });
  if (meant?.trimEnd() === branch) return;
  throw new HoldfastError('INVALID_NAME', `“${branch}” cannot be the name of a branch.`, {
    advice: 'Choose another name.',
  });
}

/** Made by itself, for git does so only if there is no such branch: what is undone later was made here. */
async function makeBranch(root: string, branch: string, { commit, upstream }: BranchStart): Promise<void> {
  // A tag of the same name would be taken for what is followed.
  const track =
    upstream === undefined
      ? ['--no-track', '--', branch, commit]
      : ['--track', '--', branch, `refs/remotes/${upstream}`];
  try {
    await git(['branch', ...track], { cwd: root });
  } catch (error) {
    throw explainBranchFailure(error, branch);
  }
}

/** A branch that another worktree has checked out cannot be checked out again. */
async function requireUnused(root: string, branch: string): Promise<void> {
  const [main, ...others] = await listWorktrees(root);
  const holder = [main, ...others].find((worktree) => worktree?.branch === branch);
  if (!holder) return;
  if (holder.prunableReason !== undefined) throw heldByNone(branch, holder);
  const way = holder === main ? 'run the session without a worktree' : 'adopt that worktree';
  throw new HoldfastError('BRANCH_EXISTS', `The branch ${branch} is checked out in ${holder.path}.`, {
    advice: `Choose another branch, or ${way}.`,
    data: { branch, path: holder.path, isAdoptable: holder !== main },
  });
}

/** Git keeps a branch for a worktree until it has forgotten that, be its folder removed or on a disk that is not there. */
function heldByNone(branch: string, { path: folder }: WorktreeEntry): HoldfastError {
  const text = `The branch ${branch} is checked out in ${folder}, which is not there any more.`;
  return new HoldfastError('BRANCH_EXISTS', text, {
    advice: 'If that folder was removed, let git forget it with “git worktree prune” and try again.',
    data: { branch, path: folder, isAdoptable: false },
  });
}

async function requireCommit(root: string, branch: string): Promise<string> {
  const commit = await resolveCommit(root, `refs/heads/${branch}`);
  if (commit) return commit;
  throw new HoldfastError('INVALID_ARGUMENT', `The branch ${branch} is gone.`, { data: { branch } });
}

/** Keeps the worktrees out of the main checkout's status, for this clone only. */
async function excludeFromGit({ commonDir, root }: GitRepository, folder: string): Promise<void> {
  const relative = path.relative(root, folder);
  if (!relative || relative.startsWith('..') || path.isAbsolute(relative)) return;
  await excludeFromClone(commonDir, `${excludeLineOf(relative.split(path.sep).join('/'))}/`);
}

/** `feature/x` cannot exist beside a branch `feature`, for refs are files and folders. */
function explainBranchFailure(error: unknown, branch: string): unknown {
  const message = gitMessage(error);
  const rival = message.match(/'refs\/heads\/([^']+)' exists; cannot create/)?.[1];
  const data = { branch, ...(rival ? { rival } : {}) };
  if (rival) {
    const text = `The branch ${branch} cannot be made beside the branch ${rival}.`;
    return new HoldfastError('BRANCH_EXISTS', text, {
      advice: 'Rename that one, or choose another branch.',
      data,
      cause: error,
    });
  }
  if (!/already exists/.test(message)) return explainFailure(error);
  return new HoldfastError('BRANCH_EXISTS', `The branch ${branch} exists already.`, {
    advice: 'Choose another name or branch.',
    data,
    cause: error,
  });
}

function explainFailure(error: unknown): unknown {
  if (!/No space left on device|Disk quota exceeded/.test(gitMessage(error))) return error;
  return new HoldfastError('DISK_FULL', 'The disk is full, so the worktree could not be made. Nothing was kept.', {
    advice: 'Free some space and try again.',
    cause: error,
  });
}
