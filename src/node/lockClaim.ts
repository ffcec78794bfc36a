import { randomUUID } from 'node:crypto';
import { link, mkdir, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { isMissing } from './durableFile.ts';
import { removeAtExit } from './heldLocks.ts';
import { giveUp, type LockOwner, readContent } from './lockOwner.ts';
import { ownIdentity } from './processIdentity.ts';

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
      return this.#writeAgain(error);
    }
  }

  /** Becomes the lock in the place of another one. Returns whether it did. */
  async rename(): Promise<boolean> {
    try {
      await rename(this.#path, this.file);
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

  /** Gives the lock up that it has become, unless that is no longer ours. A file that cannot be removed is stale. */
  async release(): Promise<void> {
    giveUp(this.#owner);
    const current = await readContent(this.file);
    if (current?.nonce === this.#owner.nonce) await unlink(this.file).catch(ignoreMissing);
    this.#forget();
  }

  async #write(): Promise<void> {
    const content = JSON.stringify(this.#owner);
    try {
      await writeFile(this.#path, content, { mode: 0o600 });
    } catch (error) {
      if (!isMissing(error)) throw error;
      await mkdir(path.dirname(this.file), { recursive: true, mode: 0o700 });
      await writeFile(this.#path, content, { mode: 0o600 });
    }
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

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
