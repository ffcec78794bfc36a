import type { Terminal } from '@xterm/headless';

/** Underline style in bits 26 to 28, underline colour as in {@link Attributes}; the link's number, 0 for none. */
export interface ExtendedAttributes {
  _ext: number;
  _urlId: number;
}

/** How a character is drawn: colours in bits 0 to 25, flags above them. */
export interface Attributes {
  fg: number;
  bg: number;
  extended: ExtendedAttributes;
}

/** Three words for each cell: content, foreground, background. */
export interface Line {
  isWrapped: boolean;
  _data: Uint32Array;
  _combined: Record<number, string>;
  _extendedAttrs: Record<number, ExtendedAttributes | undefined>;
}

/** A screen with what has scrolled off it; `y` and `x` count from the screen's corner, `savedY` from the first line. */
export interface ScreenBuffer {
  ybase: number;
  x: number;
  y: number;
  savedX: number;
  savedY: number;
  /** First and last line of the scroll region. */
  scrollTop: number;
  scrollBottom: number;
  savedCurAttrData: Attributes;
  tabs: Record<number, boolean | undefined>;
  lines: { length: number; get: (index: number) => Line | undefined };
}

/** What a terminal keeps and does not tell, or tells cell by cell, through its interface. */
export interface TerminalInternals {
  buffers: { normal: ScreenBuffer; alt: ScreenBuffer; active: ScreenBuffer };
  _inputHandler: {
    _curAttrData: Attributes;
    /** Interprets output; a promise where a handler is asynchronous. */
    parse: (data: string | Uint8Array, promiseResult?: boolean) => unknown;
    /** State 0 is that between two sequences. */
    _parser: { reset: () => void; currentState: number };
    /** The first bytes of a character that is not complete yet; 0 where there are none. */
    _utf8Decoder: { interim: Uint8Array };
  };
  _oscLinkService: { getLinkData: (id: number) => { id?: string; uri: string } | undefined };
}

/** @see https://github.com/xtermjs/xterm.js/blob/6.0.0/src/common/buffer/Constants.ts */
export const cell = {
  words: 3,
  hasContent: 0x3f_ffff,
  codePoint: 0x1f_ffff,
  isCombined: 0x20_0000,
  widthShift: 22,
} as const;

export const foregroundFlag = {
  inverse: 0x400_0000,
  bold: 0x800_0000,
  underline: 0x1000_0000,
  blink: 0x2000_0000,
  invisible: 0x4000_0000,
  strikethrough: 0x8000_0000,
} as const;

export const backgroundFlag = {
  italic: 0x400_0000,
  dim: 0x800_0000,
  hasExtended: 0x1000_0000,
  overline: 0x4000_0000,
} as const;

/** The colour and what kind it is, without flags; 0 for the terminal's own. */
export const colorBits = 0x3ff_ffff;

export function internalsOf(terminal: Terminal): TerminalInternals {
  return (terminal as unknown as { _core: TerminalInternals })._core;
}
