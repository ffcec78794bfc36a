import * as v from 'valibot';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { HelperClient } from '../client/helperClient.ts';
import { HelperLauncher } from '../client/helperLauncher.ts';
import { hostAddress } from '../client/hostAddress.ts';
import type { HostClientOptions } from '../client/hostClient.ts';
import { isLive } from '../core/sessionRecord.ts';
import { defaultSettings, type SupervisionSettings, supervisionSettingsSchema } from '../core/supervisionPolicy.ts';
import { readJson } from '../node/durableFile.ts';
import { repositoryPlaces, type SessionPlaces, sessionPlaces, stateFolder, thisMachine } from '../node/places.ts';
import { findWorkplace, type Workplace } from '../node/repository.ts';
import type { ChangesReport } from '../protocol/changes.ts';
import type { HealthReport } from '../protocol/health.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { listedRecords, sessionFolders } from './knownRecords.ts';
import { matchSession } from './sessionMatch.ts';
import { explainSystemError } from './systemFailure.ts';

/** How long a command waits until the worktrees are looked at; what takes longer is told as not known. Milliseconds. */
const changesPatience = 3_000;

/** The program that runs: where its files are, and its version. */
export interface Program {
  /** The folder of the built programs. */
  dist: string;
  version: string;
}

/** The sessions of the repository that the current folder belongs to. */
export class RepositorySessions implements Disposable {
  readonly workplace: Workplace;
  /** Undefined where no helper runs and there is nothing to start one for. */
  readonly helper: HelperClient | undefined;

  /**
   * Joins the repository's helper, which is told what the windows' lists hold. Where none runs, one is started if
   * there ever was a session.
   *
   * @throws {HoldfastError} `NO_FOLDER`, `GIT_MISSING`, `GIT_TOO_OLD`, `HELPER_START_FAILED`, `CONNECTION_LOST`
   */
  static async open({ dist, version }: Program): Promise<RepositorySessions> {
    const workplace = await findWorkplace(currentFolder());
    const client = { kind: 'cli' as const, pid: process.pid, version };
    const launcher = new HelperLauncher({ machine: thisMachine(), key: workplace.key, dist, client });
    const places = repositoryPlaces(thisMachine(), workplace.key);
    try {
      const listed = await listedRecords(places);
      const helper = new HelperClient({ launcher, replica: () => listed });
      if (await helper.join()) return new RepositorySessions(workplace, helper);
      const hasSessions = listed.some(isLive) || (await sessionFolders(places)).length > 0;
      if (!hasSessions) return new RepositorySessions(workplace, undefined);
      await helper.connect();
      return new RepositorySessions(workplace, helper);
    } catch (error) {
      throw explainUnreachable(error, workplace);
    }
  }

  private constructor(workplace: Workplace, helper: HelperClient | undefined) {
    this.workplace = workplace;
    this.helper = helper;
  }

  /** The sessions that are not destroyed, oldest first. */
  async list(): Promise<SessionRecord[]> {
    return this.helper ? (await this.helper.list()).records.filter(isLive) : [];
  }

  /** @throws {HoldfastError} `AMBIGUOUS_SESSION`, `SESSION_NOT_FOUND` */
  async find(
    query: string,
    match = matchSession<SessionRecord>,
  ): Promise<{ helper: HelperClient; record: SessionRecord }> {
    const record = match(await this.list(), query);
    // Only a helper lists sessions.
    return { helper: this.helper as HelperClient, record };
  }

  /** How the sessions are; undefined where no helper runs, and from one that is too old to tell. */
  async health(): Promise<HealthReport | undefined> {
    return this.helper?.health().catch((error) => {
      if (error instanceof HoldfastError && error.code === 'PROTOCOL_MISMATCH') return undefined;
      throw error;
    });
  }

  /** What was done in the sessions' worktrees; undefined where no helper runs, and from one that is too old to tell. */
  async changes(): Promise<ChangesReport | undefined> {
    return this.helper?.changes(changesPatience).catch((error) => {
      if (error instanceof HoldfastError && error.code === 'PROTOCOL_MISMATCH') return undefined;
      throw error;
    });
  }

  /** What the helper goes by: what a window told it last, or the defaults. */
  async supervision(): Promise<SupervisionSettings> {
    const { settingsFile } = repositoryPlaces(thisMachine(), this.workplace.key);
    const kept = v.safeParse(supervisionSettingsSchema, await readJson(settingsFile).catch(() => undefined));
    return kept.success ? kept.output : defaultSettings;
  }

  places(id: string): SessionPlaces {
    return sessionPlaces(thisMachine(), this.workplace.key, id);
  }

  /** How to reach the session's host. */
  hostAddress(id: string): Promise<HostClientOptions> {
    return hostAddress(thisMachine(), this.workplace.key, id, { kind: 'cli', pid: process.pid });
  }

  /** Lets go of the helper; sessions run on. */
  dispose(): void {
    this.helper?.dispose();
  }
}

/** Opens the sessions for as long as `use` takes. */
export async function withSessions<T>(program: Program, use: (sessions: RepositorySessions) => Promise<T>): Promise<T> {
  const sessions = await RepositorySessions.open(program);
  try {
    return await use(sessions);
  } catch (error) {
    throw explainHelper(error);
  } finally {
    sessions.dispose();
  }
}

/** Why there is no connection to the helper, as advice. */
export function explainUnreachable(error: unknown, { key }: Workplace): unknown {
  return explainSystemError(explainHelper(error), {
    code: 'CONNECTION_LOST',
    message: 'The helper of this repository cannot be reached',
    advice: `Its sessions run on. Check ${repositoryPlaces(thisMachine(), key).folder}.`,
  });
}

/** What a helper that refuses or is silent means for somebody at a shell; any other error as it is. */
export function explainHelper(error: unknown): unknown {
  if (!(error instanceof HoldfastError)) return error;
  if (error.code === 'UNAUTHORIZED') return tokenReplaced(error);
  const isSilent = error.code === 'TIMEOUT' && error.data.method !== undefined;
  return isSilent ? helperSilent(error) : error;
}

function tokenReplaced(cause: HoldfastError): HoldfastError {
  const folder = stateFolder(thisMachine());
  const text = `The helper that runs refuses the token in ${folder}: that folder was replaced while it ran.`;
  return new HoldfastError('UNAUTHORIZED', text, {
    advice:
      'Its sessions run on, and nothing was changed. Put the earlier folder back; “holdfast doctor” tells what lives meanwhile.',
    data: { folder },
    cause,
  });
}

function helperSilent(cause: HoldfastError): HoldfastError {
  return new HoldfastError('TIMEOUT', 'The helper of this repository does not answer.', {
    advice: 'Sessions run on. “holdfast doctor” tells which process it is, and what helps.',
    data: cause.data,
    cause,
  });
}

/** The folder that the command was given in. @throws {HoldfastError} `NO_FOLDER` */
export function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    throw new HoldfastError('NO_FOLDER', 'The folder this shell is in does not exist any more.', {
      advice: 'Change to a folder of the repository.',
      cause: error,
    });
  }
}
