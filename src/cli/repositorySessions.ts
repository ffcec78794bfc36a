import { readdir } from 'node:fs/promises';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { HelperClient } from '../client/helperClient.ts';
import { HelperLauncher } from '../client/helperLauncher.ts';
import { hostAddress } from '../client/hostAddress.ts';
import type { HostClientOptions } from '../client/hostClient.ts';
import { isLive } from '../core/sessionRecord.ts';
import { isMissing } from '../node/durableFile.ts';
import { repositoryPlaces, type SessionPlaces, sessionPlaces, thisMachine } from '../node/places.ts';
import { findWorkplace, type Workplace } from '../node/repository.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { matchSession } from './sessionMatch.ts';
import { explainSystemError } from './systemFailure.ts';

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
   * Joins the repository's helper. Where none runs, one is started if there ever was a session.
   *
   * @throws {HoldfastError} `NO_FOLDER`, `GIT_MISSING`, `GIT_TOO_OLD`, `HELPER_START_FAILED`, `CONNECTION_LOST`
   */
  static async open({ dist, version }: Program): Promise<RepositorySessions> {
    const workplace = await findWorkplace(currentFolder());
    const client = { kind: 'cli' as const, pid: process.pid, version };
    const launcher = new HelperLauncher({ machine: thisMachine(), key: workplace.key, dist, client });
    const helper = new HelperClient({ launcher, replica: () => [] });
    try {
      if (await helper.join()) return new RepositorySessions(workplace, helper);
      if (!(await hasSessions(workplace))) return new RepositorySessions(workplace, undefined);
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
  } finally {
    sessions.dispose();
  }
}

async function hasSessions({ key }: Workplace): Promise<boolean> {
  try {
    return (await readdir(repositoryPlaces(thisMachine(), key).sessionsFolder)).length > 0;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Why there is no connection to the helper, as advice. */
export function explainUnreachable(error: unknown, { key }: Workplace): unknown {
  return explainSystemError(error, {
    code: 'CONNECTION_LOST',
    message: 'The helper of this repository cannot be reached',
    advice: `Its sessions run on. Check ${repositoryPlaces(thisMachine(), key).folder}.`,
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
