import * as v from 'valibot';
import * as vscode from 'vscode';
import { Sequencer } from '../base/async.ts';
import { describeError } from '../base/errors.ts';
import { HostClient } from '../client/hostClient.ts';
import { type AttachmentEnd, SessionAttachment } from '../client/sessionAttachment.ts';
import type { SessionManager } from '../client/sessionManager.ts';
import { describeExit } from '../core/presentation.ts';
import { isRunning } from '../core/sessionRecord.ts';
import { readJson } from '../node/durableFile.ts';
import { repositoryPlaces, sessionPlaces } from '../node/places.ts';
import { readToken } from '../node/token.ts';
import { savedScreenSchema, type TerminalSize } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { RenderPacer } from './renderPacer.ts';
import { currentTheme, terminalScrollback } from './settings.ts';

export interface SessionTerminalOptions {
  manager: SessionManager;
  id: string;
  /** The user pressed Enter in the terminal of a session that has ended. */
  restart: () => void;
}

/** What the terminal shows: a live process, or how one ended, by the process's id. */
type Shown = { kind: 'nothing' } | { kind: 'process'; pid: number } | { kind: 'ended'; pid?: number };

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
  #pacer: RenderPacer;
  #attachment: SessionAttachment | undefined;
  #shown: Shown = { kind: 'nothing' };
  #size: TerminalSize | undefined;
  #name: string | undefined;
  #isOpen = false;

  constructor(options: SessionTerminalOptions) {
    this.#options = options;
    this.#pacer = this.#newPacer();
    this.#name = options.manager.get(options.id)?.name;
  }

  open(dimensions: vscode.TerminalDimensions | undefined): void {
    this.#isOpen = true;
    if (dimensions) this.#size = toSize(dimensions);
    this.update();
  }

  /** The tab was closed, or the window is closing: the session runs on. */
  close(): void {
    this.#isOpen = false;
    this.#detach();
  }

  handleInput(input: string): void {
    const typed = this.#pacer.filterInput(input);
    if (!typed) return;
    if (this.#shown.kind === 'process') this.#send(typed);
    else if (typed.includes('\r')) this.#options.restart();
  }

  setDimensions(dimensions: vscode.TerminalDimensions): void {
    this.#size = toSize(dimensions);
    this.#attachment?.resize(this.#size);
  }

  /** Brings the terminal in line with its session's record. */
  update(): void {
    const record = this.#record;
    if (!record || !this.#isOpen) return;
    if (record.name !== this.#name) {
      this.#name = record.name;
      this.#onDidChangeName.fire(record.name);
    }
    void this.#attaching.queue(() => this.#follow());
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
    } else if (this.#shown.kind === 'nothing' || this.#shown.pid !== pid) {
      this.#detach();
      await this.#attach(pid);
    }
  }

  async #attach(pid: number): Promise<void> {
    const { manager, id } = this.#options;
    const { machine, workplace } = manager.options;
    const token = await readToken(repositoryPlaces(machine, workplace.key).stateFolder);
    const connection = {
      socket: sessionPlaces(machine, workplace.key, id).socket,
      token,
      client: { kind: 'window' as const, pid: process.pid },
    };
    try {
      const size = this.#size ?? (await currentSize(connection));
      const scrollback = terminalScrollback();
      const attachment = new SessionAttachment({ ...connection, size, scrollback, theme: currentTheme() });
      this.#wire(attachment);
      this.#attachment = attachment;
      this.#shown = { kind: 'process', pid };
      await attachment.open();
      if (this.#size) attachment.resize(this.#size);
    } catch (error) {
      this.#detach();
      this.#shown = { kind: 'ended', pid };
      this.#notice(`The session cannot be reached: ${describeError(error)}.`);
    }
  }

  #wire(attachment: SessionAttachment): void {
    this.#pacer.dispose();
    this.#pacer = this.#newPacer();
    attachment.onOutput(({ seq, data }) => this.#pacer.write(data, seq + data.length));
    attachment.onScreen(({ seq, text }) => this.#pacer.writeScreen(text, seq));
    attachment.onResized((size) => this.#followSize(size));
    attachment.onEnd((end) => this.#ended(attachment, end));
  }

  #newPacer(): RenderPacer {
    return new RenderPacer({
      write: (text) => this.#onDidWrite.fire(text),
      acknowledge: (seq) => this.#attachment?.acknowledge(seq),
    });
  }

  /** Another window may have set another size; the text must be laid out for the one the program knows. */
  #followSize({ cols, rows }: TerminalSize): void {
    const isOwn = cols === this.#size?.cols && rows === this.#size.rows;
    this.#onDidOverrideDimensions.fire(isOwn || !this.#size ? undefined : { columns: cols, rows });
  }

  #send(text: string): void {
    try {
      this.#attachment?.input(Buffer.from(text, 'utf8'));
    } catch (error) {
      void vscode.window.showWarningMessage(describeError(error));
    }
  }

  #ended(attachment: SessionAttachment, end: AttachmentEnd): void {
    if (attachment !== this.#attachment) return;
    this.#attachment = undefined;
    this.#shown = { kind: 'ended', ...(this.#shown.kind === 'process' ? { pid: this.#shown.pid } : {}) };
    if (end.kind === 'lost') this.#notice('The session’s host is gone.');
    else this.#notice(describeEnd(end.exit.code, end.exit.signal, end.exit.reason));
  }

  async #showEnded(record: SessionRecord): Promise<void> {
    this.#shown = { kind: 'ended' };
    const { machine, workplace } = this.#options.manager.options;
    const saved = v.safeParse(
      savedScreenSchema,
      await readJson(sessionPlaces(machine, workplace.key, record.id).screen),
    );
    if (saved.success) this.#onDidWrite.fire(`\x1bc${saved.output.screen}`);
    this.#notice(sentence(describeExit(record) ?? 'nothing runs in this session'));
  }

  /** A line of our own, below what the program left, with the modes it may have set put back. */
  #notice(text: string): void {
    const reset = '\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?2004l\x1b[?25h\x1b[r\x1b[m';
    const hint = 'Press Enter to run it again.';
    this.#onDidWrite.fire(`${reset}\x1b[999B\r\n\x1b[2m[Holdfast] ${text} ${hint}\x1b[m\r\n`);
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

function toSize({ columns, rows }: vscode.TerminalDimensions): TerminalSize {
  return { cols: columns, rows };
}

function describeEnd(code: number | null, signal: number | null, reason: 'exit' | 'stop'): string {
  if (reason === 'stop') return 'You stopped this session.';
  return signal === null ? `The session ended with code ${code}.` : `The session was ended by signal ${signal}.`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
