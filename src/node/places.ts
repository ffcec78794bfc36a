import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';

/** The facts about a machine and its user that decide where things are kept. */
export interface Machine {
  platform: NodeJS.Platform;
  env: Record<string, string | undefined>;
  homedir: string;
  tmpdir: string;
  /** Numeric user id, or the user's name on Windows. */
  user: string;
}

export function thisMachine(env: Record<string, string | undefined> = process.env): Machine {
  return {
    platform: process.platform,
    env,
    homedir: os.homedir(),
    tmpdir: os.tmpdir(),
    user: process.getuid ? String(process.getuid()) : os.userInfo().username,
  };
}

/** Path rules of the machine that is described, which a unit test may choose freely. */
function pathOf(machine: Machine): path.PlatformPath {
  return machine.platform === 'win32' ? path.win32 : path.posix;
}

/** The user's state folder: runtime copies, session folders, token, logs. @throws {HoldfastError} `INVALID_ARGUMENT` */
export function stateFolder(machine: Machine): string {
  const { env, homedir, platform } = machine;
  const { join } = pathOf(machine);
  const chosen = chosenFolder(machine, 'HOLDFAST_STATE_DIR');
  if (chosen !== undefined) return chosen;
  if (platform === 'darwin') return join(homedir, 'Library', 'Application Support', 'holdfast');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(homedir, 'AppData', 'Local'), 'holdfast');
  return join(baseFolder(machine, 'XDG_STATE_HOME') ?? join(homedir, '.local', 'state'), 'holdfast');
}

/**
 * The folder for sockets; not used on Windows, where named pipes have a namespace of their own.
 *
 * @throws {HoldfastError} `INVALID_ARGUMENT`
 */
export function socketFolder(machine: Machine): string {
  const { tmpdir, user } = machine;
  const { join } = pathOf(machine);
  const chosen = chosenFolder(machine, 'HOLDFAST_RUNTIME_DIR');
  if (chosen !== undefined) return chosen;
  const base = baseFolder(machine, 'XDG_RUNTIME_DIR');
  return base === undefined ? join(tmpdir, `holdfast-${user}`) : join(base, 'holdfast');
}

/** A relative one would be another folder for every process, and lie in the user's repository. */
function chosenFolder(machine: Machine, variable: string): string | undefined {
  const folder = machine.env[variable];
  if (!folder || pathOf(machine).isAbsolute(folder)) return folder || undefined;
  throw new HoldfastError('INVALID_ARGUMENT', `${variable} is not an absolute path: ${folder}. Nothing was changed.`, {
    advice: 'Set it to the full path of a folder of your own.',
    data: { variable, folder },
  });
}

/** A relative one is ignored, as the standard has it. @see https://specifications.freedesktop.org/basedir-spec/latest */
function baseFolder(machine: Machine, variable: string): string | undefined {
  const folder = machine.env[variable];
  return folder && pathOf(machine).isAbsolute(folder) ? folder : undefined;
}

/** The longest socket path that every supported system accepts, in bytes (macOS has the shortest limit). */
const maxSocketPath = 103;

/** Everything one repository keeps outside its own folder. */
export interface RepositoryPlaces {
  key: string;
  stateFolder: string;
  /** `<state>/<key>`. */
  folder: string;
  socketFolder: string;
  helperSocket: string;
  helperLock: string;
  /** Held while a helper that does not answer is superseded. */
  takeoverLock: string;
  helperFile: string;
  /** The number of the last helper that had the right to serve. */
  epochFile: string;
  helperLog: string;
  /** What the user has set, as a window told the helper last. */
  settingsFile: string;
  sessionsFolder: string;
  /** What the user has saved of sessions. */
  savedFolder: string;
  /** Notes about worktrees that are being removed. */
  removalsFolder: string;
  /** Where the repository is whose sessions' archives are looked after. */
  repositoryFile: string;
  /** The variables of sessions whose worktrees are archived. */
  variablesFolder: string;
  /** Since when archives are too old. */
  archivesFile: string;
}

/** 16 hex digits for the real path of a git common dir, or of a folder where there is no git. */
export function repositoryKey(realPath: string): string {
  return digest(realPath).slice(0, 16);
}

export function repositoryPlaces(machine: Machine, key: string): RepositoryPlaces {
  const { join } = pathOf(machine);
  const state = stateFolder(machine);
  const folder = join(state, key);
  return {
    key,
    stateFolder: state,
    folder,
    socketFolder: socketFolder(machine),
    helperSocket: socketPath(machine, 'helper', key),
    helperLock: join(folder, 'helper.lock'),
    takeoverLock: join(folder, 'takeover.lock'),
    helperFile: join(folder, 'helper.json'),
    epochFile: join(folder, 'epoch.json'),
    helperLog: join(folder, 'helper.log'),
    settingsFile: join(folder, 'settings.json'),
    sessionsFolder: join(folder, 'sessions'),
    savedFolder: join(folder, 'saved'),
    removalsFolder: join(folder, 'removals'),
    repositoryFile: join(folder, 'repository.json'),
    variablesFolder: join(folder, 'variables'),
    archivesFile: join(folder, 'archives.json'),
  };
}

/** Everything one session keeps outside its worktree. */
export interface SessionPlaces {
  folder: string;
  record: string;
  launch: string;
  host: string;
  /** Held by the session's host while it lives. */
  hostLock: string;
  /** What the session can be brought back from. */
  checkpoint: string;
  /** What hosts of before there were checkpoints saved. */
  screen: string;
  transcript: string;
  log: string;
  /** What was printed by the last teardown of its worktree. */
  teardownLog: string;
  socket: string;
}

export function sessionPlaces(machine: Machine, key: string, sessionId: string): SessionPlaces {
  const { join } = pathOf(machine);
  const folder = join(repositoryPlaces(machine, key).sessionsFolder, sessionId);
  return {
    folder,
    record: join(folder, 'record.json'),
    launch: join(folder, 'launch.json'),
    host: join(folder, 'host.json'),
    hostLock: join(folder, 'host.lock'),
    checkpoint: join(folder, 'checkpoint.json'),
    screen: join(folder, 'screen.json'),
    transcript: join(folder, 'transcript.cast'),
    log: join(folder, 'host.log'),
    teardownLog: join(folder, 'teardown.log'),
    socket: socketPath(machine, 'host', `${key}/${sessionId}`),
  };
}

/** What a full transcript is renamed to: `transcript.cast` → `transcript.1.cast`. */
export function previousTranscript(file: string): string {
  const { dir, name, ext } = path.parse(file);
  return path.join(dir, `${name}.1${ext}`);
}

/** The state folder is part of the name, so that a second one (a test's) never meets the first one's sockets. */
function socketPath(machine: Machine, kind: 'helper' | 'host', identity: string): string {
  const name = `${kind}-${digest(`${stateFolder(machine)}\0${identity}`).slice(0, 16)}`;
  if (machine.platform === 'win32') return `\\\\.\\pipe\\holdfast-${name}`;
  const socket = path.posix.join(socketFolder(machine), `${name}.sock`);
  if (Buffer.byteLength(socket) <= maxSocketPath) return socket;
  throw new HoldfastError('UNSAFE_FOLDER', `The socket path ${socket} is too long for this system.`, {
    advice: 'Set HOLDFAST_RUNTIME_DIR to a short folder of your own.',
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
