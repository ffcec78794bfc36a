import { Emitter } from '../base/event.ts';
import { Terminal, Unicode11Addon } from '../node/xterm.ts';
import type { SavedScreen, TerminalSize } from '../protocol/hostMessages.ts';
import { ModeTracker } from './modeTracker.ts';
import { ScreenSerializer } from './screenSerializer.ts';
import { separatorLine } from './separator.ts';
import { limitRepetition, surviveFailures } from './terminalGuards.ts';
import { internalsOf } from './terminalInternals.ts';
import { answerQueries, type Theme } from './terminalReplies.ts';
import { unfinishedCharacter, unfinishedSequence } from './unfinishedOutput.ts';

const nothing = Buffer.alloc(0);

export interface ScreenOptions extends TerminalSize {
  /** Lines kept above the screen. */
  scrollback: number;
  theme: Theme;
}

/** A terminal's content as control sequences, and the offset in the output that it stands for. */
export interface Snapshot extends TerminalSize {
  seq: number;
  text: string;
}

/** On a terminal that shows the normal screen already it would move the cursor. */
const leaveAlternate = '\x1b[?1049l';

/** Undoes what a program may have set and can no longer undo itself: modes, mouse, scroll region, colours. */
const leaveProgram = '\x1b[!p\x1b[?9;12;1000;1002;1003;1004;1005;1006;1015;1016;2004l\x1b]0;\x07';

/** A line whose letters turn out wider than they count is cut at the edge. */
const leaveWrapping = '\x1b[?7l';
const enterWrapping = '\x1b[?7h';

/** The session's terminal without a display: fed every byte, it can be drawn anew at any moment. */
export class Screen {
  readonly #terminal: InstanceType<typeof Terminal>;
  readonly #modes: ModeTracker;
  readonly #onReply = new Emitter<string>();
  /** What the terminal answers to a program's question, to be written to the program. */
  readonly onReply = this.#onReply.event;
  readonly #onFailure = new Emitter<unknown>();
  /** Some of the output could not be shown. */
  readonly onFailure = this.#onFailure.event;
  theme: Theme;
  #title = '';
  #fed = 0;
  #pending = 0;

  constructor({ cols, rows, scrollback, theme }: ScreenOptions) {
    this.theme = theme;
    this.#terminal = new Terminal({
      cols,
      rows,
      scrollback,
      allowProposedApi: true,
      windowOptions: { getWinSizeChars: true },
    });
    this.#terminal.loadAddon(new Unicode11Addon());
    // The width rules must be those of the terminals that show the session, and 11 is VS Code's default.
    this.#terminal.unicode.activeVersion = '11';
    this.#modes = new ModeTracker(this.#terminal);
    limitRepetition(this.#terminal);
    surviveFailures(this.#terminal, (error) => this.#onFailure.fire(error));
    answerQueries(this.#terminal, () => this.theme);
    this.#terminal.onData((text) => this.#onReply.fire(text));
    this.#terminal.onTitleChange((title) => {
      this.#title = title;
    });
  }

  get size(): TerminalSize {
    return { cols: this.#terminal.cols, rows: this.#terminal.rows };
  }

  /** Byte offset of the output's end. */
  get seq(): number {
    return this.#fed;
  }

  get title(): string {
    return this.#title;
  }

  /** Bytes that were written but not yet interpreted. */
  get pending(): number {
    return this.#pending;
  }

  get isAlternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }

  /** Draws what the session showed before a restart, with the modes of its last program undone. */
  async restore({ seq, cols, rows, screen }: SavedScreen): Promise<void> {
    const { size } = this;
    this.#fed = seq;
    // Drawn at its own size it keeps its lines, which the terminal then lays out for the new one.
    this.#terminal.resize(cols, rows);
    await this.#draw(screen);
    await this.#draw((this.isAlternate ? leaveAlternate : '') + leaveProgram);
    this.#terminal.resize(size.cols, size.rows);
    if (this.#terminal.buffer.active.cursorX > 0) await this.#draw('\r\n');
  }

  /** Draws a line of our own between what the session showed before a restart and what follows. */
  async announce(notice: string): Promise<void> {
    await this.#draw(
      `${this.#belowText()}${leaveWrapping}${separatorLine(notice, this.size.cols)}${enterWrapping}\r\n`,
    );
  }

  /** Feeds output; `onParsed` follows once it is on the screen. */
  write(data: Buffer, onParsed: () => void): void {
    this.#fed += data.length;
    this.#pending += data.length;
    this.#terminal.write(data, () => {
      this.#pending -= data.length;
      onParsed();
    });
  }

  resize({ cols, rows }: TerminalSize): void {
    this.#terminal.resize(cols, rows);
  }

  /**
   * The screen with everything written so far on it and up to `scrollback` lines above it. Its offset is the end of the
   * last character or sequence that is complete: what follows is still to be given to whoever draws it.
   *
   * @param before The last of the output before an offset.
   */
  snapshot(scrollback?: number, before: (seq: number) => Buffer = () => nothing): Promise<Snapshot> {
    const seq = this.#fed;
    return new Promise((resolve, reject) => {
      // Writes are interpreted in order, so this callback runs between the bytes before and after `seq`.
      this.#terminal.write('', () => {
        try {
          const whole = seq - this.#unfinished(() => before(seq));
          resolve({ seq: whole, ...this.size, text: this.#serialize(scrollback) });
        } catch (error) {
          // What is thrown here would keep the terminal from taking in anything more.
          reject(error);
        }
      });
    });
  }

  /** How many of the bytes that were written last have had no effect yet. */
  #unfinished(output: () => Buffer): number {
    const { _parser, _utf8Decoder } = internalsOf(this.#terminal)._inputHandler;
    if (_parser.currentState !== 0) return unfinishedSequence(output());
    return _utf8Decoder.interim[0] ? unfinishedCharacter(output()) : 0;
  }

  #draw(text: string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(text, resolve));
  }

  /** A program may have left the cursor above some of what it showed. */
  #belowText(): string {
    const { active } = this.#terminal.buffer;
    for (let row = this.#terminal.rows - 1; row >= active.cursorY; row--) {
      if (active.getLine(active.baseY + row)?.translateToString(true)) return `\x1b[${row + 1};1H\r\n`;
    }
    return '';
  }

  #serialize(scrollback: number | undefined): string {
    const title = this.#title ? `\x1b]0;${this.#title}\x07` : '';
    return title + new ScreenSerializer(this.#terminal).serialize(scrollback) + this.#modes.serialize();
  }
}
