import { withDeadline } from '../base/async.ts';
import { encodeFrame, encodeParts, encodeScreen, frameType, maxPayload } from '../protocol/frames.ts';
import type { Journal } from './journal.ts';
import type { Snapshot } from './screen.ts';

/** Unacknowledged bytes at which sending stops, and at which it goes on. */
const highMark = 100_000;
const lowMark = 5_000;

/** The least backlog that is skipped with a snapshot instead of being sent; bytes. */
const minSkip = 256 * 1024;

/** Snapshots come at most this often, and take at most a quarter of the host's time; milliseconds. */
const minSnapshotInterval = 20;
const snapshotCostFactor = 4;

/** How long after a failed snapshot the next one is tried; milliseconds. */
const failedSnapshotPause = 1_000;

/** How long the end of a session waits for its last screen; milliseconds. */
const lastSnapshotDeadline = 2_000;

export interface OutputSource {
  readonly journal: Journal;
  snapshot(scrollback?: number): Promise<Snapshot>;
}

/**
 * Sends a session's output to one client at the client's own pace. A client that falls behind costs the host
 * no memory: nothing is queued for it, and when it is ready again it gets what it lacks from the journal, or a
 * fresh screen where that would be too much.
 */
export class OutputStream {
  readonly #source: OutputSource;
  readonly #send: (frame: Buffer) => void;
  #scrollback: number | undefined;
  #cells = 0;
  #sent = 0;
  #acknowledged = 0;
  #state: 'detached' | 'live' | 'behind' | 'snapshotting' = 'detached';
  #nextSnapshotAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #announce: ((snapshot: Snapshot) => void) | undefined;
  /** Tells a snapshot that is still wanted from one of an earlier attachment. */
  #turn = 0;

  constructor(source: OutputSource, send: (frame: Buffer) => void) {
    this.#source = source;
    this.#send = send;
  }

  get isAttached(): boolean {
    return this.#state !== 'detached';
  }

  /** Sends everything from offset `from` on, which the journal must hold. */
  replayFrom(from: number): void {
    this.#sent = from;
    this.#acknowledged = from;
    this.#state = 'live';
    this.#pump();
  }

  /** Sends a snapshot, right after it was announced, then everything after it. */
  async replaySnapshot(scrollback: number | undefined, announce: (snapshot: Snapshot) => void): Promise<void> {
    this.#scrollback = scrollback;
    this.#announce = announce;
    this.#state = 'snapshotting';
    await this.#sendFreshScreen();
  }

  /** New output, which the journal already holds; `frame` is the output as one encoded frame. */
  output(seq: number, length: number, frame: () => Buffer): void {
    if (this.#state !== 'live') return;
    if (seq !== this.#sent || this.#inFlight >= highMark) {
      this.#state = 'behind';
      return;
    }
    this.#sent += length;
    this.#send(frame());
  }

  /** The client has shown everything up to offset `seq`. */
  acknowledge(seq: number): void {
    if (seq > this.#sent || seq <= this.#acknowledged) return;
    this.#acknowledged = seq;
    if (this.#state === 'behind' && this.#inFlight <= lowMark) this.#catchUp();
  }

  setSize(cols: number, rows: number): void {
    this.#cells = cols * rows;
  }

  /** The session has ended: sends what is left without waiting for acknowledgements. */
  async finish(): Promise<void> {
    if (this.#state === 'detached') return;
    const needsSnapshot = this.#state === 'snapshotting' || this.#isFarBehind;
    this.#stop();
    if (needsSnapshot) await this.#sendLastScreen();
    else while (this.#sendNext());
    this.detach();
  }

  /** A terminal that has failed must not keep the session's end from anyone. */
  async #sendLastScreen(): Promise<void> {
    try {
      const snapshot = this.#source.snapshot(this.#scrollback);
      this.#sendSnapshot(await withDeadline(snapshot, lastSnapshotDeadline, () => new Error('no screen')));
    } catch {
      // The client learns of the end without it.
    }
  }

  detach(): void {
    this.#stop();
    this.#announce = undefined;
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#turn++;
    this.#state = 'detached';
  }

  get #inFlight(): number {
    return this.#sent - this.#acknowledged;
  }

  /** Whether a fresh screen is better than, or all that is left instead of, the backlog. */
  get #isFarBehind(): boolean {
    const { journal } = this.#source;
    return journal.end - this.#sent > Math.max(minSkip, 8 * this.#cells) || !journal.holds(this.#sent);
  }

  #catchUp(): void {
    if (this.#isFarBehind) this.#skip();
    else this.#pump();
  }

  #pump(): void {
    while (this.#inFlight < highMark) {
      if (this.#sendNext()) continue;
      this.#state = 'live';
      return;
    }
    this.#state = 'behind';
  }

  #sendNext(): boolean {
    const data = this.#source.journal.read(this.#sent, maxPayload);
    if (data.length === 0) return false;
    this.#send(encodeFrame(frameType.output, this.#sent, data));
    this.#sent += data.length;
    return true;
  }

  #skip(): void {
    this.#state = 'snapshotting';
    const turn = this.#turn;
    const attempt = () => this.#sendFreshScreen().catch(() => this.#skipLater(turn));
    this.#timer = setTimeout(() => void attempt(), Math.max(0, this.#nextSnapshotAt - Date.now()));
  }

  /** A screen that could not be drawn once may be drawn when more was printed. */
  #skipLater(turn: number): void {
    if (turn !== this.#turn) return;
    this.#nextSnapshotAt = Date.now() + failedSnapshotPause;
    this.#skip();
  }

  async #sendFreshScreen(): Promise<void> {
    const turn = this.#turn;
    const startedAt = Date.now();
    const snapshot = await this.#source.snapshot(this.#scrollback);
    if (turn !== this.#turn) return;
    const cost = Date.now() - startedAt;
    this.#nextSnapshotAt = Date.now() + Math.max(minSnapshotInterval, snapshotCostFactor * cost);
    this.#sendSnapshot(snapshot);
  }

  /** Until the client acknowledges the snapshot's offset, the stream counts as behind. */
  #sendSnapshot(snapshot: Snapshot): void {
    this.#announce?.(snapshot);
    this.#announce = undefined;
    for (const part of encodeParts(frameType.screen, snapshot.seq, encodeScreen(snapshot))) this.#send(part);
    this.#state = 'behind';
    this.#sent = snapshot.seq;
    this.#acknowledged = Math.min(this.#acknowledged, snapshot.seq - 1);
  }
}
