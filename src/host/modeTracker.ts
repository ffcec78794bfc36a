import type { IModes, Terminal } from '@xterm/headless';

/** Private modes of which the terminal does not tell, with the state a terminal starts in. */
const trackedModes = new Map<number, boolean>([
  [12, false], // cursor blinks
  [25, true], // cursor is visible
  [1005, false], // mouse reports in UTF-8
  [1006, false], // mouse reports in SGR form
  [1007, false], // wheel sends cursor keys
  [1015, false], // mouse reports in urxvt form
  [1016, false], // mouse reports in pixels
]);

/** Modes of which the terminal tells, all of them off when it starts. */
const reportedModes = [
  ['applicationCursorKeysMode', '\x1b[?1h'],
  ['applicationKeypadMode', '\x1b[?66h'],
  ['bracketedPasteMode', '\x1b[?2004h'],
  ['insertMode', '\x1b[4h'],
  ['reverseWraparoundMode', '\x1b[?45h'],
  ['sendFocusMode', '\x1b[?1004h'],
] as const;

const mouseTracking: Record<IModes['mouseTrackingMode'], string> = {
  none: '',
  x10: '\x1b[?9h',
  vt200: '\x1b[?1000h',
  drag: '\x1b[?1002h',
  any: '\x1b[?1003h',
};

/**
 * Knows a terminal's modes, also those of which it does not tell: cursor visibility and shape, mouse encoding,
 * line-drawing characters.
 */
export class ModeTracker {
  readonly #terminal: Terminal;
  readonly #modes = new Map(trackedModes);
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
    parser.registerEscHandler({ intermediates: '(', final: '0' }, () => this.#setLineDrawing(true));
    parser.registerEscHandler({ intermediates: '(', final: 'B' }, () => this.#setLineDrawing(false));
    parser.registerEscHandler({ final: 'c' }, () => this.#reset());
    parser.registerCsiHandler({ intermediates: '!', final: 'p' }, () => this.#softReset());
  }

  /** Control sequences that set these modes, but for origin mode, on a terminal as it starts, without moving its cursor. */
  serialize(): string {
    const { modes } = this.#terminal;
    let text = '';
    for (const [name, sequence] of reportedModes) if (modes[name]) text += sequence;
    if (!modes.wraparoundMode) text += '\x1b[?7l';
    text += mouseTracking[modes.mouseTrackingMode];
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

  #setLineDrawing(value: boolean): false {
    this.#lineDrawing = value;
    return false;
  }

  #reset(): false {
    for (const [mode, initial] of trackedModes) this.#modes.set(mode, initial);
    return this.#softReset();
  }

  /** Leaves the mouse as it is. */
  #softReset(): false {
    this.#modes.set(25, true);
    this.#cursorShape = 0;
    this.#lineDrawing = false;
    return false;
  }
}

function numberOf(param: number | number[] | undefined): number {
  return (Array.isArray(param) ? param[0] : param) ?? 0;
}
