import { delay } from '../base/async.ts';
import { backoff } from '../base/backoff.ts';
import { HoldfastError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import type { Attach, Hello, HostExit, TerminalSize } from '../protocol/hostMessages.ts';
import { HostClient, type Output, type ScreenOutput } from './hostClient.ts';

export interface SessionAttachmentOptions {
  socket: string;
  token: string;
  client: Hello['client'];
  size: TerminalSize;
  /** Lines of scrollback to bring back. */
  scrollback?: number;
  theme?: 'dark' | 'light';
  /** How long to try to reach the host again after its connection was lost; milliseconds. */
  patience?: number;
}

/** Input that may wait for the connection to be made anew; bytes. */
const maxHeldInput = 1024 * 1024;

/** Why an attachment is over: the process ended, or its host cannot be reached. */
export type AttachmentEnd = { kind: 'exit'; exit: HostExit } | { kind: 'lost' };

/**
 * A terminal's hold on a session. A broken connection is made anew and goes on with the byte after the last
 * one shown, so that nothing is missing and nothing comes twice.
 */
export class SessionAttachment implements Disposable {
  readonly #options: SessionAttachmentOptions;
  readonly #abort = new AbortController();
  readonly #onOutput = new Emitter<Output>();
  readonly onOutput = this.#onOutput.event;
  readonly #onScreen = new Emitter<ScreenOutput>();
  /** Replaces everything shown before. */
  readonly onScreen = this.#onScreen.event;
  readonly #onResized = new Emitter<TerminalSize>();
  /** The size the session really has, which another client may have set. */
  readonly onResized = this.#onResized.event;
  readonly #onEnd = new Emitter<AttachmentEnd>();
  /** Fires once. */
  readonly onEnd = this.#onEnd.event;
  #size: TerminalSize;
  #host: HostClient | undefined;
  #isAttached = false;
  #held: Buffer[] = [];
  #life: string | undefined;
  #next: number | undefined;
  #ended = false;

  constructor(options: SessionAttachmentOptions) {
    this.#options = options;
    this.#size = options.size;
  }

  get isConnected(): boolean {
    return this.#host?.isOpen ?? false;
  }

  /** Attaches; rejects when the host cannot be reached at all. */
  async open(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      // The session may have ended meanwhile, which its listeners know already.
      if (!this.#ended) throw error;
    }
  }

  /** Everything up to byte offset `seq` is on the terminal. */
  acknowledge(seq: number): void {
    this.#host?.acknowledge(seq);
  }

  /**
   * Types at the session. While the connection is made anew the input waits; a program started meanwhile is not given
   * what was meant for the one before.
   *
   * @throws {HoldfastError} `INPUT_TOO_LARGE`
   */
  input(data: Buffer): void {
    if (this.#isAttached) this.#host?.input(data);
    else this.#hold(data);
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    this.#host?.resize(size);
  }

  /** Lets go of the session, which runs on. */
  dispose(): void {
    this.#ended = true;
    this.#abort.abort();
    this.#host?.dispose();
  }

  async #connect(): Promise<void> {
    const { socket, token, client } = this.#options;
    const host = await HostClient.connect({ socket, token, client, signal: this.#abort.signal });
    try {
      this.#abort.signal.throwIfAborted();
      this.#host = host;
      this.#liveAs(host.life);
      this.#listen(host);
      const { cols, rows } = await host.attach(this.#request());
      // A connection that breaks before this point rejects the attach above.
      host.onClose(() => {
        this.#held.push(...host.takeUnsentInput());
        void this.#reconnect();
      });
      this.#isAttached = true;
      for (const data of this.#held.splice(0)) host.input(data);
      this.#onResized.fire({ cols, rows });
    } catch (error) {
      host.dispose();
      throw error;
    }
  }

  #liveAs(life: string): void {
    if (this.#life !== undefined && this.#life !== life) {
      this.#next = undefined;
      this.#held = [];
    }
    this.#life = life;
  }

  #hold(data: Buffer): void {
    const held = this.#held.reduce((sum, { length }) => sum + length, 0);
    if (held + data.length > maxHeldInput) {
      throw new HoldfastError(
        'INPUT_TOO_LARGE',
        'The session cannot be reached at the moment; nothing of it was sent.',
      );
    }
    this.#held.push(data);
  }

  #listen(host: HostClient): void {
    host.onOutput((output) => this.#output(output));
    host.onScreen((screen) => {
      this.#next = screen.seq;
      this.#onScreen.fire(screen);
    });
    host.onResized((size) => this.#onResized.fire(size));
    host.onExit((exit) => this.#end({ kind: 'exit', exit }));
  }

  #request(): Attach {
    const { scrollback, theme } = this.#options;
    return {
      ...this.#size,
      ...(scrollback === undefined ? {} : { scrollback }),
      ...(theme === undefined ? {} : { theme }),
      ...(this.#next === undefined ? {} : { from: this.#next }),
    };
  }

  /** Drops what was shown before the connection broke and is sent again. */
  #output({ seq, data }: Output): void {
    const seen = Math.max(0, (this.#next ?? seq) - seq);
    if (seen >= data.length && data.length > 0) return;
    this.#next = seq + data.length;
    this.#onOutput.fire({ seq: seq + seen, data: data.subarray(seen) });
  }

  async #reconnect(): Promise<void> {
    this.#isAttached = false;
    const deadline = Date.now() + (this.#options.patience ?? 5_000);
    for (const pause of backoff({ initial: 20, max: 500 })) {
      if (this.#ended) return;
      try {
        return await this.#connect();
      } catch {
        if (Date.now() > deadline) return this.#end({ kind: 'lost' });
      }
      await delay(pause, this.#abort.signal).catch(() => undefined);
    }
  }

  #end(end: AttachmentEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd.fire(end);
  }
}
