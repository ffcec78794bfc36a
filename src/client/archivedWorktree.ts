import { describeError } from '../base/errors.ts';
import type { OpenedArchive } from '../node/archiveList.ts';
import { durably } from '../node/archiveObjects.ts';
import { restoreWorktree } from '../node/archiveRestore.ts';
import { exists } from '../node/exists.ts';
import { git, tryGit } from '../node/git.ts';
import { type GitRepository, listWorktrees, localBranches, resolveCommit } from '../node/repository.ts';
import { archiveWorktree } from '../node/worktreeArchive.ts';
import { gitDirOf } from '../node/worktreeLink.ts';
import { unlockWorktree } from '../node/worktreeLock.ts';
import { type KeptWork, removeBranch, removeByGit } from '../node/worktreeRemoval.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** The branch that an archived session comes back on. */
export interface ChosenBranch {
  name: string;
  /** It is there, at the archived commit. */
  isThere: boolean;
  /** Where it is made; absent where it never had a commit. */
  commit?: string;
  /** What the user should know of it, as a sentence. */
  notice?: string;
}

/** Where the session's branch was; undefined where it had no commit yet. */
export function archivedTip({ about: { tip, head, session } }: Pick<OpenedArchive, 'about'>): string | undefined {
  const isUnborn = head.commit === undefined && head.ref === `refs/heads/${session.branch}`;
  return tip ?? (isUnborn ? undefined : head.commit);
}

/**
 * The session's own branch where that is to be had as it was, else one of another name.
 *
 * @param taken Branches that sessions work on.
 * @throws {HoldfastError} `GIT_FAILED`
 */
export async function chooseBranch(
  { root }: GitRepository,
  { about }: OpenedArchive,
  taken: readonly string[],
): Promise<ChosenBranch> {
  const { branch } = about.session;
  const commit = archivedTip({ about });
  const at = commit === undefined ? {} : { commit };
  const branches = await localBranches(root);
  const inUse = [...taken, ...(await listWorktrees(root)).flatMap(({ branch: other }) => other ?? [])];
  const found = branches.includes(branch) ? await resolveCommit(root, `refs/heads/${branch}`) : undefined;
  if (found === undefined && isFree(branch, branches) && !inUse.includes(branch))
    return { name: branch, isThere: false, ...at };
  if (found !== undefined && found === commit && !inUse.includes(branch)) return { name: branch, isThere: true, ...at };
  const name = freeName(branch, [...branches, ...inUse]);
  const why = inUse.includes(branch) ? 'is checked out elsewhere' : 'is there with other commits';
  return { name, isThere: false, ...at, notice: `Its branch ${branch} ${why}, so it came back as ${name}.` };
}

function freeName(branch: string, taken: readonly string[]): string {
  const flat = isFree(branch, taken) || taken.includes(branch) ? branch : branch.replaceAll('/', '-');
  for (let number = 1; ; number++) {
    const name = number === 1 ? `${flat}-restored` : `${flat}-restored-${number}`;
    if (isFree(name, taken)) return name;
  }
}

/** `feature/x` cannot exist beside a branch `feature`, for refs are files and folders. */
function isFree(name: string, taken: readonly string[]): boolean {
  return taken.every((other) => other !== name && !other.startsWith(`${name}/`) && !name.startsWith(`${other}/`));
}

/** Whether what was checked out can be so again; undefined where it can. */
export async function headNotice({ root }: GitRepository, { about }: OpenedArchive): Promise<string | undefined> {
  const { head, session } = about;
  if (head.ref === undefined || head.ref === `refs/heads/${session.branch}` || head.commit === undefined)
    return undefined;
  const name = head.ref.replace(/^refs\/heads\//, '');
  const isHeld = (await listWorktrees(root)).some(({ branch }) => branch === name);
  if (!isHeld && (await resolveCommit(root, head.ref)) === head.commit) return undefined;
  return `${name} was checked out in it, which is not as it was; its commit ${head.commit.slice(0, 8)} is.`;
}

/** A worktree that is made of an archive, in the place of one that a session gets new. */
export class ArchivedWorktree {
  readonly #repository: GitRepository;
  readonly #archive: OpenedArchive;
  readonly #record: SessionRecord;
  readonly #branch: ChosenBranch;
  readonly #isOnBranch: boolean;
  #isWhole = false;

  constructor(
    repository: GitRepository,
    archive: OpenedArchive,
    { record, branch, isOnBranch }: { record: SessionRecord; branch: ChosenBranch; isOnBranch: boolean },
  ) {
    this.#repository = repository;
    this.#archive = archive;
    this.#record = record;
    this.#branch = branch;
    this.#isOnBranch = isOnBranch;
  }

  /** @throws {HoldfastError} `GIT_FAILED` */
  async checkOut(): Promise<void> {
    await this.#makeBranch();
    await restoreWorktree({
      repository: this.#repository,
      archive: this.#archive,
      path: this.#record.worktreePath,
      branch: this.#branch.name,
      isOnBranch: this.#isOnBranch,
    });
    this.#isWhole = true;
  }

  /** What it was made of is archived still; what was done in it since is archived, too, before it goes. */
  async undo(): Promise<KeptWork | undefined> {
    const { worktreePath: folder } = this.#record;
    try {
      if (this.#isWhole) await this.#archiveAgain();
      await this.#remove();
      return undefined;
    } catch (error) {
      return { path: folder, reason: describeError(error) };
    }
  }

  async #makeBranch(): Promise<void> {
    const { name, commit, isThere } = this.#branch;
    const { root } = this.#repository;
    if (isThere || commit === undefined) return;
    await git([...durably, 'update-ref', `refs/heads/${name}`, commit, ''], { cwd: root });
    const start = `branch.${this.#archive.about.session.branch}.`;
    for (const [setting, value] of this.#archive.about.branchSettings) {
      const own = `branch.${name}.${setting.slice(start.length)}`;
      await tryGit(['config', '--local', '--add', own, value], { cwd: root });
    }
  }

  async #archiveAgain(): Promise<void> {
    const { worktreePath: path } = this.#record;
    const gitDir = await gitDirOf(path);
    if (gitDir === undefined) return;
    const request = { repository: this.#repository, record: this.#record, path, gitDir };
    await archiveWorktree({ ...request, ignored: 'kept', unmerged: 0 });
  }

  async #remove(): Promise<void> {
    const { root } = this.#repository;
    const { worktreePath: path } = this.#record;
    const { name, commit, isThere } = this.#branch;
    if (await exists(path)) {
      await unlockWorktree(root, path);
      const obstacle = await removeByGit({ root, path }, '--force');
      if (obstacle !== undefined) throw new Error(obstacle);
    }
    const tip = this.#isWhole ? await resolveCommit(root, `refs/heads/${name}`) : commit;
    await removeBranch({ root, path, branch: name, base: '', ownsBranch: !isThere }, tip);
  }
}
