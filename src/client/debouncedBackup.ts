import type { Disposable } from '../base/lifecycle.ts';

export interface DebouncedBackupOptions {
  /** Takes the backup of what there is then. */
  take: () => Promise<unknown>;
  onError: (error: unknown) => void;
  /** How long nothing must have changed; milliseconds. */
  quiet?: number;
  /** How long after the first change one is taken even if changes go on; milliseconds. */
  patience?: number;
}

/** Takes a backup after changes: one for many that come close together. */
export class DebouncedBackup implements Disposable {
  readonly #options: Required<DebouncedBackupOptions>;
  #timer: NodeJS.Timeout | undefined;
  /** When a backup is due at the latest; milliseconds since 1970. */
  #deadline: number | undefined;
  #isDisposed = false;

  constructor(options: DebouncedBackupOptions) {
    this.#options = { quiet: 10_000, patience: 5 * 60_000, ...options };
  }

  /** Something changed. */
  note(): void {
    if (this.#isDisposed) return;
    const { quiet, patience } = this.#options;
    const now = Date.now();
    this.#deadline ??= now + patience;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#take(), Math.max(0, Math.min(quiet, this.#deadline - now)));
    // The list itself is on disk, so that nothing has to wait for its backup.
    this.#timer.unref();
  }

  /** Takes no more backups; what has changed is on disk all the same. */
  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
  }

  async #take(): Promise<void> {
    this.#deadline = undefined;
    try {
      await this.#options.take();
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
