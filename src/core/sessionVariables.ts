import type { SessionRecord } from '../protocol/sessionRecord.ts';

type Told = Pick<SessionRecord, 'id' | 'name' | 'branch' | 'worktreePath'>;

export interface ToldPlaces {
  /** The first of the session's ten ports. */
  port?: number | undefined;
  /** The main checkout; absent where it is not known. */
  root?: string | undefined;
}

/** What programs in a session are told of it, whatever the user's own variables say. */
export function sessionVariables(
  { id, name, branch, worktreePath }: Told,
  { port, root }: ToldPlaces,
): Record<string, string> {
  return {
    HOLDFAST_SESSION_ID: id,
    HOLDFAST_SESSION_NAME: name,
    HOLDFAST_WORKTREE: worktreePath,
    ...(root === undefined ? {} : { HOLDFAST_ROOT: root }),
    ...(branch ? { HOLDFAST_BRANCH: branch } : {}),
    ...(port === undefined ? {} : { HOLDFAST_PORT: String(port) }),
  };
}

/** The port that an environment tells, undefined where it tells none. */
export function portIn({ HOLDFAST_PORT: port = '' }: Readonly<Record<string, string | undefined>>): number | undefined {
  return /^\d{1,5}$/.test(port) ? Number(port) : undefined;
}

/**
 * Variables that keep the sessions apart and that the user's own may outdo. A session in the user's own checkout shares
 * its containers.
 */
export function isolatingVariables({ id, branch, worktreePath }: Told): Record<string, string> {
  return branch ? { COMPOSE_PROJECT_NAME: composeProject(worktreePath, id.slice(0, 8)) } : {};
}

/**
 * A name that `docker compose` takes, that no two sessions share, and that stays when one is renamed.
 *
 * @see https://docs.docker.com/compose/how-tos/project-name/
 */
function composeProject(worktreePath: string, shortId: string): string {
  const [folder = ''] = worktreePath.split(/[\\/]/).slice(-1);
  const plain = folder
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[_-]+/, '');
  return plain.endsWith(shortId) ? plain : [plain, shortId].filter(Boolean).join('-');
}

const names = [
  ...['HOLDFAST_SESSION_ID', 'HOLDFAST_SESSION_NAME', 'HOLDFAST_WORKTREE', 'HOLDFAST_BRANCH', 'HOLDFAST_PORT'],
  'HOLDFAST_ROOT',
];

/** Whether a variable of an environment tells of the session that its process runs in, and of no other. */
export function isOfSession(name: string, env: Readonly<Record<string, string | undefined>>): boolean {
  return names.includes(name) || (name === 'COMPOSE_PROJECT_NAME' && env.HOLDFAST_SESSION_ID !== undefined);
}
