import type { TerminalDimensions as Dimensions } from 'vscode';
import type { TerminalSize } from '../protocol/hostMessages.ts';

/** What VS Code gives a terminal that it has not laid out: `DefaultCols` and `DefaultRows` of its terminal. */
const notLaidOut = { columns: 80, rows: 30 };

/** VS Code does not pass `undefined` on, by which its API would end an override; it takes zero for none. */
const noOverride = { columns: 0, rows: 0 };

/**
 * The room one terminal has in its window, and the size it is held to while another window's applies.
 *
 * An override can only make a VS Code terminal smaller, and while there is one VS Code reports what that leaves.
 */
export class TerminalDimensions {
  #initial: Dimensions | undefined;
  #own: TerminalSize | undefined;
  #override: TerminalSize | undefined;

  /** The terminal's own room; undefined until it is on screen for the first time. */
  get own(): TerminalSize | undefined {
    return this.#own;
  }

  /** The dimensions a terminal is opened with are real only if it is on screen. */
  opened(dimensions: Dimensions | undefined): void {
    this.#initial = dimensions;
    const isReal = dimensions?.columns !== notLaidOut.columns || dimensions.rows !== notLaidOut.rows;
    if (dimensions && isReal) this.#own = { cols: dimensions.columns, rows: dimensions.rows };
  }

  /** Takes in what VS Code reports; false where that says nothing new. */
  reported(dimensions: Dimensions): boolean {
    // Right after opening VS Code reports the very same dimensions once more.
    if (dimensions === this.#initial) return false;
    const { cols = 0, rows = 0 } = this.#own ?? {};
    this.#own = {
      cols: unclipped(dimensions.columns, this.#override?.cols, cols),
      rows: unclipped(dimensions.rows, this.#override?.rows, rows),
    };
    return this.#own.cols !== cols || this.#own.rows !== rows;
  }

  /** The override that lays the text out for the size the program knows; undefined where nothing changes. */
  followed(size: TerminalSize): Dimensions | undefined {
    if (equal(size, this.#override)) return undefined;
    const isOwn = !this.#own || equal(size, this.#own);
    if (isOwn && !this.#override) return undefined;
    this.#override = isOwn ? undefined : size;
    return isOwn ? noOverride : { columns: size.cols, rows: size.rows };
  }
}

/** A report below the override is the real room; one at the override only says that the room is no smaller. */
function unclipped(reported: number, override: number | undefined, known: number): number {
  return override === undefined || reported < override ? reported : Math.max(known, override);
}

function equal(a: TerminalSize, b: TerminalSize | undefined): boolean {
  return a.cols === b?.cols && a.rows === b.rows;
}
