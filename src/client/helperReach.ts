import { HoldfastError, systemErrorCode } from '../base/errors.ts';
import { startStopwatch } from '../base/stopwatch.ts';
import { isOverdue } from '../core/overdue.ts';
import { helperAddress } from '../node/helperAddress.ts';
import { type LockOwner, readLock } from '../node/lockOwner.ts';
import type { RepositoryPlaces } from '../node/places.ts';
import { liveness } from '../node/processIdentity.ts';
import { readToken } from '../node/token.ts';
import type { HelperHello } from '../protocol/helperRpc.ts';
import { HelperConnection } from './helperConnection.ts';

/** How many unanswered greetings, each on a connection of its own, make a helper silent. */
const maxMissed = 2;

/** How often a greeting is tried whose deadline says nothing, for a clock has jumped meanwhile. */
const maxGreetings = 5;

/** Errors of a socket that mean only that nobody listens there. */
const nobodyListens = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTCONN']);

export interface HelperReachOptions {
  places: RepositoryPlaces;
  client: HelperHello['client'];
  /** How long a helper may take to answer a greeting, or later a question; milliseconds. */
  answerDeadline?: number | undefined;
}

/** Who was found; neither where nobody listens, or whoever does is no living owner of the helper's lock. */
export interface FoundHelper {
  connection?: HelperConnection;
  /** Lives, and accepts connections, but does not answer. */
  silent?: LockOwner;
}

/** Finds the helper that runs. */
export class HelperReach {
  readonly #options: HelperReachOptions;

  constructor(options: HelperReachOptions) {
    this.#options = options;
  }

  /** @throws {HoldfastError} what the helper refuses with; `TIMEOUT` where clocks jump all the time. */
  async find(): Promise<FoundHelper> {
    const { helperLock } = this.#options.places;
    // Of before the first greeting, so that one which took its place meanwhile is never the one found silent.
    const owner = await readLock(helperLock);
    let missed = 0;
    for (let greeting = 1; missed < maxMissed; greeting++) {
      const elapsed = startStopwatch();
      try {
        const connection = await this.greet();
        return connection ? { connection } : {};
      } catch (error) {
        if (!isUnanswered(error) || greeting === maxGreetings) throw error;
        if (isOverdue(error.data.deadline as number, elapsed())) missed++;
      }
    }
    const isSame = owner !== undefined && (await readLock(helperLock))?.nonce === owner.nonce;
    return isSame && (await liveness(owner)) === 'alive' ? { silent: owner } : {};
  }

  /** Connects to the helper; undefined where nobody listens. @throws {HoldfastError} `TIMEOUT`, and what it answers. */
  async greet(): Promise<HelperConnection | undefined> {
    const { places, client, answerDeadline } = this.#options;
    try {
      const token = await readToken(places.stateFolder);
      return await HelperConnection.connect({ socket: await helperAddress(places), token, client, answerDeadline });
    } catch (error) {
      if (isNobodyThere(error)) return undefined;
      throw error;
    }
  }
}

function isNobodyThere(error: unknown): boolean {
  if (error instanceof HoldfastError) return error.code === 'CONNECTION_LOST';
  return nobodyListens.has(systemErrorCode(error) ?? '');
}

function isUnanswered(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && error.code === 'TIMEOUT';
}
