import { HoldfastError } from '../base/errors.ts';
import { sessionEnvironment } from '../core/launchCommand.ts';
import { ownVariables } from '../core/launchEnvironment.ts';
import { checkPlaceholders, resolvePlaceholders } from '../core/placeholders.ts';
import { needsSetup } from '../core/setup.ts';
import type { LaunchSpec } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { lastLaunch, launchSpec, portOf } from './launch.ts';
import type { ManagerSettings, SessionManagerOptions } from './sessionManager.ts';
import { findSetup } from './worktreeSetup.ts';

export type SessionLaunchContext = Pick<SessionManagerOptions, 'machine' | 'workplace' | 'settings'>;

/** `run`: also where it has succeeded before. `skip`: nor where it has not. Absent: where it has not succeeded yet. */
export type SetupChoice = 'run' | 'skip';

/**
 * Everything that starts the session as its record, the user's settings and its worktree are now.
 *
 * @throws {HoldfastError} `NO_FOLDER`; `INVALID_ARGUMENT` for a variable that makes no sense, and where a setup is to be
 *   run that there is not; `DISK_FULL`, `STORAGE_NOT_WRITABLE`
 */
export async function sessionLaunch(
  context: SessionLaunchContext,
  record: SessionRecord,
  choice?: SetupChoice,
): Promise<LaunchSpec> {
  const settings = await settingsFor(context, record);
  const isWanted = record.branch !== '' && (choice === 'run' || (choice !== 'skip' && needsSetup(record)));
  const { worktree = {}, shell } = settings;
  const setup = isWanted ? await findSetup(record.worktreePath, worktree, shell) : undefined;
  if (choice === 'run' && !setup) throw noSetup(record);
  return launchSpec(record, { ...settings, setup, ...(await sourcesOf(context, record)) });
}

/** The user's settings; a shell knows those alone that the session was last started with. */
export async function settingsFor(context: SessionLaunchContext, record: SessionRecord): Promise<ManagerSettings> {
  const settings = context.settings();
  if (settings.variables && settings.worktree) return settings;
  const last = await lastLaunch(context, record);
  const { variables = last?.variables, worktree = last?.worktree } = settings;
  return {
    ...settings,
    ...(variables ? { variables } : {}),
    ...(worktree ? { worktree: worktree } : {}),
  };
}

/** What the environment of a session's programs is made of, beside the user's settings. */
export async function sourcesOf(context: SessionLaunchContext, record: SessionRecord) {
  const { root } = context.workplace;
  return { env: sessionEnvironment(process.env), root, port: await portOf(context, record) };
}

function noSetup({ id, name }: SessionRecord): HoldfastError {
  return new HoldfastError('INVALID_ARGUMENT', `There is no setup for “${name}”. Nothing was changed.`, {
    advice: 'Set holdfast.worktree.setup, or add the script .holdfast/setup to its worktree.',
    data: { id },
  });
}

/**
 * The environment in which a session's command would be looked for that is not made yet, as far as it is known.
 *
 * @throws {HoldfastError} `INVALID_ARGUMENT` for a placeholder that there is not
 */
export function plannedEnvironment(
  { workplace: { root }, settings }: Pick<SessionLaunchContext, 'workplace' | 'settings'>,
  draft: Pick<SessionRecord, 'id' | 'name' | 'branch' | 'worktreePath' | 'metadata'>,
): Record<string, string> {
  const variables = { ...settings().variables, ...ownVariables(draft) };
  checkPlaceholders(variables);
  const env = sessionEnvironment(process.env);
  // Which ports it gets is known once it is there.
  return sessionEnvironment(process.env, resolvePlaceholders(variables, { record: draft, root, port: 0, env }));
}
