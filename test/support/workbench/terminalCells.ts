/** A terminal as a person sees it: its text with colours and styles, and how it treats keys and the mouse. */
export interface TerminalLook {
  /** The screen, each change of style as `‹…›` before the text it applies to. */
  readonly screen: readonly string[];
  readonly buffer: 'normal' | 'alternate';
  /** Column, then row, both from 0. */
  readonly cursor: readonly [number, number];
  /** Modes that differ from a terminal in its initial state. */
  readonly modes: Readonly<Record<string, unknown>>;
}

/** What the workbench leaves on a terminal's element for VS Code's own tests: an xterm.js terminal. */
interface TerminalElement {
  readonly xterm?: Xterm;
}

interface Xterm {
  readonly rows: number;
  readonly cols: number;
  readonly modes: Readonly<Record<string, unknown>>;
  readonly buffer: { readonly active: XtermBuffer };
  /** Not part of the API, which tells neither of these. */
  readonly _core: {
    readonly mouseStateService?: { readonly _activeEncoding: string };
    readonly buffer: { readonly scrollTop: number; readonly scrollBottom: number };
  };
}

interface XtermBuffer {
  readonly type: 'normal' | 'alternate';
  readonly baseY: number;
  readonly cursorX: number;
  readonly cursorY: number;
  getLine(index: number): { getCell(index: number): XtermCell | undefined } | undefined;
}

type Style = 'Bold' | 'Dim' | 'Italic' | 'Underline' | 'Inverse' | 'Invisible' | 'Strikethrough' | 'Overline';

type XtermCell = { readonly [S in Style as `is${S}`]: () => number } & {
  getWidth(): number;
  getChars(): string;
  getFgColor(): number;
  getBgColor(): number;
  isFgDefault(): boolean;
  isBgDefault(): boolean;
  isFgRGB(): boolean;
  isBgRGB(): boolean;
};

/** Runs in the page, so it cannot use anything outside itself. */
export function readLook(element: unknown): TerminalLook {
  const xterm = (element as TerminalElement).xterm;
  if (!xterm) return { screen: [], buffer: 'normal', cursor: [0, 0], modes: {} };
  const styles = ['Bold', 'Dim', 'Italic', 'Underline', 'Inverse', 'Invisible', 'Strikethrough', 'Overline'] as const;
  const initial: Record<string, unknown> = { showCursor: true, wraparoundMode: true, mouseTrackingMode: 'none' };
  const color = (value: number, isRgb: boolean) => (isRgb ? `#${value.toString(16).padStart(6, '0')}` : String(value));
  const describe = (cell: XtermCell) =>
    [
      ...styles.filter((style) => cell[`is${style}`]()).map((style) => style.toLowerCase()),
      ...(cell.isFgDefault() ? [] : [`fg ${color(cell.getFgColor(), cell.isFgRGB())}`]),
      ...(cell.isBgDefault() ? [] : [`bg ${color(cell.getBgColor(), cell.isBgRGB())}`]),
    ].join(', ');
  const { active } = xterm.buffer;
  const readLine = (index: number) => {
    let text = '';
    let style = '';
    for (let column = 0; column < xterm.cols; column += 1) {
      const cell = active.getLine(index)?.getCell(column);
      if (!cell || cell.getWidth() === 0) continue;
      const next = describe(cell);
      text += `${next === style ? '' : `‹${next}›`}${cell.getChars() || ' '}`;
      style = next;
    }
    return text.trimEnd();
  };
  const { mouseStateService: mouse, buffer } = xterm._core;
  const region = [buffer.scrollTop, buffer.scrollBottom];
  const modes = Object.entries({
    ...xterm.modes,
    ...(mouse && mouse._activeEncoding !== 'DEFAULT' ? { mouseEncoding: mouse._activeEncoding } : {}),
    ...(region[0] === 0 && region[1] === xterm.rows - 1 ? {} : { scrollRegion: region }),
  }).filter(([name, value]) => value !== (initial[name] ?? false));
  return {
    screen: Array.from({ length: xterm.rows }, (_, row) => readLine(active.baseY + row)),
    buffer: active.type,
    cursor: [active.cursorX, active.cursorY],
    modes: Object.fromEntries(modes),
  };
}
