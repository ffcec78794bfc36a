import { HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';

/** Which helper may speak to a host: the newest, by its epoch, and those of the same. */
export class HelperEpoch {
  #highest = 0;
  readonly #onRaise = new Emitter<number>();
  /** A newer helper has come than any before. */
  readonly onRaise = this.#onRaise.event;

  /**
   * Notes a helper that comes; returns whether it is newer than all before.
   *
   * @throws {HoldfastError} `STALE_EPOCH` where a newer one has come before.
   */
  admit(epoch: number): boolean {
    if (epoch < this.#highest) throw staleEpoch(epoch, this.#highest);
    if (epoch === this.#highest) return false;
    this.#highest = epoch;
    this.#onRaise.fire(epoch);
    return true;
  }
}

function staleEpoch(epoch: number, highest: number): HoldfastError {
  return new HoldfastError('STALE_EPOCH', 'A newer helper looks after this session. Nothing was changed.', {
    advice: 'This helper has been replaced and should end.',
    data: { epoch, highest },
  });
}
