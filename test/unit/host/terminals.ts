import {
  type Attributes,
  backgroundFlag,
  cell,
  colorBits,
  foregroundFlag,
  internalsOf,
} from '../../../src/host/terminalInternals.ts';
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

function describeLine(terminal: XtermTerminal, row: number): string {
  const { buffer, cols } = terminal;
  const line = buffer.active.getLine(row);
  let text = line?.isWrapped ? '↪' : ' ';
  let style = '';
  for (let column = 0; column < cols; column++) {
    const shown = line?.getCell(column);
    if (!shown || shown.getWidth() === 0) continue;
    const chars = charsAt(terminal, row, column);
    const hasText = chars !== '';
    const current = describeStyle(shown, hasText);
    if (current !== style) text += `<${current}>`;
    style = current;
    text += chars || ' ';
  }
  return text.trimEnd() + describeExtended(terminal, row);
}

/** A terminal that became narrower may keep half of a wide character, which it cannot show. */
function charsAt({ buffer, cols }: XtermTerminal, row: number, column: number): string {
  const cell = buffer.active.getLine(row)?.getCell(column);
  return cell && cell.getWidth() <= cols - column ? cell.getChars() : '';
}

/** Underlines and links: the interface calls a character underlined that belongs to a link, even to a dead one. */
function describeExtended(terminal: XtermTerminal, row: number): string {
  const { buffers } = internalsOf(terminal);
  const line = buffers.active.lines.get(row);
  let text = '';
  for (let column = 0; column < terminal.cols; column++) {
    if (!line || !charsAt(terminal, row, column)) continue;
    const [, fg = 0, bg = 0] = line._data.subarray(column * cell.words);
    const extended = line._extendedAttrs[column] ?? { _ext: 0, _urlId: 0 };
    const [, , underline, link] = describePen(terminal, { fg, bg, extended });
    if (underline || link) text += ` ${column}:${underline}${link}`;
  }
  return text && ` {${text}}`;
}

type Cell = NonNullable<ReturnType<NonNullable<ReturnType<XtermTerminal['buffer']['active']['getLine']>>['getCell']>>;

/** Colours and flags, underline, link. A link's id alone says nothing, and its own underline hides any other. */
function describePen(terminal: XtermTerminal, { fg, bg, extended }: Attributes): (number | string)[] {
  const { _ext, _urlId } = bg & backgroundFlag.hasExtended ? extended : { _ext: 0, _urlId: 0 };
  const link = internalsOf(terminal)._oscLinkService.getLinkData(_urlId);
  const style = (_ext >> 26) & 7 || (fg & foregroundFlag.underline ? 1 : 0);
  const underline = link || (style === 0 && (_ext & colorBits) === 0) ? '' : `underline ${style} ${_ext & colorBits}`;
  return [
    fg & ~foregroundFlag.underline,
    bg & ~backgroundFlag.hasExtended,
    underline,
    link ? `link ${link.id ?? ''} ${link.uri}` : '',
  ];
}

/** Of an empty cell only the background can be seen. */
function describeStyle(cell: Cell, hasText: boolean): string {
  const background = `${cell.getBgColorMode()}:${cell.getBgColor()}`;
  if (!hasText) return background === '0:-1' ? '' : background;
  const flags = [
    cell.isBold(),
    cell.isDim(),
    cell.isItalic(),
    cell.isBlink(),
    cell.isInverse(),
    cell.isInvisible(),
    cell.isStrikethrough(),
    cell.isOverline(),
  ].map((flag) => (flag ? 1 : 0));
  const style = `${cell.getFgColorMode()}:${cell.getFgColor()}/${background}/${flags.join('')}`;
  return style === '0:-1/0:-1/00000000' ? '' : style;
}

interface Internals {
  _core: {
    buffers: { active: { scrollTop: number; scrollBottom: number } };
    coreService: { isCursorHidden: boolean; decPrivateModes: { cursorStyle?: string; cursorBlink?: boolean } };
    coreMouseService: { activeEncoding: string };
    _charsetService: { charset: unknown; glevel: number };
  };
}

/** What a terminal does not tell through its interface. */
function describeInternals(terminal: XtermTerminal): string {
  const { buffers, coreService, coreMouseService, _charsetService } = (terminal as unknown as Internals)._core;
  const { _inputHandler, buffers: screens } = internalsOf(terminal);
  const { savedX, savedY, ybase, savedCurAttrData, tabs } = screens.active;
  return JSON.stringify({
    region: [buffers.active.scrollTop, buffers.active.scrollBottom],
    isCursorHidden: coreService.isCursorHidden,
    cursorStyle: coreService.decPrivateModes.cursorStyle,
    cursorBlink: coreService.decPrivateModes.cursorBlink,
    mouseEncoding: coreMouseService.activeEncoding,
    isLineDrawing: _charsetService.charset !== undefined,
    next: describePen(terminal, _inputHandler._curAttrData),
    saved: [
      Math.min(savedX, terminal.cols - 1),
      Math.min(Math.max(0, savedY - ybase), terminal.rows - 1),
      ...describePen(terminal, savedCurAttrData),
    ],
    tabs: Object.keys(tabs).filter((column) => tabs[Number(column)] && Number(column) < terminal.cols),
  });
}
