import type { TerminalDimensions as Dimensions } from 'vscode';
import type { TerminalSize } from '../protocol/hostMessages.ts';

/** VS Code does not pass `undefined` on, by which its API would end an override; it takes zero for none. */
const noOverride = { columns: 0, rows: 0 };

/**
 * How long the size of a terminal is not believed in that comes back with its window; milliseconds. VS Code lays it
 * out before it knows how large its letters will be.
 */
const restoring = 1_000;

/**
 * How long a size counts as not laid out yet of which one side is still VS Code's guess for a terminal behind others;
 * milliseconds.
 */
const guessing = 2_000;

/** How long VS Code may put off a new width where there is much text to lay out anew; milliseconds. */
const widthDelay = 300;

export interface TerminalDimensionsOptions {
  /** Asks the terminal for its size, which it tells through {@link TerminalDimensions.measured}. */
  ask: () => void;
  /** Whether the terminal is the one in front. */
  isFront: () => boolean;
  /** The room is known, or another one than before. */
  onKnown: (room: TerminalSize) => void;
}

/**
 * The room one terminal has in its window, and the size it is held to while another window's applies. An override
 * can only make a VS Code terminal smaller.
 *
 * VS Code's word for the room is a guess until the terminal was in front for a while, and a program that is told each
 * guess repaints each time. So the room counts as known only once the terminal itself has told it.
 */
export class TerminalDimensions {
  readonly #options: TerminalDimensionsOptions;
  #room: TerminalSize | undefined;
  #override: TerminalSize | undefined;
  #isRestored = false;
  #isKnown = false;
  /** Until when sizes are not believed in; milliseconds since 1970. */
  #unsettledUntil = 0;
  /** What VS Code took for the room before the terminal was in front. */
  #guess: Dimensions | undefined;
  #guessUntil: number | undefined;
  #secondLook: NodeJS.Timeout | undefined;

  constructor(options: TerminalDimensionsOptions) {
    this.#options = options;
  }

  /** The best guess so far. */
  get room(): TerminalSize | undefined {
    return this.#room;
  }

  /** The room, where it is no guess. */
  get known(): TerminalSize | undefined {
    return this.#isKnown ? this.#room : undefined;
  }

  /** VS Code opens the terminal; one that is restored comes back with its window. */
  opened(dimensions: Dimensions | undefined, isRestored: boolean): void {
    this.#setRoom(dimensions);
    this.#isRestored = isRestored;
    if (isRestored) this.#unsettleFor(restoring);
    if (!this.#options.isFront()) this.#guess = dimensions;
    else if (!isRestored) this.#isKnown = dimensions !== undefined;
  }

  /** The terminal has come to the front, of which VS Code does not always tell the size. */
  shown(): void {
    if (this.#isRestored && !this.#isKnown) this.#unsettleFor(widthDelay);
    this.#guessUntil ??= Date.now() + guessing;
    this.#options.ask();
    this.#lookAgain();
  }

  /** VS Code's word for the room, whatever the override. It is not given for every change. */
  reported(dimensions: Dimensions): void {
    this.#setRoom(dimensions);
    if (this.#isUnsettled) this.#lookAgain();
    else this.#tell();
  }

  /** The terminal's own word for its size, which is what an override leaves of its room. */
  measured({ cols, rows }: TerminalSize): void {
    this.#room = {
      cols: unclipped(cols, this.#override?.cols, this.#room?.cols),
      rows: unclipped(rows, this.#override?.rows, this.#room?.rows),
    };
    if (this.#isGuess(cols, rows)) this.#unsettleFor(widthDelay);
    if (this.#isUnsettled) {
      this.#lookAgain();
    } else if (this.#options.isFront()) {
      this.#isKnown = true;
      this.#tell();
    }
  }

  /**
   * The override that lays the text out for the size the program knows; undefined where nothing changes. There is none
   * before the room is known, which an override would hide: half of a guess would be taken for the rest of it.
   */
  followed(size: TerminalSize): Dimensions | undefined {
    if (!this.#isKnown || equalSizes(size, this.#override)) return undefined;
    const isOwn = equalSizes(size, this.#room);
    if (isOwn && !this.#override) return undefined;
    this.#override = isOwn ? undefined : size;
    return isOwn ? noOverride : { columns: size.cols, rows: size.rows };
  }

  dispose(): void {
    clearTimeout(this.#secondLook);
  }

  #setRoom(dimensions: Dimensions | undefined): void {
    if (dimensions) this.#room = { cols: dimensions.columns, rows: dimensions.rows };
  }

  #tell(): void {
    if (this.known) this.#options.onKnown(this.known);
  }

  get #isUnsettled(): boolean {
    return Date.now() < this.#unsettledUntil;
  }

  #unsettleFor(time: number): void {
    this.#unsettledUntil = Math.max(this.#unsettledUntil, Date.now() + time);
  }

  #isGuess(cols: number, rows: number): boolean {
    if (this.#isKnown || !this.#guess || Date.now() > (this.#guessUntil ?? 0)) return false;
    return cols === this.#guess.columns || rows === this.#guess.rows;
  }

  #lookAgain(): void {
    clearTimeout(this.#secondLook);
    const wait = Math.max(this.#unsettledUntil - Date.now(), widthDelay);
    this.#secondLook = setTimeout(() => this.#options.ask(), wait);
  }
}

/** A size below the override is the whole room; one at the override only says that the room is no smaller. */
function unclipped(measured: number, override = Number.POSITIVE_INFINITY, known = measured): number {
  return measured < override ? measured : Math.max(known, override);
}

export function equalSizes(a: TerminalSize | undefined, b: TerminalSize | undefined): boolean {
  return a?.cols === b?.cols && a?.rows === b?.rows;
}
