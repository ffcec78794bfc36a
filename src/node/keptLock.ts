import { HoldfastError } from '../base/errors.ts';
import { type Lock, tryLock } from './lockFile.ts';
import type { LockOwner } from './lockOwner.ts';

/** `retaken`: its file was gone, or named an owner that is. */
export type LockCheck = { state: 'held' | 'retaken' } | { state: 'lost'; owner: LockOwner };

/** A lock for the life of a process, whose file may be deleted together with the folder that it is in. */
export class KeptLock {
  readonly file: string;
  #lock: Lock;

  constructor(file: string, lock: Lock) {
    this.file = file;
    this.#lock = lock;
  }

  /**
   * Takes the lock again where its file is gone; one that another process has taken meanwhile stays theirs.
   *
   * @throws {HoldfastError} `LOCKED` where the file does not say whose it is.
   */
  async check(): Promise<LockCheck> {
    if (await this.#lock.isInPlace()) return { state: 'held' };
    const attempt = await tryLock(this.file);
    if (!('lock' in attempt)) return this.#taken(attempt.heldBy);
    const former = this.#lock;
    this.#lock = attempt.lock;
    await former.release();
    return { state: 'retaken' };
  }

  /** Whether the file names this owner still. */
  isInPlace(): Promise<boolean> {
    return this.#lock.isInPlace();
  }

  release(): Promise<void> {
    return this.#lock.release();
  }

  async #taken(owner: LockOwner | undefined): Promise<LockCheck> {
    // The file may have come back between the two looks.
    if (await this.#lock.isInPlace()) return { state: 'held' };
    if (owner) return { state: 'lost', owner };
    throw new HoldfastError('LOCKED', `The lock ${this.file} does not say whose it is.`);
  }
}
