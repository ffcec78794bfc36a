import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { sessionEnvironment } from '../core/launchCommand.ts';
import { type ChosenName, chooseName } from '../core/sessionName.ts';
import { newRecord } from '../core/sessionRecord.ts';
import { currentBase, type GitRepository, localBranches, requireFolder } from '../node/repository.ts';
import { addWorktree, tagWorktree } from '../node/worktree.ts';
import type { SessionCommand, SessionRecord } from '../protocol/sessionRecord.ts';
import type { HelperClient } from './helperClient.ts';
import { checkCommand, launchSpec } from './launch.ts';
import type { SessionManagerOptions } from './sessionManager.ts';

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
}

export interface CreatedSession {
  record: SessionRecord;
  /** One sentence where the name is not what was asked for. */
  notice?: string;
}

export interface CreationContext extends SessionManagerOptions {
  helper: HelperClient;
  sessions: () => SessionRecord[];
  /** Saves the record in this window's storage, so that the session is acknowledged only once it lasts. */
  keep: (record: SessionRecord) => Promise<SessionRecord>;
}

/** How often a name that another window took meanwhile is chosen anew. */
const maxNameRaces = 5;

const branchPrefix = 'feature/';

/** Steps taken so far, each with what undoes it; the last one is undone first. */
class Undo {
  readonly #steps: (() => Promise<unknown>)[] = [];

  add(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.reverse()) await step().catch(() => undefined);
  }
}

/**
 * Makes a session: record, branch, worktree, process. All of it, or none.
 *
 * @throws {HoldfastError} `MAX_SESSIONS`, `NOT_A_REPOSITORY`, `NO_COMMITS`, `DETACHED_HEAD`, `COMMAND_NOT_FOUND`,
 *   `BRANCH_EXISTS`, `FOLDER_EXISTS`, `INVALID_NAME`, `INVALID_ARGUMENT`, `HELPER_START_FAILED`, `HOST_START_FAILED`,
 *   `DISK_FULL`, `STORAGE_NOT_WRITABLE`
 */
export async function createSession(context: CreationContext, options: CreateSessionOptions): Promise<CreatedSession> {
  const { folder, settings } = context;
  const command = toCommand(options.command);
  const cwd = toRelativeFolder(options.cwd);
  const env = sessionEnvironment(process.env, options.env);
  await requireFolder(folder);
  const base = await findBase(context, options);
  await checkCommand(command, { cwd: folder, shell: settings().shell, env });
  const undo = new Undo();
  try {
    const { record: taken, notice } = await takeName(context, options, { base, command, cwd });
    undo.add(() => context.helper.delete(taken));
    if (base !== undefined) await makeWorktree(context.workplace as GitRepository, taken, undo);
    undo.add(() => context.helper.stop(taken.id, 0));
    const record = await context.helper.start(await launchSpec(taken, { ...settings(), env }));
    await context.keep(record);
    return notice === undefined ? { record } : { record, notice };
  } catch (error) {
    await undo.run();
    throw error;
  }
}

/** What the branch starts from; undefined for a session without a worktree. */
async function findBase(context: CreationContext, options: CreateSessionOptions): Promise<string | undefined> {
  if (options.worktree === false) return undefined;
  const { workplace, folder } = context;
  if (workplace.kind === 'folder') {
    throw new HoldfastError('NOT_A_REPOSITORY', `${workplace.root} is not a git repository.`, {
      advice: 'Run the session without a worktree, or initialize a repository first.',
      data: { folder: workplace.root },
    });
  }
  if (options.baseBranch) return options.baseBranch;
  const base = await currentBase(folder);
  if (!base.isDetached) return base.ref;
  throw new HoldfastError('DETACHED_HEAD', 'No branch is checked out (detached HEAD).', {
    advice: 'Check out a branch, or start the session from this commit.',
    data: { commit: base.ref },
  });
}

interface Plan {
  base: string | undefined;
  command: SessionCommand;
  cwd: string;
}

/** Chooses a name that is free as a session, a branch and a folder, and registers the record under it. */
async function takeName(context: CreationContext, options: CreateSessionOptions, plan: Plan): Promise<CreatedSession> {
  const { helper, settings } = context;
  for (let race = 0; ; race++) {
    const chosen = await pickName(context, options, plan.base !== undefined);
    const draft = draftRecord(context, options, plan, chosen.name);
    try {
      const record = await helper.create(draft, settings().maxSessions);
      return { ...chosen, record };
    } catch (error) {
      const isRace = error instanceof HoldfastError && error.code === 'NAME_EXISTS';
      if (!isRace || race === maxNameRaces) throw error;
    }
  }
}

async function pickName(
  { sessions, workplace, helper }: CreationContext,
  { name }: CreateSessionOptions,
  hasBranch: boolean,
): Promise<ChosenName> {
  // Connecting brings in the sessions of other windows.
  await helper.connect();
  const branches = hasBranch ? await localBranches(workplace.root) : [];
  const ownBranches = branches.filter((branch) => branch.startsWith(branchPrefix));
  const taken = ownBranches.map((branch) => branch.slice(branchPrefix.length));
  return chooseName(name, new Date(), [...sessions().map((session) => session.name), ...taken]);
}

function draftRecord(
  { workplace, folder, settings }: CreationContext,
  options: CreateSessionOptions,
  { base, command, cwd }: Plan,
  name: string,
): SessionRecord {
  const id = randomUUID();
  const worktrees = path.resolve(workplace.root, settings().worktreesFolder);
  const record = newRecord({
    id,
    name,
    command,
    cwd,
    branch: base === undefined ? '' : (options.branch ?? branchPrefix + name),
    baseBranch: base ?? '',
    worktreePath: base === undefined ? folder : path.join(worktrees, `${name}-${id.slice(0, 8)}`),
    now: new Date(),
  });
  const ownsBranch = base !== undefined && options.branch === undefined;
  return { ...record, metadata: { ownsBranch, ...(options.env ? { env: options.env } : {}) } };
}

async function makeWorktree(repository: GitRepository, record: SessionRecord, undo: Undo): Promise<void> {
  const { id, name, branch, baseBranch, worktreePath, createdAt } = record;
  const made = await addWorktree(repository, { path: worktreePath, branch, base: baseBranch });
  undo.add(() => made.undo());
  await tagWorktree(worktreePath, { version: '1.0', id, name, branch, baseBranch, createdAt, key: repository.key });
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
  return relative === '.' ? '' : relative;
}
