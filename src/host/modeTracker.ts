import type { Terminal } from '@xterm/headless';

type BufferType = 'normal' | 'alternate';

/** First and last line, counting from 1. */
interface ScrollRegion {
  top: number;
  bottom: number;
}

/** Private modes that the serialize add-on leaves out, with the state a terminal starts in. */
const trackedModes = new Map<number, boolean>([
  [12, false], // cursor blinks
  [25, true], // cursor is visible
  [1005, false], // mouse reports in UTF-8
  [1006, false], // mouse reports in SGR form
  [1007, false], // wheel sends cursor keys
  [1015, false], // mouse reports in urxvt form
  [1016, false], // mouse reports in pixels
]);

/**
 * Follows the terminal state that a snapshot needs beyond what the serialize add-on writes: cursor visibility
 * and shape, mouse encoding, scroll region, line-drawing characters.
 */
export class ModeTracker {
  readonly #terminal: Terminal;
  readonly #modes = new Map(trackedModes);
  readonly #scrollRegions = new Map<BufferType, ScrollRegion>();
  #cursorShape = 0;
  #lineDrawing = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    // Returning false lets the terminal's own handler act on the sequence as well.
    const { parser } = terminal;
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, (params) => this.#set(params, true));
    parser.registerCsiHandler({ prefix: '?', final: 'l' }, (params) => this.#set(params, false));
    parser.registerCsiHandler({ intermediates: ' ', final: 'q' }, ([shape]) => {
      this.#cursorShape = numberOf(shape);
      return false;
    });
    parser.registerCsiHandler({ final: 'r' }, ([top, bottom]) => {
      this.#setScrollRegion(numberOf(top) || 1, numberOf(bottom) || terminal.rows);
      return false;
    });
    parser.registerEscHandler({ intermediates: '(', final: '0' }, () => this.#setLineDrawing(true));
    parser.registerEscHandler({ intermediates: '(', final: 'B' }, () => this.#setLineDrawing(false));
    parser.registerEscHandler({ final: 'c' }, () => this.#reset());
    parser.registerCsiHandler({ intermediates: '!', final: 'p' }, () => this.#softReset());
    terminal.onResize(() => this.#scrollRegions.clear());
    // Leaving the alternate screen discards it, and its region with it.
    terminal.buffer.onBufferChange(({ type }) => {
      if (type === 'normal') this.#scrollRegions.delete('alternate');
    });
  }

  /**
   * Control sequences that bring a terminal on which the serialize add-on's were written into this state. The scroll
   * region, and the origin mode that the add-on sets, move the cursor, and the add-on misses it by a column where the
   * last row is full: its position follows, but where it waits behind the last column to wrap.
   */
  serialize(): string {
    const { buffer, cols, modes } = this.#terminal;
    const region = this.#scrollRegions.get(buffer.active.type);
    let text = region ? `\x1b[${region.top};${region.bottom}r` : '';
    const isMoved = region || modes.originMode || buffer.active.cursorX < cols;
    if (isMoved) text += this.#cursorPosition(modes.originMode ? (region?.top ?? 1) : 1);
    for (const [mode, initial] of trackedModes) {
      const value = this.#modes.get(mode);
      if (value !== initial) text += `\x1b[?${mode}${value ? 'h' : 'l'}`;
    }
    if (this.#cursorShape) text += `\x1b[${this.#cursorShape} q`;
    if (this.#lineDrawing) text += '\x1b(0';
    return text;
  }

  #set(params: (number | number[])[], value: boolean): false {
    for (const param of params) if (trackedModes.has(numberOf(param))) this.#modes.set(numberOf(param), value);
    return false;
  }

  /** Lines count from `origin`, as in origin mode they do from the top of the scroll region. */
  #cursorPosition(origin: number): string {
    const { cursorX, cursorY } = this.#terminal.buffer.active;
    return `\x1b[${cursorY + 2 - origin};${cursorX + 1}H`;
  }

  /** A region that ends above its beginning is ignored, as the terminal does. */
  #setScrollRegion(top: number, end: number): void {
    const { rows, buffer } = this.#terminal;
    const bottom = Math.min(end, rows);
    if (bottom <= top) return;
    if (top === 1 && bottom === rows) this.#scrollRegions.delete(buffer.active.type);
    else this.#scrollRegions.set(buffer.active.type, { top, bottom });
  }

  #setLineDrawing(value: boolean): false {
    this.#lineDrawing = value;
    return false;
  }

  #reset(): false {
    for (const [mode, initial] of trackedModes) this.#modes.set(mode, initial);
    this.#scrollRegions.clear();
    return this.#softReset();
  }

  /** Leaves the mouse as it is. */
  #softReset(): false {
    this.#modes.set(25, true);
    this.#scrollRegions.delete(this.#terminal.buffer.active.type);
    this.#cursorShape = 0;
    this.#lineDrawing = false;
    return false;
  }
}

function numberOf(param: number | number[] | undefined): number {
  return (Array.isArray(param) ? param[0] : param) ?? 0;
}
