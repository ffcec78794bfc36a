import type { TerminalDimensions as Dimensions } from 'vscode';
import type { TerminalSize } from '../protocol/hostMessages.ts';

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

  /** What VS Code opens a terminal with is an estimate, or its default, unless the terminal is in front. */
  opened(dimensions: Dimensions | undefined): void {
    this.#initial = dimensions;
  }

  /** The terminal is in front of the others; false where its own room was known before or is not yet. */
  broughtToFront(): boolean {
    if (this.#own || !this.#initial) return false;
    this.#own = { cols: this.#initial.columns, rows: this.#initial.rows };
    return true;
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
