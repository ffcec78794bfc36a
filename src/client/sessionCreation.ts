import { HoldfastError } from '../base/errors.ts';
import { restoredRecord } from '../core/savedSession.ts';
import { chooseName } from '../core/sessionName.ts';
import { newRecord } from '../core/sessionRecord.ts';
import { worktreeLocation } from '../core/worktreeLocation.ts';
import { pausePoint } from '../node/pausePoint.ts';
import { type Base, branchTips, type GitRepository } from '../node/repository.ts';
import { NewWorktree } from '../node/worktree.ts';
import type { LaunchSpec } from '../protocol/hostMessages.ts';
import type { SessionPolicy, SessionRecord } from '../protocol/sessionRecord.ts';
import { whileCreating } from './creationLock.ts';
import { branchPrefix, type Plan, placeOf, planCreation, startOf } from './creationPlan.ts';
import type { BaseChoice } from './creationSource.ts';
import { type UnfinishedSession, undoCreation } from './creationUndo.ts';
import { beginStep, type CreationWatch, gitWatch } from './creationWatch.ts';
import type { HelperClient } from './helperClient.ts';
import { seekIncluded } from './includedFiles.ts';
import { checkCommand, isInWorktree } from './launch.ts';
import { sessionLaunch } from './sessionLaunch.ts';
import type { SessionManagerOptions } from './sessionManager.ts';
import { beginWorktree, locationContext, tagAdopted, tagSession, wantsSubmodules } from './sessionWorktree.ts';

export interface CreateSessionOptions {
  name?: string;
  /**
   * The default is `feature/<name>`; an existing branch is checked out if no other worktree has it, and `origin/x` as a
   * local branch `x` that follows it.
   */
  branch?: string;
  /** A branch, tag or commit to start from. */
  baseBranch?: string;
  /** What to start from where none is named; the default is what the user has set. */
  base?: BaseChoice;
  /** Whether the remote that this comes from is fetched first; the default is what the user has set. */
  fetch?: boolean;
  /** A worktree that is there already, to work in on the branch that is checked out in it. */
  adoptWorktree?: string;
  /** Whether submodules are initialized; the default is what the user has set. */
  submodules?: boolean;
  /** A line for the user's shell or an argument vector; without it, the shell itself. */
  command?: string | string[];
  /** Folder to start in, relative to the worktree. */
  cwd?: string;
  /** Added to the session's environment. */
  env?: Record<string, string>;
  /**
   * False runs the command in the open folder itself, with neither branch nor worktree, as is done in a folder that is no
   * repository anyway; true is an error there.
   */
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
  watch?: CreationWatch;
}

/** How often a name that another window took meanwhile is chosen anew. */
const maxNameRaces = 5;

/**
 * Makes a session: record, branch, worktree, process. All of it, or none.
 *
 * @throws {HoldfastError} `MAX_SESSIONS`, `NOT_A_REPOSITORY`, `NO_COMMITS`, `DETACHED_HEAD`, `COMMAND_NOT_FOUND`,
 *   `BRANCH_EXISTS`, `FOLDER_EXISTS`, `INVALID_NAME`, `INVALID_ARGUMENT`, `INVALID_LOCATION`, `FETCH_FAILED`,
 *   `NOT_A_WORKTREE`, `WORKTREE_IN_USE`, `HELPER_START_FAILED`, `HOST_START_FAILED`, `DISK_FULL`,
 *   `STORAGE_NOT_WRITABLE`, `CANCELLED`; where something must stay all the same, the message says what, and
 *   `data.kept` has the path and the reason.
 */
export async function createSession(
  context: CreationContext,
  options: CreateSessionOptions,
  restored?: Restoration,
): Promise<CreatedSession> {
  const plan = await planCreation(context, options, restored);
  beginStep(context.watch);
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
  const isBound = placeOf(plan) !== undefined && !bringBack;
  if (plan.base && !isBound) {
    beginStep(context.watch, 'Checking out files…');
    const start = plan.restored?.hasBranch ? undefined : startOf(plan);
    const setting = context.settings().worktreesFolder;
    const worktree = bringBack ? bringBack(record) : await beginWorktree(repository, record, { start, setting });
    made.worktree = worktree;
    await pausePoint('creation-worktree-begun');
    const bring = seekIncluded({ ...context, repository }, record, context.watch?.signal);
    await worktree.checkOut(gitWatch(context.watch));
    await pausePoint('creation-checked-out');
    if (worktree instanceof NewWorktree && wantsSubmodules(record)) await addSubmodules(context, worktree);
    await tagSession(repository, record);
    await pausePoint('creation-tagged');
    beginStep(context.watch, 'Bringing files along…');
    notes.push(await bring());
    await pausePoint('creation-files-brought');
  }
  if (plan.adopted) made.putBackTag = await tagAdopted(repository, record);
  const current = plan.restored?.start === false ? record : await start(context, record, { plan, made });
  // The worktree of a session that comes back is tagged last, for its tag is not undone.
  if (plan.base && isBound && !plan.adopted) await tagSession(repository, record);
  return told(current, sentences(notes));
}

async function start(
  context: CreationContext,
  record: SessionRecord,
  { plan, made }: { plan: Plan; made: UnfinishedSession },
): Promise<SessionRecord> {
  beginStep(context.watch, 'Starting the command…');
  const launch = await prepareLaunch(context, record, plan);
  made.isStarted = true;
  const started = await context.helper.start(launch);
  await pausePoint('creation-started');
  beginStep(context.watch);
  return context.keep(started);
}

async function addSubmodules({ watch }: CreationContext, worktree: NewWorktree): Promise<void> {
  if (!(await worktree.hasSubmodules())) return;
  beginStep(watch, 'Initializing submodules…');
  await worktree.addSubmodules(gitWatch(watch, 'Initializing submodules: '));
  await pausePoint('creation-submodules');
}

async function prepareLaunch(context: CreationContext, record: SessionRecord, plan: Plan): Promise<LaunchSpec> {
  const { command } = plan;
  const launch = await sessionLaunch(context, record);
  const { cwd, env, setup } = launch;
  // What the setup makes is not there yet.
  if (isInWorktree(command) && !setup) await checkCommand(command, { cwd, shell: context.settings().shell, env });
  return launch;
}

/** Chooses a name that is free as a session, a branch and a folder, and registers the record under it. */
async function takeName(context: CreationContext, options: CreateSessionOptions, plan: Plan): Promise<CreatedSession> {
  const { helper, settings, workplace, sessions } = context;
  return whileNamesRace(async () => {
    // Connecting brings in the sessions of other windows.
    await helper.connect();
    const tips = plan.base ? await branchTips(workplace.root) : new Map<string, string>();
    const isNameOnly = plan.restored !== undefined || plan.branch !== undefined;
    const taken = isNameOnly ? sessions().map((session) => session.name) : takenNames(sessions(), [...tips.keys()]);
    const { name, notice } = chooseName(options.name, new Date(), taken);
    const draft = draftRecord(context, options, plan, { name, tips });
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
  plan: Plan,
  { name, tips }: { name: string; tips: ReadonlyMap<string, string> },
): SessionRecord {
  const { id, base, command, cwd, policy, resumeCommand, restored, adopted, upstream } = plan;
  const branch = base ? (plan.branch ?? branchPrefix + name) : '';
  const ownsBranch = base !== undefined && !adopted && !tips.has(branch);
  const place = () => worktreeLocation(settings().worktreesFolder, locationContext(workplace), { id, name, branch });
  // The tip that a branch of a saved session has now is not where that began.
  const begins = ownsBranch ? startOf(plan).commit : restored ? undefined : tips.get(branch);
  const record = newRecord({
    id,
    name,
    command,
    cwd,
    policy,
    ...(resumeCommand === undefined ? {} : { resumeCommand }),
    branch,
    baseBranch: base?.ref ?? '',
    ...(begins === undefined ? {} : { baseCommit: begins }),
    worktreePath: placeOf(plan) ?? (base ? place() : folder),
    now: new Date(),
  });
  // What was there before the session has been made ready by whoever made it.
  const fresh = base && !adopted ? { state: 'pending' as const } : undefined;
  const isNew = restored?.worktreePath === undefined || restored.bringBack !== undefined;
  const setup = isNew ? fresh : restored.record.setup;
  const hasSubmodules = fresh && (options.submodules ?? settings().worktree?.submodules === 'init');
  const metadata = {
    ownsBranch,
    ...(hasSubmodules ? { submodules: true } : {}),
    ...(upstream !== undefined && ownsBranch ? { upstream } : {}),
    ...(adopted ? { ownsWorktree: false } : {}),
    ...(options.env ? { env: options.env } : {}),
  };
  const draft = { ...record, ...(setup ? { setup } : {}), metadata };
  return restored ? restoredRecord(draft, restored.record) : draft;
}
