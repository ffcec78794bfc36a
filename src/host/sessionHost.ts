import { Emitter } from '../base/event.ts';
import { encodeFrame, frameType } from '../protocol/frames.ts';
import type { HostExit, HostStatus, TerminalSize } from '../protocol/hostMessages.ts';
import { AwakeClock } from './awakeClock.ts';
import { InputMeter } from './inputMeter.ts';
import { Journal } from './journal.ts';
import { OutputBatcher } from './outputBatcher.ts';
import type { OutputSource, OutputStream } from './outputStream.ts';
import type { Pty, PtyExit } from './pty.ts';
import { QueryFilter } from './queryFilter.ts';
import type { Screen, Snapshot } from './screen.ts';
import type { Transcript } from './transcript.ts';
import { maxUnfinished } from './unfinishedOutput.ts';

/** Recent output kept for clients that come back; bytes. */
const journalCapacity = 1024 * 1024;

/** Uninterpreted output at which the program is made to wait, and at which it goes on; bytes. */
const pauseAt = 1024 * 1024;
const resumeAt = 256 * 1024;

/** How long a full-screen program gets to notice the smaller of two sizes; milliseconds. */
const repaintPause = 50;

/** How often a process is killed that has not ended yet; milliseconds. */
const killInterval = 1_000;

export interface SessionHostOptions {
  sessionId: string;
  pty: Pty;
  /** With what the session showed before a restart; offsets go on from its own. */
  screen: Screen;
  transcript: Transcript;
  /** What limits go by; disposed with the end of the process. */
  clock?: AwakeClock;
}

/** One session: its process, its screen and its recent output, for any number of clients. */
export class SessionHost implements OutputSource {
  readonly journal: Journal;
  readonly #pty: Pty;
  readonly #screen: Screen;
  readonly #transcript: Transcript;
  readonly #filter = new QueryFilter();
  readonly #batcher = new OutputBatcher((batch) => this.#output(batch));
  readonly #streams = new Set<OutputStream>();
  readonly #onResize = new Emitter<TerminalSize>();
  readonly onResize = this.#onResize.event;
  readonly #onExit = new Emitter<HostExit>();
  /** Fires once, when the process has ended and all its output is in the journal. */
  readonly onExit = this.#onExit.event;
  readonly #startedAt = new Date();
  readonly #sessionId: string;
  readonly #clock: AwakeClock;
  readonly #input: InputMeter;
  #lastOutputAt: Date | undefined;
  /** By the clock, as the next two. */
  readonly #startMoment: number;
  #outputMoment: number | undefined;
  #inputMoment: number | undefined;
  #paused = false;
  #stopping: NodeJS.Timeout | undefined;
  #stoppingSince: Date | undefined;
  #exit: HostExit | undefined;

  constructor({ sessionId, pty, screen, transcript, clock = new AwakeClock() }: SessionHostOptions) {
    this.#sessionId = sessionId;
    this.#pty = pty;
    this.#screen = screen;
    this.#transcript = transcript;
    this.#clock = clock;
    this.#input = new InputMeter(() => clock.now());
    this.#startMoment = clock.now();
    this.journal = new Journal(journalCapacity, screen.seq);
    this.#screen.onReply((text) => void pty.write(Buffer.from(text)));
    pty.onData((data) => this.#read(data));
    pty.onExit((exit) => void this.#ended(exit));
  }

  get exit(): HostExit | undefined {
    return this.#exit;
  }

  get size(): TerminalSize {
    return this.#screen.size;
  }

  status(clients: number): HostStatus {
    return {
      sessionId: this.#sessionId,
      pid: process.pid,
      ptyPid: this.#pty.pid,
      ...this.#screen.size,
      seq: this.journal.end,
      clients,
      startedAt: this.#startedAt.toISOString(),
      lastOutputAt: this.#lastOutputAt?.toISOString() ?? null,
      title: this.#screen.title,
      exit: this.#exit ?? null,
      ...this.#durations(),
      ...this.#input.status(),
      transcriptBytes: this.#transcript.bytes,
      transcriptWritten: this.#transcript.written,
      stoppingSince: this.#stoppingSince?.toISOString() ?? null,
    };
  }

  #durations(): Pick<HostStatus, 'upFor' | 'quietFor' | 'idleFor'> {
    const since = (moment: number) => Math.round(this.#clock.now() - moment);
    const [start, output] = [this.#startMoment, this.#outputMoment ?? this.#startMoment];
    return {
      upFor: since(start),
      quietFor: since(output),
      idleFor: since(Math.max(output, this.#inputMoment ?? start)),
    };
  }

  snapshot(scrollback?: number): Promise<Snapshot> {
    this.#batcher.flush();
    return this.#screen.snapshot(scrollback, (seq) => this.#before(seq));
  }

  #before(seq: number): Buffer {
    const from = Math.max(this.journal.start, seq - maxUnfinished);
    return this.journal.read(from, Math.max(0, seq - from));
  }

  addStream(stream: OutputStream): void {
    this.#streams.add(stream);
  }

  removeStream(stream: OutputStream): void {
    this.#streams.delete(stream);
  }

  set theme(theme: 'dark' | 'light') {
    this.#screen.theme = theme;
  }

  /** Resolves once the operating system has taken the input. */
  input(data: Buffer): Promise<void> {
    this.#inputMoment = this.#clock.now();
    return this.#input.measure(data.length, this.#pty.write(data));
  }

  resize(size: TerminalSize): void {
    const { cols, rows } = this.#screen.size;
    if (this.#exit || (size.cols === cols && size.rows === rows)) return;
    this.#batcher.flush();
    this.#screen.resize(size);
    this.#pty.resize(size.cols, size.rows);
    this.#transcript.resize(size);
    this.#onResize.fire(size);
  }

  /** Makes a full-screen program paint anew; one that prints lines would only repeat its prompt. */
  repaint(): void {
    const { cols, rows } = this.#screen.size;
    if (this.#exit || !this.#screen.isAlternate || rows < 2) return;
    // The kernel signals a resize only when the size changes.
    this.#pty.resize(cols, rows - 1);
    setTimeout(() => this.#endRepaint(), repaintPause).unref();
  }

  #endRepaint(): void {
    const { cols, rows } = this.#screen.size;
    if (!this.#exit) this.#pty.resize(cols, rows);
  }

  signal(name: NodeJS.Signals): void {
    this.#pty.signal(name as 'SIGINT');
  }

  /**
   * Hangs up, and kills what still runs `graceMs` later; asked again, the newer grace counts. The exit is
   * reported as asked for.
   */
  stop(graceMs: number): void {
    if (this.#exit) return;
    clearTimeout(this.#stopping);
    this.#stoppingSince ??= new Date();
    this.#stopping = setTimeout(() => this.#kill(), graceMs);
    this.#pty.hangUp();
  }

  /** Again and again: no signal finds a process that has just been forked and has no group of its own yet. */
  #kill(): void {
    this.#pty.signal('SIGKILL');
    this.#stopping = setTimeout(() => this.#kill(), killInterval);
  }

  #read(data: Buffer): void {
    this.#lastOutputAt = new Date();
    this.#outputMoment = this.#clock.now();
    this.#batcher.push(data);
  }

  #output(batch: Buffer): void {
    const seq = this.journal.end;
    const shown = this.#filter.apply(batch);
    this.journal.append(shown);
    let frame: Buffer | undefined;
    const encode = () => (frame ??= encodeFrame(frameType.output, seq, shown));
    for (const stream of this.#streams) stream.output(seq, shown.length, encode);
    this.#transcript.output(shown);
    // The screen sees the questions too: it is the one that answers them.
    this.#screen.write(batch, () => this.#relieve());
    if (this.#screen.pending > pauseAt && !this.#paused) {
      this.#paused = true;
      this.#pty.pause();
    }
  }

  #relieve(): void {
    if (!this.#paused || this.#screen.pending > resumeAt) return;
    this.#paused = false;
    this.#pty.resume();
  }

  async #ended({ code, signal }: PtyExit): Promise<void> {
    this.#batcher.flush();
    const reason = this.#stopping ? 'stop' : 'exit';
    clearTimeout(this.#stopping);
    this.#clock.dispose();
    this.#exit = { code, signal, reason, endedAt: new Date().toISOString() };
    await Promise.all([...this.#streams].map((stream) => stream.finish()));
    this.#onExit.fire(this.#exit);
  }
}
