import type { TerminalDimensions as Dimensions } from 'vscode';
import type { TerminalSize } from '../protocol/hostMessages.ts';

/** VS Code does not pass `undefined` on, by which its API would end an override; it takes zero for none. */
const noOverride = { columns: 0, rows: 0 };

/**
 * The room one terminal has in its window, and the size it is held to while another window's applies. An override
 * can only make a VS Code terminal smaller.
 */
export class TerminalDimensions {
  #own: TerminalSize | undefined;
  #override: TerminalSize | undefined;

  /** The room that is known so far. VS Code's word for a terminal that was never on screen is but an estimate. */
  get own(): TerminalSize | undefined {
    return this.#own;
  }

  /** VS Code's word for the room, whatever the override. It is not given for every change. */
  reported(dimensions: Dimensions | undefined): void {
    if (dimensions) this.#own = { cols: dimensions.columns, rows: dimensions.rows };
  }

  /** The terminal's own word for its size, which is what an override leaves of its room. */
  measured({ cols, rows }: TerminalSize): void {
    this.#own = {
      cols: unclipped(cols, this.#override?.cols, this.#own?.cols),
      rows: unclipped(rows, this.#override?.rows, this.#own?.rows),
    };
  }

  /** The override that lays the text out for the size the program knows; undefined where nothing changes. */
  followed(size: TerminalSize): Dimensions | undefined {
    if (equalSizes(size, this.#override)) return undefined;
    const isOwn = !this.#own || equalSizes(size, this.#own);
    if (isOwn && !this.#override) return undefined;
    this.#override = isOwn ? undefined : size;
    return isOwn ? noOverride : { columns: size.cols, rows: size.rows };
  }
}

/** A size below the override is the whole room; one at the override only says that the room is no smaller. */
function unclipped(measured: number, override = Number.POSITIVE_INFINITY, known = measured): number {
  return measured < override ? measured : Math.max(known, override);
}

export function equalSizes(a: TerminalSize | undefined, b: TerminalSize | undefined): boolean {
  return a?.cols === b?.cols && a?.rows === b?.rows;
}
