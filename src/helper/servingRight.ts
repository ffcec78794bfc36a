import { Sequencer } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import { exists } from '../node/exists.ts';
import { KeptLock } from '../node/keptLock.ts';
import type { Lock } from '../node/lockFile.ts';
import type { Log } from '../node/log.ts';
import type { RepositoryPlaces } from '../node/places.ts';
import { raiseEpoch, readEpoch, writeEpoch } from './epochFile.ts';

/** What became of the right: `retaken` where its lock was gone, or named an owner that is. */
export type RightState = 'held' | 'retaken' | 'lost';

/**
 * The right to serve a repository: the helper's lock, and the highest epoch. A helper that was stopped for a while may
 * have been superseded when it goes on, so it asks before it writes or commands anything.
 */
export class ServingRight {
  readonly epoch: number;
  readonly #lock: KeptLock;
  readonly #epochFile: string;
  readonly #log: Log;
  readonly #checks = new Sequencer();
  readonly #onLost = new Emitter<void>();
  /** Fires once, where another helper serves by now. */
  readonly onLost = this.#onLost.event;
  #isLost = false;
  #isRetaken = false;

  /** Begins an epoch with the helper's lock in hand. */
  static async begin(places: RepositoryPlaces, lock: Lock, log: Log): Promise<ServingRight> {
    return new ServingRight(places, lock, await raiseEpoch(places), log);
  }

  private constructor({ helperLock, epochFile }: RepositoryPlaces, lock: Lock, epoch: number, log: Log) {
    this.#lock = new KeptLock(helperLock, lock);
    this.#epochFile = epochFile;
    this.epoch = epoch;
    this.#log = log;
  }

  /** Takes the lock again where it is gone; `retaken` is told once. @throws where it cannot be told. */
  async check(): Promise<RightState> {
    const state = await this.#checks.queue(() => this.#check());
    if (state === 'lost') return state;
    const isRetaken = this.#isRetaken;
    this.#isRetaken = false;
    return isRetaken ? 'retaken' : 'held';
  }

  /** @throws {HoldfastError} `CONNECTION_LOST` where another helper serves by now. */
  async require(): Promise<void> {
    if (!this.#isLost && (await this.#isUntouched())) return;
    // What the disk does not tell proves nothing, and whatever comes next meets the same disk.
    const state = await this.#checks.queue(() => this.#check()).catch(() => 'held');
    if (state === 'lost') throw new HoldfastError('CONNECTION_LOST', 'Another Holdfast helper serves this repository.');
  }

  /** Writes the epoch again where its file is gone. Returns whether it was. */
  async restore(): Promise<boolean> {
    if (await exists(this.#epochFile)) return false;
    await writeEpoch(this.#epochFile, this.epoch);
    return true;
  }

  release(): Promise<void> {
    return this.#lock.release();
  }

  async #isUntouched(): Promise<boolean> {
    const looks = [this.#lock.isInPlace(), this.#isLatest()];
    return (await Promise.all(looks).catch(() => [false])).every(Boolean);
  }

  async #isLatest(): Promise<boolean> {
    return ((await readEpoch(this.#epochFile)) ?? 0) <= this.epoch;
  }

  async #check(): Promise<RightState> {
    if (this.#isLost) return 'lost';
    const lock = await this.#lock.check();
    if (lock.state === 'lost') return this.#lose({ pid: lock.owner.pid });
    // Whoever had the lock meanwhile knows what this helper does not, even if they are gone by now.
    if (!(await this.#isLatest())) return this.#lose({ epoch: this.epoch });
    if (lock.state === 'retaken') this.#isRetaken = true;
    return lock.state;
  }

  #lose(fields: Record<string, unknown>): 'lost' {
    this.#isLost = true;
    this.#log.warn('Another helper serves this repository by now', fields);
    this.#onLost.fire();
    return 'lost';
  }
}
