import { mkdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { isRunning } from '../core/sessionRecord.ts';
import { isTagOf } from '../core/worktreeLink.ts';
import {
  describeSituation,
  repairsFor,
  type WorktreeRepair,
  type WorktreeSituation,
} from '../core/worktreeSituation.ts';
import { git, gitMessage } from '../node/git.ts';
import { wasRenamed } from '../node/renamedBranch.ts';
import { type GitRepository, listWorktrees } from '../node/repository.ts';
import { isHalfMade } from '../node/worktree.ts';
import { gitDirOf, readWorktreeLink } from '../node/worktreeLink.ts';
import { treeTimeout } from '../node/worktreeRemoval.ts';
import { readTag, tagName } from '../node/worktreeTags.ts';
import type { RecordChanges, SessionRecord } from '../protocol/sessionRecord.ts';
import { bringIncluded } from './includedFiles.ts';
import type { CreatedSession } from './sessionCreation.ts';
import type { LifeContext } from './sessionLife.ts';
import { completeWorktree, ownsBranch, tagSession } from './sessionWorktree.ts';
import { inspectWorktree, notesOf } from './worktreeInspection.ts';

export interface RepairChoice {
  repair: WorktreeRepair;
  /** Where the worktree is, for `use`; where it was moved to, as git knows, if left out. */
  path?: string | undefined;
}

export type ReconciliationContext = Pick<LifeContext, 'workplace' | 'settings' | 'helper' | 'sessions' | 'keepDone'>;

/**
 * Puts a session and its worktree together again, as the user has chosen. The session’s process, if it runs, runs on.
 *
 * @returns The session as it is then, and what the user should know.
 * @throws {HoldfastError} `NOT_A_REPOSITORY`; `INVALID_ARGUMENT` for what is not possible as things are;
 *   `WORKTREE_MISMATCH` where the folder to use is not the session’s worktree; `FOLDER_EXISTS`, `BRANCH_EXISTS`,
 *   `DISK_FULL`, `GIT_FAILED`
 */
export async function repairWorktree(
  context: ReconciliationContext,
  record: SessionRecord,
  choice: RepairChoice,
): Promise<CreatedSession> {
  const repository = requireRepository(context, record);
  const situation = await inspectWorktree(repository, record, context.sessions());
  const isKnownPlace = situation.kind === 'sound' && choice.repair === 'use';
  if (!isKnownPlace && !repairsFor(situation).includes(choice.repair)) throw impossible(record, situation);
  return repairs[choice.repair](context, repository, { record, situation, path: choice.path });
}

/** How the worktree of a session is. @throws {HoldfastError} `NOT_A_REPOSITORY` */
export async function situationOf(context: ReconciliationContext, record: SessionRecord): Promise<WorktreeSituation> {
  if (!record.branch) return { kind: 'sound' };
  return inspectWorktree(requireRepository(context, record), record, context.sessions());
}

interface Task {
  record: SessionRecord;
  situation: WorktreeSituation;
  path: string | undefined;
}

type Repair = (context: ReconciliationContext, repository: GitRepository, task: Task) => Promise<CreatedSession>;

const repairs: Record<WorktreeRepair, Repair> = { follow, switchBack, use, recreate };

/** The session goes on with the branch that is checked out; one that was only renamed stays its own, another is its user's. */
async function follow(context: ReconciliationContext, repository: GitRepository, task: Task): Promise<CreatedSession> {
  const { record, situation } = task;
  const { isOldBranchThere, ...there } = situation as Extract<WorktreeSituation, { kind: 'otherBranch' }>;
  const branch = there.branch as string;
  const mayOwn = ownsBranch(record) && !isOldBranchThere;
  const owns = mayOwn && (await wasRenamed(repository.root, { former: record.branch, branch }));
  const changes = { branch, metadata: { ...record.metadata, ownsBranch: owns } };
  return { record: await apply(context, repository, { record, changes }) };
}

async function switchBack(_: ReconciliationContext, __: GitRepository, { record }: Task): Promise<CreatedSession> {
  const { id, name, branch, worktreePath } = record;
  try {
    await git(['switch', '--no-guess', '--', branch], { cwd: worktreePath, timeout: treeTimeout });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'GIT_FAILED') throw error;
    throw new HoldfastError('GIT_FAILED', `The worktree of “${name}” stays as it is: ${reasonOf(error)}.`, {
      advice: `Commit or stash what is in it first, or finish what git is in the middle of: ${worktreePath}.`,
      data: { ...error.data, id },
      cause: error,
    });
  }
  return { record };
}

async function use(context: ReconciliationContext, repository: GitRepository, task: Task): Promise<CreatedSession> {
  const { record, situation } = task;
  const given = task.path ?? (situation.kind === 'moved' ? situation.to : undefined);
  if (given === undefined) throw withoutPlace(record);
  const folder = await realpath(path.resolve(given)).catch(() => path.resolve(given));
  await repairLink(repository, record, folder);
  const link = await readWorktreeLink({ ...record, worktreePath: folder }, repository.key);
  if (link.state !== 'own') throw notIts(record, folder, link.state === 'gone' ? 'not there' : link.why);
  const used = await apply(context, repository, { record, changes: { worktreePath: folder } });
  return { record: used, ...restartNotice(used) };
}

/** A folder that was moved by hand names git’s notes still, and git learns from it where it is. */
async function repairLink({ root }: GitRepository, record: SessionRecord, folder: string): Promise<void> {
  const gitDir = await gitDirOf(folder).catch(() => undefined);
  if (gitDir === undefined) return;
  const { tag } = await readTag(path.join(gitDir, tagName));
  if (tag && isTagOf(tag.id, record)) await git(['worktree', 'repair', folder], { cwd: root }).catch(() => undefined);
}

/** With what git has noted of it, where that is still there: what was staged, and what git was in the middle of. */
async function recreate(
  context: ReconciliationContext,
  repository: GitRepository,
  task: Task,
): Promise<CreatedSession> {
  const { record, situation } = task;
  const { isNoted } = situation as Extract<WorktreeSituation, { kind: 'gone' }>;
  // Who asks for it wants one made that was adopted, too.
  const wanted = { ...record, metadata: { ...record.metadata, ownsWorktree: true } };
  const notice = isNoted ? await restoreFiles(repository, record) : await completeWorktree(repository, wanted);
  // It lacks what git ignores, and what a setup has made there.
  const brought = await bringIncluded({ ...context, repository }, record);
  const current = await apply(context, repository, { record, changes: { setup: { state: 'pending' } } });
  const notices = [notice, brought, restartNotice(current).notice].filter((text) => text !== undefined);
  return { record: current, ...(notices.length > 0 ? { notice: notices.join(' ') } : {}) };
}

async function restoreFiles(repository: GitRepository, record: SessionRecord): Promise<string> {
  const { name, worktreePath: folder } = record;
  const entry = (await listWorktrees(repository.root)).find((worktree) => worktree.path === path.normalize(folder));
  // Its index is not whole, so that it is made anew.
  if (entry && isHalfMade(entry)) throw halfMade(record);
  const note = (await notesOf(repository, record)).find((one) => one.path === path.normalize(folder));
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, '.git'), `gitdir: ${path.dirname(note?.tagFile as string)}\n`, { flag: 'wx' });
  const isEmpty = (await git(['ls-files', '--cached', '-z', '--', '.'], { cwd: folder, timeout: treeTimeout })) === '';
  if (!isEmpty)
    await git(['restore', '--worktree', '--ignore-unmerged', '--', '.'], { cwd: folder, timeout: treeTimeout });
  return `The worktree of “${name}” has its files as they were committed or staged; what was neither went with its folder.`;
}

/** An empty change only tags the worktree anew. */
async function apply(
  { helper, keepDone }: ReconciliationContext,
  repository: GitRepository,
  { record, changes }: { record: SessionRecord; changes: RecordChanges },
): Promise<SessionRecord> {
  const isChange = Object.keys(changes).length > 0;
  const current = isChange ? await keepDone(await helper.update(record, () => changes)) : record;
  await tagSession(repository, current);
  return current;
}

function restartNotice(record: SessionRecord): { notice?: string } {
  if (!isRunning(record)) return {};
  return {
    notice: `The process of “${record.name}” was started in the former folder; restart it if it does not find its files.`,
  };
}

function requireRepository({ workplace }: ReconciliationContext, { id, name }: SessionRecord): GitRepository {
  if (workplace.kind === 'git') return workplace;
  throw new HoldfastError('NOT_A_REPOSITORY', `${workplace.root} is not a git repository any more.`, {
    advice: `“${name}” stays as it is. Bring the repository back.`,
    data: { id, folder: workplace.root },
  });
}

function impossible(record: SessionRecord, situation: WorktreeSituation): HoldfastError {
  const taken =
    situation.kind === 'otherBranch' && situation.takenBy !== undefined
      ? ` The session “${situation.takenBy}” works on ${situation.branch}.`
      : '';
  const possible = repairsFor(situation);
  return new HoldfastError('INVALID_ARGUMENT', `${describeSituation(record, situation)}${taken} Nothing was changed.`, {
    advice: possible.length > 0 ? `What can be done: ${possible.join(', ')}.` : 'There is nothing to repair.',
    data: { id: record.id, situation },
  });
}

function withoutPlace({ id, name }: SessionRecord): HoldfastError {
  return new HoldfastError('INVALID_ARGUMENT', `It is not known where the worktree of “${name}” is.`, {
    advice: 'Give its path.',
    data: { id },
  });
}

function notIts({ id, name }: SessionRecord, folder: string, why: string): HoldfastError {
  const text = `${folder} is not the worktree of “${name}”: it is ${why}. Nothing was changed.`;
  return new HoldfastError('WORKTREE_MISMATCH', text, {
    advice: 'Choose the folder that was its worktree.',
    data: { id, folder },
  });
}

function halfMade({ id, name, worktreePath }: SessionRecord): HoldfastError {
  return new HoldfastError('FOLDER_EXISTS', `The worktree of “${name}” was never made whole: ${worktreePath}.`, {
    advice: `Run “git worktree remove -f -f ${worktreePath}” and try again.`,
    data: { id, folder: worktreePath },
  });
}

function reasonOf(error: HoldfastError): string {
  const [first] = gitMessage(error).trim().split('\n');
  return (first ?? error.message).replace(/^(fatal|error): /, '').replace(/[.:]$/, '');
}
