import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { defaultPolicy } from '../core/supervisionPolicy.ts';
import { worktreeLocation } from '../core/worktreeLocation.ts';
import { requireFolder } from '../node/repository.ts';
import { type BranchStart, requireBranchName } from '../node/worktree.ts';
import type { SessionCommand, SessionPolicy } from '../protocol/sessionRecord.ts';
import { findSource, type Source } from './creationSource.ts';
import type { HelperClient } from './helperClient.ts';
import { checkCommand, isInWorktree } from './launch.ts';
import { checkPolicy, checkResumeCommand } from './sessionChoices.ts';
import type { CreateSessionOptions, CreationContext, Restoration } from './sessionCreation.ts';
import { plannedEnvironment } from './sessionLaunch.ts';
import type { ManagerSettings } from './sessionManager.ts';
import { locationContext } from './sessionWorktree.ts';

/** What a session can be planned with. */
export interface PlanContext
  extends Pick<CreationContext, 'machine' | 'workplace' | 'folder' | 'settings' | 'sessions' | 'watch'> {
  helper: Pick<HelperClient, 'connect'>;
}

/** Before the name of a session, where its branch is made from that. */
export const branchPrefix = 'feature/';

/** What a creation goes by. */
export interface Plan extends Source {
  /** Of the session to be. */
  id: string;
  command: SessionCommand;
  cwd: string;
  policy: SessionPolicy;
  resumeCommand: SessionCommand | undefined;
  restored: Restoration | undefined;
}

/**
 * What `createSession` goes by, having changed nothing: everything that can be refused before anything is made
 * is refused here.
 *
 * @throws {HoldfastError} see `createSession`
 */
export async function planCreation(
  context: PlanContext,
  options: CreateSessionOptions,
  restored: Restoration | undefined,
): Promise<Plan> {
  const { folder, settings } = context;
  const command = toCommand(options.command);
  const cwd = toRelativeFolder(options.cwd);
  const choices = chosen(options, settings());
  const id = randomUUID();
  const draft = { id, name: options.name ?? '', branch: '', worktreePath: folder, metadata: { env: options.env } };
  const env = plannedEnvironment(context, draft);
  await requireFolder(folder);
  const source = restored ? restoredSource(restored, options) : await findSource(context, options);
  if (source.base && !source.adopted) await requirePlace(context, source, id);
  const isChecked = restored?.start !== false && !isInWorktree(command);
  if (isChecked) await checkCommand(command, { cwd: folder, shell: settings().shell, env });
  return { ...source, id, command, cwd, restored, ...choices };
}

function restoredSource({ base }: Restoration, { branch }: CreateSessionOptions): Source {
  return { ...(base ? { base } : {}), ...(branch === undefined ? {} : { branch }) };
}

/** @throws {HoldfastError} `INVALID_NAME`, `INVALID_LOCATION` */
async function requirePlace({ workplace, settings }: PlanContext, { branch }: Source, id: string): Promise<void> {
  const { root } = workplace;
  if (branch !== undefined) await requireBranchName(root, branch);
  const example = { id, name: 'session', branch: branch ?? `${branchPrefix}session` };
  worktreeLocation(settings().worktreesFolder, locationContext(workplace), example);
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

/** The folder of a session that is there already. */
export function placeOf({ restored, adopted }: Plan): string | undefined {
  return restored?.worktreePath ?? adopted?.path;
}

/** Where its branch begins. */
export function startOf({ base, start, upstream }: Plan): BranchStart {
  return { commit: start ?? base?.commit ?? '', ...(upstream === undefined ? {} : { upstream }) };
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
