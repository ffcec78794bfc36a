import { randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { createDurable, isMissing, toStorageError, writeDurable } from './durableFile.ts';
import { exists } from './exists.ts';
import { readRegularFile } from './regularFile.ts';

/**
 * The user's 256-bit token, made on first use; whoever can read the state folder may talk to its processes.
 *
 * @throws {HoldfastError} `DISK_FULL`, `STORAGE_NOT_WRITABLE`
 */
export async function readToken(stateFolder: string): Promise<string> {
  const file = tokenFile(stateFolder);
  const known = await tokenIn(file);
  if (known !== undefined) return known;
  const made = randomBytes(32).toString('hex');
  await makeToken(file, made);
  return (await tokenIn(file)) ?? made;
}

/** Undefined where there is no such file, or what is there is no token. */
async function tokenIn(file: string): Promise<string | undefined> {
  try {
    const token = (await readRegularFile(file, maxTokenFile)).toString('utf8').trim();
    return tokenPattern.test(token) ? token : undefined;
  } catch (error) {
    if (isMissing(error) || error instanceof HoldfastError) return undefined;
    throw toStorageError(error, file);
  }
}

/** Of several makers at once, the first one's stands and all read it. What is no token, as an empty file, is replaced. */
async function makeToken(file: string, token: string): Promise<void> {
  const isNew = await createDurable(file, token);
  if (!isNew && (await tokenIn(file)) === undefined) await writeDurable(file, token);
}

/**
 * The token by which a server tells the user's own programs. Its file may be deleted and made anew while the server
 * runs, and only the user can write it: so what it holds by then counts as well.
 */
export class ServerToken {
  readonly #file: string;
  /** What clients that are there already may come back with. */
  readonly #first: string;
  #current: string;

  constructor(stateFolder: string, token: string) {
    this.#file = tokenFile(stateFolder);
    this.#first = token;
    this.#current = token;
  }

  /** @throws {HoldfastError} as {@link readToken} does. */
  static async read(stateFolder: string): Promise<ServerToken> {
    return new ServerToken(stateFolder, await readToken(stateFolder));
  }

  /** What the file holds now; where that is no token, the last one that it held. */
  get current(): string {
    this.#current = readOwnToken(this.#file) ?? this.#current;
    return this.#current;
  }

  /**
   * Reads the file where the token is not known; the caller lets each client try but once.
   *
   * @throws {HoldfastError} `UNAUTHORIZED`
   */
  require(token: string): void {
    // Each is compared, so that the time says nothing of which one was meant.
    const isKnown = [tokensEqual(token, this.#first), tokensEqual(token, this.#current)].includes(true);
    if (!isKnown && !tokensEqual(token, this.current)) throw this.#unauthorized();
  }

  /** Makes the file again where it is gone. Returns whether it was. */
  async restore(): Promise<boolean> {
    if (await exists(this.#file)) return false;
    await makeToken(this.#file, this.#current);
    return true;
  }

  #unauthorized(): HoldfastError {
    return new HoldfastError('UNAUTHORIZED', `The token that was shown is not the one in ${this.#file}.`, {
      advice: 'Nothing was changed, and sessions run on. Try again; if that does not help, delete that file.',
      data: { file: this.#file },
    });
  }
}

function tokenFile(stateFolder: string): string {
  return path.join(stateFolder, 'token');
}

const tokenPattern = /^[0-9a-f]{64}$/;

/** A token, and a line's end that an editor may have put behind it; bytes. */
const maxTokenFile = 100;

/**
 * The token in a file that the user alone can have written; undefined where there is none. Not asynchronous, so that
 * nothing that a client sends comes between its greeting and the answer.
 */
function readOwnToken(file: string): string | undefined {
  try {
    const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stat = fstatSync(descriptor);
      const token = isOwn(stat) ? readFileSync(descriptor, 'utf8').trim() : '';
      return tokenPattern.test(token) ? token : undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

function isOwn(stat: Stats): boolean {
  if (!stat.isFile() || stat.size > maxTokenFile) return false;
  return process.platform === 'win32' || (stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0);
}

/** Compares in constant time. */
export function tokensEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
