import { StringDecoder } from 'node:string_decoder';
import type { TerminalSize } from '../protocol/hostMessages.ts';

/**
 * Questions that every terminal answers and no program asks: the states of private modes that do not exist, each
 * with a number of its own so that an answer tells which question it belongs to.
 *
 * @see https://vt100.net/docs/vt510-rm/DECRQM.html
 */
const firstMode = 58_000;
const modes = 1_000;
const answer = /\x1b\[\?(58\d{3});\d\$y/g;

/**
 * The size of the terminal in characters, and the answer with rows and columns. What programs ask for is answered by
 * their host and never comes this far.
 *
 * @see https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, CSI 18 t
 */
const sizeQuestion = '\x1b[18t';
const sizeAnswer = /\x1b\[8;(\d+);(\d+)t/g;

/** Output after which the terminal is asked whether it has drawn it; bytes. */
const askEvery = 5_000;

/** Output without a good place for a question after which any place outside control sequences will do; bytes. */
const askAnywhereAfter = 20_000;

/** Output inside one endless control string after which it counts as drawn unasked; bytes. */
const giveUpAfter = 64_000;

/**
 * How long an answer may take before it is no longer waited for; milliseconds. Twice as long after each that did not
 * come: behind a window that is gone VS Code keeps for hours what is written, in memory.
 */
const answerDeadline = 2_000;
const maxAnswerDeadline = 300_000;

/** How long output that no question could be put into waits for more before it counts as drawn; milliseconds. */
const patience = 100;

export interface RenderPacerOptions {
  write: (text: string) => void;
  /** Everything up to byte offset `seq` has been drawn, or all but the end of the last chunk. */
  acknowledge: (seq: number) => void;
  /** The terminal's answer to {@link RenderPacer.askSize}. */
  sized: (size: TerminalSize) => void;
}

/**
 * Learns how far a VS Code terminal has got. The API takes text without ever saying that it was drawn, so the
 * text carries a question of our own, which the terminal answers, like a program's, as input, and only after
 * everything before it was interpreted.
 */
export class RenderPacer {
  readonly #options: RenderPacerOptions;
  #decoder = new StringDecoder('utf8');
  #asked: { mode: number; seq: number }[] = [];
  #questions = 0;
  #unasked = 0;
  #isGround = true;
  #isSizeWanted = false;
  #deadline = answerDeadline;
  #timer: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(options: RenderPacerOptions) {
    this.#options = options;
  }

  /** Writes output that ends at byte offset `end`. */
  write(data: Buffer, end: number): void {
    const text = this.#decoder.write(data);
    const place = findPlace(text, this.#isGround);
    this.#isGround = place.endsInGround;
    this.#unasked += data.length;
    const isGood = place.index !== undefined || (place.endsInGround && this.#unasked >= askAnywhereAfter);
    if (this.#unasked >= askEvery && isGood) {
      this.#ask(text, place.index ?? text.length, end);
    } else {
      this.#options.write(text);
      if (this.#unasked > giveUpAfter) this.#acknowledgeUnasked(end);
      else if (this.#unasked >= askEvery) this.#expectMore(end);
    }
    if (this.#isSizeWanted) this.askSize();
  }

  /** Asks the terminal for its size, as soon as that cuts through no control sequence of the program. */
  askSize(): void {
    this.#isSizeWanted = !this.#isGround;
    if (this.#isGround) this.#options.write(sizeQuestion);
  }

  /** Replaces everything shown by a screen that stands for byte offset `seq`. */
  writeScreen(text: string, seq: number): void {
    this.#decoder = new StringDecoder('utf8');
    this.#isGround = true;
    const whole = `\x1bc${text}`;
    this.#ask(whole, whole.length, seq);
  }

  /** What the user typed, without the terminal's answers to us. */
  filterInput(input: string): string {
    if (!input.includes('\x1b[')) return input;
    const typed = input.replace(answer, (_, mode) => {
      this.#answered(Number(mode));
      return '';
    });
    return typed.replace(sizeAnswer, (_, rows, cols) => {
      this.#options.sized({ cols: Number(cols), rows: Number(rows) });
      return '';
    });
  }

  /** Offsets to come are those of another process; answers to come to what was asked before mean nothing. */
  restart(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    this.#timer = undefined;
    this.#asked = [];
    this.#unasked = 0;
    this.#isGround = true;
    this.#decoder = new StringDecoder('utf8');
  }

  dispose(): void {
    this.restart();
  }

  /** Without a place for a question so far and with no more output, nobody would ever acknowledge this much. */
  #expectMore(end: number): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#acknowledgeUnasked(end), patience);
  }

  #ask(text: string, index: number, end: number): void {
    clearTimeout(this.#patience);
    const mode = firstMode + (this.#questions++ % modes);
    this.#unasked = 0;
    this.#asked.push({ mode, seq: end });
    this.#timer ??= this.#startTimer();
    this.#options.write(`${text.slice(0, index)}\x1b[?${mode}$p${text.slice(index)}`);
  }

  #answered(mode: number): void {
    this.#deadline = answerDeadline;
    const index = this.#asked.findIndex((question) => question.mode === mode);
    const [question] = this.#asked.splice(0, index + 1).slice(-1);
    if (question) this.#acknowledge(question.seq);
  }

  /** Of output behind the last question no answer tells anything. */
  #acknowledgeUnasked(end: number): void {
    this.#unasked = 0;
    clearTimeout(this.#patience);
    this.#acknowledge(end);
  }

  #acknowledge(seq: number): void {
    clearTimeout(this.#timer);
    this.#timer = this.#asked.length > 0 ? this.#startTimer() : undefined;
    this.#options.acknowledge(seq);
  }

  /** A terminal that does not answer must not stop the output for good. */
  #giveUp(): void {
    const last = this.#asked.at(-1);
    this.#asked = [];
    this.#deadline = Math.min(2 * this.#deadline, maxAnswerDeadline);
    if (last) this.#acknowledge(last.seq);
  }

  #startTimer(): NodeJS.Timeout {
    return setTimeout(() => this.#giveUp(), this.#deadline);
  }
}

interface Place {
  /** Right after a line feed or a control sequence: there it parts no letter from its accent. */
  index: number | undefined;
  /** Whether the end is outside all control sequences. */
  endsInGround: boolean;
}

/** Where in `text` a question may go in without cutting through a control sequence or a character. */
export function findPlace(text: string, startsInGround: boolean): Place {
  const ground = groundFrom(text, startsInGround);
  if (ground === undefined) return { index: undefined, endsInGround: false };
  const index = Math.max(ground, text.lastIndexOf('\n') + 1);
  return { index: index > 0 ? index : undefined, endsInGround: true };
}

/** The index from which on `text` is outside control sequences; undefined where its end is inside one. */
function groundFrom(text: string, startsInGround: boolean): number | undefined {
  const start = text.lastIndexOf('\x1b');
  if (start < 0) return startsInGround ? 0 : afterTerminator(text, 0);
  const tail = text.slice(start);
  if (/^\x1b[\]P^_X]/.test(tail)) return afterTerminator(text, start);
  const sequence = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|[ -/]*(?!\[)[0-~])/.exec(tail);
  return sequence ? start + sequence[0].length : undefined;
}

/** After the last character at or beyond `start` that ends a control string. */
function afterTerminator(text: string, start: number): number | undefined {
  const last = Math.max(...['\x07', '\x18', '\x1a'].map((end) => text.lastIndexOf(end)));
  return last >= start ? last + 1 : undefined;
}
