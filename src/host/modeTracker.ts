import type { Terminal } from '@xterm/headless';

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
  readonly #modes = new Map(trackedModes);
  #cursorShape = 0;
  #scrollRegion: [top: number, bottom: number] | undefined;
  #lineDrawing = false;

  constructor(terminal: Terminal) {
    // Returning false lets the terminal's own handler act on the sequence as well.
    const { parser } = terminal;
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, (params) => this.#set(params, true));
    parser.registerCsiHandler({ prefix: '?', final: 'l' }, (params) => this.#set(params, false));
    parser.registerCsiHandler({ intermediates: ' ', final: 'q' }, ([shape]) => {
      this.#cursorShape = numberOf(shape);
      return false;
    });
    parser.registerCsiHandler({ final: 'r' }, ([top, bottom]) => {
      this.#setScrollRegion(numberOf(top) || 1, numberOf(bottom) || terminal.rows, terminal.rows);
      return false;
    });
    parser.registerEscHandler({ intermediates: '(', final: '0' }, () => this.#setLineDrawing(true));
    parser.registerEscHandler({ intermediates: '(', final: 'B' }, () => this.#setLineDrawing(false));
    parser.registerEscHandler({ final: 'c' }, () => this.#reset());
    parser.registerCsiHandler({ intermediates: '!', final: 'p' }, () => this.#reset());
    terminal.onResize(() => {
      this.#scrollRegion = undefined;
    });
  }

  /** Control sequences that bring a terminal from its initial state into this one, the cursor put back. */
  serialize(cursor: { x: number; y: number }): string {
    let text = '';
    if (this.#scrollRegion) {
      // Setting the region moves the cursor home.
      text += `\x1b[${this.#scrollRegion.join(';')}r\x1b[${cursor.y + 1};${cursor.x + 1}H`;
    }
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

  #setScrollRegion(top: number, bottom: number, rows: number): void {
    const isWhole = top === 1 && bottom >= rows;
    this.#scrollRegion = isWhole || bottom <= top ? undefined : [top, bottom];
  }

  #setLineDrawing(value: boolean): false {
    this.#lineDrawing = value;
    return false;
  }

  #reset(): false {
    for (const [mode, initial] of trackedModes) this.#modes.set(mode, initial);
    this.#cursorShape = 0;
    this.#scrollRegion = undefined;
    this.#lineDrawing = false;
    return false;
  }
}

function numberOf(param: number | number[] | undefined): number {
  return (Array.isArray(param) ? param[0] : param) ?? 0;
}
