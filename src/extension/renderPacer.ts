import { StringDecoder } from 'node:string_decoder';

/**
 * A question that every terminal answers and no program asks: the state of a private mode that does not exist.
 *
 * @see https://vt100.net/docs/vt510-rm/DECRQM.html
 */
const question = '\x1b[?58207$p';
const answer = /\x1b\[\?58207;\d\$y/g;

/** Output after which the terminal is asked whether it has drawn it; bytes. */
const askEvery = 5_000;

/** Output inside one endless control string after which it counts as drawn unasked; bytes. */
const giveUpAfter = 64_000;

/** How long an answer may take before it is no longer waited for; milliseconds. */
const answerDeadline = 2_000;

export interface RenderPacerOptions {
  write: (text: string) => void;
  /** Everything up to byte offset `seq` has been drawn. */
  acknowledge: (seq: number) => void;
}

/**
 * Learns how far a VS Code terminal has got. The API takes text without ever saying that it was drawn, so the
 * text carries a question of our own, which the terminal answers, like a program's, as input, and only after
 * everything before it was interpreted.
 */
export class RenderPacer {
  readonly #options: RenderPacerOptions;
  #decoder = new StringDecoder('utf8');
  #asked: number[] = [];
  #unasked = 0;
  #isGround = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RenderPacerOptions) {
    this.#options = options;
  }

  /** Writes output that ends at byte offset `end`. */
  write(data: Buffer, end: number): void {
    const text = this.#decoder.write(data);
    this.#isGround = endsInGround(text, this.#isGround);
    this.#unasked += data.length;
    if (this.#unasked >= askEvery && this.#isGround) {
      this.#ask(text, end);
    } else {
      this.#options.write(text);
      if (this.#unasked > giveUpAfter) this.#acknowledge(end);
    }
  }

  /** Replaces everything shown by a screen that stands for byte offset `seq`. */
  writeScreen(text: string, seq: number): void {
    this.#decoder = new StringDecoder('utf8');
    this.#isGround = true;
    this.#ask(`\x1bc${text}`, seq);
  }

  /** What the user typed, without the terminal's answers to us. */
  filterInput(input: string): string {
    if (!input.includes('\x1b[?58207')) return input;
    return input.replace(answer, () => {
      const seq = this.#asked.shift();
      if (seq !== undefined) this.#acknowledge(seq);
      return '';
    });
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #ask(text: string, end: number): void {
    this.#unasked = 0;
    this.#asked.push(end);
    this.#timer ??= setTimeout(() => this.#giveUp(), answerDeadline);
    this.#options.write(text + question);
  }

  #acknowledge(seq: number): void {
    this.#unasked = 0;
    clearTimeout(this.#timer);
    this.#timer = this.#asked.length > 0 ? setTimeout(() => this.#giveUp(), answerDeadline) : undefined;
    this.#options.acknowledge(seq);
  }

  /** A terminal that does not answer must not stop the output for good. */
  #giveUp(): void {
    const last = this.#asked.at(-1);
    this.#asked = [];
    if (last !== undefined) this.#acknowledge(last);
  }
}

/** Whether a question may follow `text` without cutting through a control sequence of the program. */
export function endsInGround(text: string, startsInGround: boolean): boolean {
  const start = text.lastIndexOf('\x1b');
  if (start < 0) return startsInGround || /[\x07\x18\x1a]/.test(text);
  const tail = text.slice(start);
  if (/^\x1b\[[0-?]*[ -/]*[@-~]/.test(tail)) return true;
  if (/^\x1b[\]P^_X]/.test(tail)) return /[\x07\x18\x1a]/.test(tail);
  return /^\x1b[ -/]*[0-~]/.test(tail) && !tail.startsWith('\x1b[');
}
