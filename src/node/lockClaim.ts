import { randomUUID } from 'node:crypto';
import { link, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { isMissing } from './durableFile.ts';
import { removeAtExit } from './heldLocks.ts';
import { giveUp, type LockOwner, readContent } from './lockOwner.ts';
import { makeFolders } from './makeFolders.ts';
import { ownIdentity } from './processIdentity.ts';
import { patiently, renameOver } from './renameFile.ts';

/** A file of the taker's own that becomes the lock at `file`, so that this appears whole or not at all. */
export class LockClaim {
  readonly file: string;
  readonly #path: string;
  readonly #owner: LockOwner;
  readonly #forget: () => void;
  #isTaken = false;

  private constructor(file: string, owner: LockOwner) {
    this.file = file;
    this.#owner = owner;
    this.#path = `${file}.${owner.nonce}`;
    this.#forget = removeAtExit({ file, claim: this.#path, nonce: owner.nonce });
  }

  static async write(file: string): Promise<LockClaim> {
    const claim = new LockClaim(file, { ...(await ownIdentity()), host: hostname(), nonce: randomUUID() });
    try {
      await claim.#write();
    } catch (error) {
      await claim.remove();
      throw error;
    }
    return claim;
  }

  /** Becomes the lock unless there is one: a hard link never replaces a file. Returns whether it did. */
  async link(): Promise<boolean> {
    try {
      await link(this.#path, this.file);
      return this.#taken();
    } catch (error) {
      if (systemErrorCode(error) === 'EEXIST') return false;
      return lacksLinks(error) ? this.#create() : this.#writeAgain(error);
    }
  }

  /** Becomes the lock in the place of another one. Returns whether it did. */
  async rename(): Promise<boolean> {
    try {
      await renameOver(this.#path, this.file);
      return this.#taken();
    } catch (error) {
      return this.#writeAgain(error);
    }
  }

  /** Where that fails, the claim goes with whoever takes the lock after it. */
  async remove(): Promise<void> {
    await unlink(this.#path).catch(() => undefined);
    if (this.#isTaken) return;
    giveUp(this.#owner);
    this.#forget();
  }

  async isInPlace(): Promise<boolean> {
    return (await readContent(this.file))?.nonce === this.#owner.nonce;
  }

  /** Gives the lock up that it has become, unless that is no longer ours. */
  async release(): Promise<void> {
    try {
      const current = await readContent(this.file);
      if (current?.nonce === this.#owner.nonce) await patiently(() => unlink(this.file).catch(ignoreMissing));
      this.#forget();
    } finally {
      // Not before: whoever took it over meanwhile would lose it to the removal.
      giveUp(this.#owner);
    }
  }

  /** Where there are no links the lock is there before it says whose it is, which its readers wait for. */
  async #create(): Promise<boolean> {
    try {
      await writeNew(this.file, this.#content);
      return this.#taken();
    } catch (error) {
      if (systemErrorCode(error) === 'EEXIST') return false;
      throw error;
    }
  }

  async #write(): Promise<void> {
    try {
      await writeNew(this.#path, this.#content);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await makeFolders(path.dirname(this.file));
      await writeNew(this.#path, this.#content);
    }
  }

  get #content(): string {
    return JSON.stringify(this.#owner);
  }

  /** Somebody may have swept the claim of a process that was suspended before it had written it. */
  async #writeAgain(error: unknown): Promise<false> {
    if (!isMissing(error)) throw error;
    await this.#write();
    return false;
  }

  #taken(): true {
    this.#isTaken = true;
    return true;
  }
}

/** Not synced: a lock that a power cut leaves empty is older than the next boot, and that is proof enough. */
function writeNew(file: string, content: string): Promise<void> {
  return writeFile(file, content, { mode: 0o600, flag: 'wx' });
}

/** As on exFAT, and on some disks of other machines. */
function lacksLinks(error: unknown): boolean {
  return ['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(systemErrorCode(error) ?? '');
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
