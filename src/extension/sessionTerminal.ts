import * as vscode from 'vscode';
import { Sequencer } from '../base/async.ts';
import { describeError } from '../base/errors.ts';
import { hostAddress } from '../client/hostAddress.ts';
import { HostClient } from '../client/hostClient.ts';
import { recordOfEnd } from '../client/recordOfEnd.ts';
import { type AttachmentEnd, SessionAttachment } from '../client/sessionAttachment.ts';
import type { SessionManager } from '../client/sessionManager.ts';
import { exitSentence } from '../core/presentation.ts';
import { describeEnd } from '../core/sessionEnd.ts';
import { isRecovering, isRunning } from '../core/sessionRecord.ts';
import { isGoingOnAfterSetup } from '../core/setup.ts';
import { sessionPlaces } from '../node/places.ts';
import { readLastScreen } from '../node/savedScreen.ts';
import type { HostExit, TerminalSize } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { RenderPacer } from './renderPacer.ts';
import { currentTheme, terminalScrollback } from './settings.ts';
import { equalSizes, TerminalDimensions } from './terminalDimensions.ts';

export interface SessionTerminalOptions {
  manager: SessionManager;
  id: string;
  /** The user pressed Enter in the terminal of a session that has ended. */
  restart: () => void;
  /** Whether this terminal is the one in front. */
  isFront: () => boolean;
  /** Whether it comes back with its window. */
  isRestored: boolean;
  /** The room that this terminal has, once it is known. */
  onSize: (size: TerminalSize) => void;
}

/** What the terminal shows: a live process, how one ended, or that its host does not answer; by the process's id. */
type Shown =
  | { kind: 'nothing' }
  | { kind: 'process'; pid: number }
  | { kind: 'ended'; pid?: number; isUntold?: boolean }
  | { kind: 'unreachable'; pid: number; isUntold?: boolean };

/** Equal to no size that a terminal has. */
const unknownSize: TerminalSize = { cols: 0, rows: 0 };

/**
 * Puts back what a program may have left set: alternate screen, scroll region, mouse, keys, cursor, colours. Leaving
 * the alternate screen and resetting the region both move the cursor, so it is saved before each.
 */
const resetModes =
  '\x1b7\x1b[?1049l\x1b7\x1b[r\x1b8' +
  '\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b>\x1b[?25h\x1b[0 q\x1b(B\x1b[m';

/** The VS Code side of one session's terminal: bytes straight from the session's host, keys straight to it. */
export class SessionTerminal implements vscode.Pseudoterminal {
  readonly #options: SessionTerminalOptions;
  readonly #onDidWrite = new vscode.EventEmitter<string>();
  readonly onDidWrite = this.#onDidWrite.event;
  readonly #onDidOverrideDimensions = new vscode.EventEmitter<vscode.TerminalDimensions | undefined>();
  readonly onDidOverrideDimensions = this.#onDidOverrideDimensions.event;
  readonly #onDidChangeName = new vscode.EventEmitter<string>();
  readonly onDidChangeName = this.#onDidChangeName.event;
  readonly #attaching = new Sequencer();
  readonly #pacer = new RenderPacer({
    write: (text) => this.#onDidWrite.fire(text),
    acknowledge: (seq) => this.#attachment?.acknowledge(seq),
    sized: (size) => this.#dimensions.measured(size),
  });
  readonly #dimensions: TerminalDimensions;
  #attachment: SessionAttachment | undefined;
  #shown: Shown = { kind: 'nothing' };
  /** What it says of the last end. */
  #toldEnd: string | undefined;
  #name: string | undefined;
  #isOpen = false;
  /** Whether it was in front at some time. */
  #isSeen = false;
  /** What the screen was drawn for while that was but a guess. */
  #drawnFor: TerminalSize | undefined;
  /** What the program was last told. */
  #sessionSize: TerminalSize | undefined;

  constructor(options: SessionTerminalOptions) {
    this.#options = options;
    this.#name = options.manager.get(options.id)?.name;
    this.#dimensions = new TerminalDimensions({
      ask: () => this.#pacer.askSize(),
      isFront: options.isFront,
      onKnown: (size) => this.#applySize(size),
    });
  }

  open(dimensions: vscode.TerminalDimensions | undefined): void {
    this.#isOpen = true;
    this.#dimensions.opened(dimensions, this.#options.isRestored);
    if (this.#options.isFront()) this.broughtToFront();
    else this.update();
  }

  broughtToFront(): void {
    if (!this.#isOpen) return;
    this.#isSeen = true;
    this.#dimensions.shown();
    this.update();
  }

  /** The tab was closed, or the window is closing: the session runs on. */
  close(): void {
    this.#isOpen = false;
    this.#dimensions.dispose();
    this.#pacer.dispose();
    this.#detach();
  }

  handleInput(input: string): void {
    const typed = this.#pacer.filterInput(input);
    if (!typed) return;
    const { kind } = this.#shown;
    if (kind === 'process') this.#send(typed);
    else if (kind === 'nothing') void this.#attaching.queue(() => this.#sendOnceAttached(typed));
    // Enter with other text around it was meant for the program.
    else if (typed === '\r') this.#again(kind);
  }

  setDimensions(dimensions: vscode.TerminalDimensions): void {
    this.#dimensions.reported(dimensions);
  }

  /** Brings the terminal in line with its session's record. */
  update(): void {
    const record = this.#record;
    if (!record || !this.#isOpen) return;
    if (record.name !== this.#name) {
      this.#name = record.name;
      this.#onDidChangeName.fire(record.name);
    }
    // Whatever nobody looks at costs nothing.
    if (this.#isSeen) void this.#attaching.queue(() => this.#follow());
  }

  get #record(): SessionRecord | undefined {
    return this.#options.manager.get(this.#options.id);
  }

  /** Attaches to the process that runs now, or shows how the last one ended. */
  async #follow(): Promise<void> {
    const record = this.#record;
    if (!record || !this.#isOpen) return;
    const pid = isRunning(record) ? record.ptyPid : undefined;
    if (pid === undefined) {
      if (this.#shown.kind === 'nothing') await this.#showEnded(record);
      else if (!this.#isBeforeEnd(record)) this.#tellEnd(record);
    } else if (this.#shown.kind === 'nothing' || this.#shown.pid !== pid) {
      this.#detach();
      this.#toldEnd = undefined;
      await this.#attach(pid);
    }
  }

  async #attach(pid: number): Promise<void> {
    const { manager, id } = this.#options;
    const { machine, workplace } = manager.options;
    try {
      const connection = await hostAddress(machine, workplace.key, id, { kind: 'window', pid: process.pid });
      const size = this.#dimensions.known ?? (await currentSize(connection));
      const scrollback = terminalScrollback();
      const attachment = new SessionAttachment({ ...connection, size, scrollback, theme: currentTheme() });
      this.#wire(attachment, pid);
      this.#attachment = attachment;
      this.#drawnFor = this.#dimensions.known ? undefined : (this.#dimensions.room ?? unknownSize);
      await attachment.open();
      if (this.#attachment !== attachment) return;
      this.#shown = { kind: 'process', pid };
      if (this.#dimensions.known) attachment.resize(this.#dimensions.known);
    } catch (error) {
      if (!this.#isOpen) return;
      this.#detach();
      this.#shown = { kind: 'unreachable', pid };
      this.#notice(`The session cannot be reached: ${describeError(error)}`, 'try again');
    }
  }

  #wire(attachment: SessionAttachment, pid: number): void {
    this.#pacer.restart();
    attachment.onOutput(({ seq, data }) => this.#pacer.write(data, seq + data.length));
    attachment.onScreen(({ seq, text }) => this.#pacer.writeScreen(text, seq));
    attachment.onResized((size) => this.#followSize(size));
    attachment.onEnd((end) => this.#ended(attachment, pid, end));
  }

  #applySize(size: TerminalSize): void {
    // What was drawn for another size, or of a session that has another one, may be laid out wrongly now.
    if (this.#drawnFor && !(equalSizes(this.#drawnFor, size) && equalSizes(this.#sessionSize, size))) this.#detach();
    this.#drawnFor = undefined;
    this.#options.onSize(size);
    if (this.#attachment) this.#attachment.resize(size);
    else this.update();
  }

  /** Another window may have set another size; the text must be laid out for the one the program knows. */
  #followSize(size: TerminalSize): void {
    this.#sessionSize = size;
    const override = this.#dimensions.followed(size);
    if (override) this.#onDidOverrideDimensions.fire(override);
  }

  async #sendOnceAttached(text: string): Promise<void> {
    await this.#follow();
    if (this.#shown.kind === 'process') this.#send(text);
  }

  /** What cannot be reached may run all the same, and must not be ended by asking for it. */
  #again(shown: 'ended' | 'unreachable'): void {
    const record = this.#record;
    if (shown === 'ended' || !record || !isRunning(record)) {
      this.#options.restart();
    } else {
      this.#shown = { kind: 'nothing' };
      this.update();
    }
  }

  #send(text: string): void {
    try {
      this.#attachment?.input(Buffer.from(text, 'utf8'));
    } catch (error) {
      void vscode.window.showWarningMessage(describeError(error));
    }
  }

  #ended(attachment: SessionAttachment, pid: number, end: AttachmentEnd): void {
    if (attachment !== this.#attachment) return;
    this.#attachment = undefined;
    this.#shown = { kind: end.kind === 'exit' ? 'ended' : 'unreachable', pid, isUntold: true };
    void this.#tellOnce(this.#shown, pid, end);
  }

  /** In the words of the record, which knows why; in those of its host where none comes. */
  async #tellOnce(shown: Shown & { isUntold?: boolean }, pid: number, end: AttachmentEnd): Promise<void> {
    const { onChange } = this.#options.manager;
    const record = await recordOfEnd({ current: () => this.#record, onChange }, pid);
    // It shows something else by now.
    if (shown !== this.#shown) return;
    shown.isUntold = false;
    if (record && !isRunning(record)) this.#tellEnd(record);
    else if (end.kind === 'exit') this.#tell(sentenceOf(end.exit), 'run it again');
    else this.#notice('The session cannot be reached.', 'try again');
  }

  /** Whether output may still come: a host that lives tells of the end behind it. */
  #isBeforeEnd({ exit }: SessionRecord): boolean {
    if (this.#shown.kind === 'process') return exit?.reason !== 'lost';
    return 'isUntold' in this.#shown && this.#shown.isUntold === true;
  }

  async #showEnded(record: SessionRecord): Promise<void> {
    this.#shown = { kind: 'ended' };
    const { machine, workplace } = this.#options.manager.options;
    const saved = await readLastScreen(sessionPlaces(machine, workplace.key, record.id));
    if (saved) this.#onDidWrite.fire(`\x1bc${saved.screen}`);
    this.#tellEnd(record);
  }

  #tellEnd(record: SessionRecord): void {
    // What follows a step of the setup says so itself.
    if (isGoingOnAfterSetup(record)) return;
    this.#tell(exitSentence(record), isRecovering(record) ? 'start it now' : 'run it again');
  }

  /** Once, for a record may change about something else. */
  #tell(text: string, onEnter: 'run it again' | 'start it now'): void {
    if (text !== this.#toldEnd) this.#notice(text, onEnter);
    this.#toldEnd = text;
  }

  /** A line of our own, put in below the cursor so that nothing the program left is lost. */
  #notice(text: string, onEnter: 'run it again' | 'try again' | 'start it now'): void {
    this.#onDidWrite.fire(`${resetModes}\r\n\x1b[2L\x1b[2m[Holdfast] ${text} Press Enter to ${onEnter}.\x1b[m\r\n`);
  }

  #detach(): void {
    this.#attachment?.dispose();
    this.#attachment = undefined;
    this.#shown = { kind: 'nothing' };
  }
}

/** The size a session has before any terminal that shows it has one, such as a tab behind others. */
async function currentSize(connection: Parameters<typeof HostClient.connect>[0]): Promise<TerminalSize> {
  const host = await HostClient.connect(connection);
  try {
    const { cols, rows } = await host.status();
    return { cols, rows };
  } finally {
    host.dispose();
  }
}

/** Whose wish it was, a host does not know. */
function sentenceOf({ code, signal, reason }: HostExit): string {
  if (reason === 'stop') return 'The session was stopped.';
  return `The session ${describeEnd({ kind: 'exited', code, signal })}.`;
}
