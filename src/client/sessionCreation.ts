import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { restoredRecord } from '../core/savedSession.ts';
import { chooseName } from '../core/sessionName.ts';
import { newRecord } from '../core/sessionRecord.ts';
import { defaultPolicy } from '../core/supervisionPolicy.ts';
import { pausePoint } from '../node/pausePoint.ts';
import {
  type Base,
  currentBase,
  type GitRepository,
  localBranches,
  namedBase,
  requireFolder,
} from '../node/repository.ts';
import { type NewWorktree, requireBranchName } from '../node/worktree.ts';
import type { LaunchSpec } from '../protocol/hostMessages.ts';
import type { SessionCommand, SessionPolicy, SessionRecord } from '../protocol/sessionRecord.ts';
import { whileCreating } from './creationLock.ts';
import { type UnfinishedSession, undoCreation } from './creationUndo.ts';
import type { HelperClient } from './helperClient.ts';
import { seekIncluded } from './includedFiles.ts';
import { checkCommand, isInWorktree } from './launch.ts';
import { checkPolicy, checkResumeCommand } from './sessionChoices.ts';
import { plannedEnvironment, sessionLaunch } from './sessionLaunch.ts';
import type { ManagerSettings, SessionManagerOptions } from './sessionManager.ts';
import { beginWorktree, tagSession } from './sessionWorktree.ts';

export interface CreateSessionOptions {
  name?: string;
  /** The default is `feature/<name>`; an existing branch is checked out if no other worktree has it. */
  branch?: string;
  /** A branch or commit to start from; the default is what is checked out. */
  baseBranch?: string;
  /** A line for the user's shell or an argument vector; without it, the shell itself. */
  command?: string | string[];
  /** Folder to start in, relative to the worktree. */
  cwd?: string;
  /** Added to the session's environment. */
  env?: Record<string, string>;
  /** False runs the command in the open folder itself, with neither branch nor worktree. */
  worktree?: boolean;
  /** What of the settings it has of its own: when it is started again by itself, and when it is ended. */
  policy?: Partial<SessionPolicy>;
  /** What runs instead when it is started again after a crash, such as an agent's own way to resume. */
  resumeCommand?: string | string[];
}

export interface CreatedSession {
  record: SessionRecord;
  /** One sentence where the name is not what was asked for. */
  notice?: string;
}

/** What a session that was there before brings along. */
export interface Restoration {
  record: SessionRecord;
  /** What its branch is made at where it is gone; undefined for a session without a worktree. */
  base: Base | undefined;
  hasBranch: boolean;
  /** The folder that it had, where that is still there; without it, it gets a new worktree or runs in the open folder. */
  worktreePath?: string;
  /** False leaves its command to be started later. */
  start: boolean;
  /** Makes its worktree and its branch where those come from elsewhere, at `worktreePath` if that is given. */
  bringBack?: (record: SessionRecord) => Pick<NewWorktree, 'checkOut' | 'undo'>;
}

export interface CreationContext extends Pick<SessionManagerOptions, 'machine' | 'workplace' | 'folder' | 'settings'> {
  helper: HelperClient;
  sessions: () => SessionRecord[];
  /** Saves the record in this window's storage, so that the session is acknowledged only once it lasts. */
  keep: (record: SessionRecord) => Promise<SessionRecord>;
}

/** What a session can be planned with. */
export type PlanContext = Pick<CreationContext, 'workplace' | 'folder' | 'settings'>;

/** How often a name that another window took meanwhile is chosen anew. */
const maxNameRaces = 5;

const branchPrefix = 'feature/';

/**
 * Makes a session: record, branch, worktree, process. All of it, or none.
 *
 * @throws {HoldfastError} `MAX_SESSIONS`, `NOT_A_REPOSITORY`, `NO_COMMITS`, `DETACHED_HEAD`, `COMMAND_NOT_FOUND`,
 *   `BRANCH_EXISTS`, `FOLDER_EXISTS`, `INVALID_NAME`, `INVALID_ARGUMENT`, `HELPER_START_FAILED`, `HOST_START_FAILED`,
 *   `DISK_FULL`, `STORAGE_NOT_WRITABLE`; where something must stay all the same, the message says what, and
 *   `data.kept` has the path and the reason.
 */
export async function createSession(
  context: CreationContext,
  options: CreateSessionOptions,
  restored?: Restoration,
): Promise<CreatedSession> {
  const plan = await planCreation(context, options, restored);
  return whileCreating(context, { id: plan.id, name: options.name ?? '' }, async () => {
    const made: UnfinishedSession = {};
    try {
      return await makeAll(context, options, plan, made);
    } catch (error) {
      throw await undoCreation(context, made, error);
    }
  });
}

/** Notes each thing in `made` as soon as there may be something to undo. */
async function makeAll(
  context: CreationContext,
  options: CreateSessionOptions,
  plan: Plan,
  made: UnfinishedSession,
): Promise<CreatedSession> {
  await pausePoint('creation-begun');
  const { record, notice } = await takeName(context, options, plan);
  made.record = record;
  const notes = [notice];
  await pausePoint('creation-registered');
  await context.keep(record);
  await pausePoint('creation-kept');
  const repository = context.workplace as GitRepository;
  const { bringBack } = plan.restored ?? {};
  const isBound = plan.restored?.worktreePath !== undefined && !bringBack;
  if (plan.base && !isBound) {
    const base = plan.restored?.hasBranch ? undefined : plan.base;
    const worktree = bringBack ? bringBack(record) : await beginWorktree(repository, record, base);
    made.worktree = worktree;
    await pausePoint('creation-worktree-begun');
    const bring = seekIncluded({ ...context, repository }, record);
    await worktree.checkOut();
    await pausePoint('creation-checked-out');
    await tagSession(repository, record);
    await pausePoint('creation-tagged');
    notes.push(await bring());
    await pausePoint('creation-files-brought');
  }
  const current = plan.restored?.start === false ? record : await start(context, record, { plan, made });
  // A worktree that was there before is tagged last, for its tag is not undone.
  if (plan.base && isBound) await tagSession(repository, record);
  return told(current, sentences(notes));
}

async function start(
  context: CreationContext,
  record: SessionRecord,
  { plan, made }: { plan: Plan; made: UnfinishedSession },
): Promise<SessionRecord> {
  const launch = await prepareLaunch(context, record, plan);
  made.isStarted = true;
  const started = await context.helper.start(launch);
  await pausePoint('creation-started');
  return context.keep(started);
}

interface Plan {
  /** Of the session to be. */
  id: string;
  /** What the branch starts from; undefined for a session without a worktree. */
  base: Base | undefined;
  command: SessionCommand;
  cwd: string;
  policy: SessionPolicy;
  resumeCommand: SessionCommand | undefined;
  restored: Restoration | undefined;
}

/**
 * What {@link createSession} goes by, having changed nothing: everything that can be refused before anything is made
 * is refused here.
 *
 * @throws {HoldfastError} see {@link createSession}
 */
export async function planCreation(
  context: PlanContext,
  options: CreateSessionOptions,
  restored: Restoration | undefined,
): Promise<Plan> {
  const { folder, settings, workplace } = context;
  const command = toCommand(options.command);
  const cwd = toRelativeFolder(options.cwd);
  const choices = chosen(options, settings());
  const id = randomUUID();
  const draft = { id, name: options.name ?? '', branch: '', worktreePath: folder, metadata: { env: options.env } };
  const env = plannedEnvironment(context, draft);
  await requireFolder(folder);
  const base = restored ? restored.base : await findBase(context, options);
  if (base && options.branch !== undefined) await requireBranchName(workplace.root, options.branch);
  const isChecked = restored?.start !== false && !isInWorktree(command);
  if (isChecked) await checkCommand(command, { cwd: folder, shell: settings().shell, env });
  return { id, base, command, cwd, restored, ...choices };
}

/** A session keeps the retry policy that was set when it was made, whatever is set later. */
function chosen(
  { policy = {}, resumeCommand }: CreateSessionOptions,
  { supervision }: ManagerSettings,
): Pick<Plan, 'policy' | 'resumeCommand'> {
  const { retry = defaultPolicy.retry } = supervision.policy;
  return {
    policy: { retry, ...checkPolicy(policy) },
    resumeCommand: resumeCommand === undefined ? undefined : checkResumeCommand(resumeCommand),
  };
}

async function prepareLaunch(context: CreationContext, record: SessionRecord, plan: Plan): Promise<LaunchSpec> {
  const { command } = plan;
  const launch = await sessionLaunch(context, record);
  const { cwd, env, setup } = launch;
  // What the setup makes is not there yet.
  if (isInWorktree(command) && !setup) await checkCommand(command, { cwd, shell: context.settings().shell, env });
  return launch;
}

async function findBase(context: PlanContext, options: CreateSessionOptions): Promise<Base | undefined> {
  if (options.worktree === false) return undefined;
  const { workplace, folder } = context;
  if (workplace.kind === 'folder') {
    throw new HoldfastError('NOT_A_REPOSITORY', `${workplace.root} is not a git repository.`, {
      advice: 'Run the session without a worktree, or initialize a repository first.',
      data: { folder: workplace.root },
    });
  }
  if (options.baseBranch) return namedBase(folder, options.baseBranch);
  const base = await currentBase(folder);
  if (!base.isDetached) return base;
  throw new HoldfastError('DETACHED_HEAD', 'No branch is checked out (detached HEAD).', {
    advice: 'Check out a branch, or start the session from this commit.',
    data: { commit: base.ref },
  });
}

/** Chooses a name that is free as a session, a branch and a folder, and registers the record under it. */
async function takeName(context: CreationContext, options: CreateSessionOptions, plan: Plan): Promise<CreatedSession> {
  const { helper, settings, workplace, sessions } = context;
  return whileNamesRace(async () => {
    // Connecting brings in the sessions of other windows.
    await helper.connect();
    const branches = plan.base ? await localBranches(workplace.root) : [];
    // The branch of a session that comes back is not made from its name.
    const taken = plan.restored ? sessions().map((session) => session.name) : takenNames(sessions(), branches);
    const { name, notice } = chooseName(options.name, new Date(), taken);
    const draft = draftRecord(context, options, plan, { name, branches });
    return told(await helper.create(draft, settings().maxSessions), notice);
  });
}

/** Tries again where another window took the name just after it was chosen. */
export async function whileNamesRace<T>(attempt: () => Promise<T>): Promise<T> {
  for (let race = 0; ; race++) {
    try {
      return await attempt();
    } catch (error) {
      const isRace = error instanceof HoldfastError && error.code === 'NAME_EXISTS';
      if (!isRace || race === maxNameRaces) throw error;
    }
  }
}

/** What the user is to know, in one text; undefined where that is nothing. */
export function sentences(notes: readonly (string | undefined)[]): string | undefined {
  return notes.filter((note) => note !== undefined).join(' ') || undefined;
}

export function told(record: SessionRecord, notice: string | undefined): CreatedSession {
  return notice === undefined ? { record } : { record, notice };
}

/** The names of sessions, and those whose branch cannot be made: `feature/a/b` leaves no room for `feature/a`. */
function takenNames(sessions: readonly SessionRecord[], branches: readonly string[]): string[] {
  const all = [...branches, ...sessions.map(({ branch }) => branch)];
  const own = all.filter((branch) => branch.startsWith(branchPrefix));
  const fromBranches = own.map((branch) => branch.slice(branchPrefix.length).split('/')[0] as string);
  return [...sessions.map(({ name }) => name), ...fromBranches];
}

function draftRecord(
  { workplace, folder, settings }: CreationContext,
  options: CreateSessionOptions,
  { id, base, command, cwd, policy, resumeCommand, restored }: Plan,
  { name, branches }: { name: string; branches: readonly string[] },
): SessionRecord {
  const worktrees = path.resolve(workplace.root, settings().worktreesFolder);
  const branch = base ? (options.branch ?? branchPrefix + name) : '';
  const ownsBranch = base !== undefined && !branches.includes(branch);
  const record = newRecord({
    id,
    name,
    command,
    cwd,
    policy,
    ...(resumeCommand === undefined ? {} : { resumeCommand }),
    branch,
    baseBranch: base?.ref ?? '',
    ...(base && ownsBranch ? { baseCommit: base.commit } : {}),
    worktreePath: restored?.worktreePath ?? (base ? path.join(worktrees, `${name}-${id.slice(0, 8)}`) : folder),
    now: new Date(),
  });
  const setup = restored?.worktreePath === undefined ? base && { state: 'pending' as const } : restored.record.setup;
  const draft = {
    ...record,
    ...(setup ? { setup } : {}),
    metadata: { ownsBranch, ...(options.env ? { env: options.env } : {}) },
  };
  return restored ? restoredRecord(draft, restored.record) : draft;
}

function toCommand(command: string | string[] | undefined): SessionCommand {
  if (Array.isArray(command)) return command.length > 0 ? command : null;
  return command?.trim() ? command : null;
}

/** @throws {HoldfastError} `INVALID_ARGUMENT` for a folder outside the worktree. */
function toRelativeFolder(cwd = ''): string {
  const relative = path.normalize(cwd || '.');
  if (path.isAbsolute(relative) || relative.split(path.sep)[0] === '..') {
    throw new HoldfastError('INVALID_ARGUMENT', `The folder ${cwd} is not inside the worktree.`, {
      advice: 'Give a path relative to the worktree.',
    });
  }
  const folder = relative.endsWith(path.sep) ? relative.slice(0, -1) : relative;
  return folder === '.' ? '' : folder;
}
