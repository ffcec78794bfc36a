import * as v from 'valibot';
import { HoldfastError } from '../base/errors.ts';
import { readJson, writeJson } from '../node/durableFile.ts';
import { KeptLock } from '../node/keptLock.ts';
import { tryLock } from '../node/lockFile.ts';
import type { Log } from '../node/log.ts';
import { type Machine, repositoryPlaces, type SessionPlaces, sessionPlaces } from '../node/places.ts';
import { identify, type ProcessIdentity } from '../node/processIdentity.ts';
import { readLastScreen, startOf } from '../node/savedScreen.ts';
import { isListenedAt, prepareSocketFolder } from '../node/sockets.ts';
import { ServerToken } from '../node/token.ts';
import { type LaunchSpec, launchSpecSchema } from '../protocol/hostMessages.ts';
import { type EarlierRecording, findEarlierRecording } from './earlierRecording.ts';
import { Screen } from './screen.ts';
import { plainLine } from './separator.ts';

export interface PreparationOptions {
  machine: Machine;
  key: string;
  sessionId: string;
  log: Log;
}

/** What a host needs before its process may run. */
export interface Preparation {
  places: SessionPlaces;
  token: ServerToken;
  launch: LaunchSpec;
  screen: Screen;
  /** Of the life that it is restored from. */
  screenSince: string | undefined;
  identity: ProcessIdentity;
  lock: KeptLock;
  recording: EarlierRecording | undefined;
  /** Of the launch: what the session's users are told about this start, in one line. */
  notice: string | undefined;
}

/**
 * @throws {HoldfastError} `HOST_START_FAILED` when the launch file is missing; `SESSION_RUNNING` when the session has a
 * living host.
 */
export async function prepare({ machine, key, sessionId, log }: PreparationOptions): Promise<Preparation> {
  const places = sessionPlaces(machine, key, sessionId);
  const { stateFolder, socketFolder } = repositoryPlaces(machine, key);
  await prepareSocketFolder(socketFolder);
  // A living host may have lost its lock together with the folder that it is in.
  if (await isListenedAt(places.socket)) throw runsAlready();
  const lock = await takeLock(places.hostLock);
  const [token, launch, previous, identity, recording] = await Promise.all([
    ServerToken.read(stateFolder),
    takeLaunch(places.launch, log),
    readLastScreen(places),
    identify(process.pid),
    findEarlierRecording(places.transcript),
  ]);
  const screen = new Screen({ ...launch, theme: launch.theme ?? 'dark' });
  if (previous) await screen.restore(previous);
  const notice = plainLine(launch.notice ?? '') || undefined;
  if (notice !== undefined) await screen.announce(notice);
  const screenSince = previous && startOf(previous);
  return { places, token, launch, screen, screenSince, identity, lock, recording, notice };
}

/** Two hosts would run the session's command twice in one worktree. */
async function takeLock(file: string): Promise<KeptLock> {
  const attempt = await tryLock(file);
  if ('lock' in attempt) return new KeptLock(file, attempt.lock);
  throw runsAlready(attempt.heldBy?.pid);
}

function runsAlready(pid?: number): HoldfastError {
  return new HoldfastError('SESSION_RUNNING', 'This session has a living host already. Nothing was started.', {
    advice: 'Stop the session before starting it again.',
    data: { pid },
  });
}

/** The environment, which may hold secrets, does not stay on disk: each start brings its own. */
async function takeLaunch(file: string, log: Log): Promise<LaunchSpec> {
  const launch = v.safeParse(launchSpecSchema, await readJson(file));
  if (!launch.success) throw new HoldfastError('HOST_START_FAILED', `The launch file ${file} is missing or damaged.`);
  await writeJson(file, { ...launch.output, env: {} }).catch((error) =>
    log.warn('The environment could not be removed from the launch file', { file, error }),
  );
  return launch.output;
}
