import { Terminal, Unicode11Addon } from '../../../src/node/xterm.ts';

type XtermTerminal = InstanceType<typeof Terminal>;

export interface ObservedTerminal {
  terminal: XtermTerminal;
  title: string;
}

export function newTerminal(size: { cols: number; rows: number }): ObservedTerminal {
  const terminal = new Terminal({ ...size, scrollback: 100, allowProposedApi: true });
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = '11';
  const observed = { terminal, title: '' };
  terminal.onTitleChange((title) => {
    observed.title = title;
  });
  return observed;
}

export function write({ terminal }: ObservedTerminal, data: string): Promise<void> {
  return new Promise((resolve) => terminal.write(data, resolve));
}

/** Everything that a terminal shows and how it behaves, as text: every line with its styles, the modes, the cursor. */
export function describeTerminal({ terminal, title }: ObservedTerminal): string {
  const { active, normal } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, row) => describeLine(terminal, row));
  return [
    `${active.type}, ${normal.length} lines, cursor ${active.cursorX},${active.cursorY}, title ${JSON.stringify(title)}`,
    ...lines,
    JSON.stringify(terminal.modes),
    describeInternals(terminal),
  ].join('\n');
}

function describeLine({ buffer, cols }: XtermTerminal, row: number): string {
  const line = buffer.active.getLine(row);
  let text = line?.isWrapped ? '↪' : ' ';
  let style = '';
  for (let column = 0; column < cols; column++) {
    const cell = line?.getCell(column);
    if (!cell || cell.getWidth() === 0) continue;
    const hasText = cell.getChars() !== '';
    const current = describeStyle(cell, hasText);
    if (current !== style) text += `<${current}>`;
    style = current;
    text += cell.getChars() || ' ';
  }
  return text.trimEnd();
}

type Cell = NonNullable<ReturnType<NonNullable<ReturnType<XtermTerminal['buffer']['active']['getLine']>>['getCell']>>;

/** Of an empty cell only the background can be seen. */
function describeStyle(cell: Cell, hasText: boolean): string {
  const background = `${cell.getBgColorMode()}:${cell.getBgColor()}`;
  if (!hasText) return background === '0:-1' ? '' : background;
  const flags = [
    cell.isBold(),
    cell.isDim(),
    cell.isItalic(),
    cell.isUnderline(),
    cell.isBlink(),
    cell.isInverse(),
    cell.isInvisible(),
    cell.isStrikethrough(),
    cell.isOverline(),
  ].map((flag) => (flag ? 1 : 0));
  if (cell.isAttributeDefault()) return '';
  return `${cell.getFgColorMode()}:${cell.getFgColor()}/${background}/${flags.join('')}`;
}

interface Internals {
  _core: {
    buffers: { active: { scrollTop: number; scrollBottom: number } };
    coreService: { isCursorHidden: boolean; decPrivateModes: { cursorStyle?: string; cursorBlink?: boolean } };
    coreMouseService: { activeEncoding: string };
    _charsetService: { charset: unknown; glevel: number };
    _inputHandler: { _curAttrData: { fg: number; bg: number } };
  };
}

/** What a terminal does not tell through its interface. */
function describeInternals(terminal: XtermTerminal): string {
  const { buffers, coreService, coreMouseService, _charsetService, _inputHandler } = (terminal as unknown as Internals)
    ._core;
  return JSON.stringify({
    region: [buffers.active.scrollTop, buffers.active.scrollBottom],
    isCursorHidden: coreService.isCursorHidden,
    cursorStyle: coreService.decPrivateModes.cursorStyle,
    cursorBlink: coreService.decPrivateModes.cursorBlink,
    mouseEncoding: coreMouseService.activeEncoding,
    isLineDrawing: _charsetService.charset !== undefined,
    next: [_inputHandler._curAttrData.fg, _inputHandler._curAttrData.bg],
  });
}
