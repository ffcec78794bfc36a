export interface TerminalBuffer {
  readonly columns: number;
  readonly rows: number;
  readonly kind: 'normal' | 'alternate';
  /** The first line on screen. */
  readonly top: number;
  readonly lines: readonly { readonly text: string; readonly wrapped: boolean }[];
}

/** What the workbench leaves on a terminal's element for VS Code's own tests: an xterm.js terminal. */
interface TerminalElement {
  readonly xterm?: {
    readonly cols: number;
    readonly rows: number;
    readonly buffer: { readonly active: XtermBuffer };
    paste(text: string): void;
  };
}

interface XtermBuffer {
  readonly length: number;
  readonly viewportY: number;
  readonly type: 'normal' | 'alternate';
  getLine(index: number): { readonly isWrapped: boolean; translateToString(): string } | undefined;
}

/** Runs in the page. */
export function readBuffer(element: unknown): TerminalBuffer {
  const xterm = (element as TerminalElement).xterm;
  if (!xterm) return { columns: 0, rows: 0, kind: 'normal', top: 0, lines: [] };
  const { length, viewportY, type } = xterm.buffer.active;
  const lines = Array.from({ length }, (_, index) => {
    const line = xterm.buffer.active.getLine(index);
    return { text: line?.translateToString() ?? '', wrapped: line?.isWrapped ?? false };
  });
  return { columns: xterm.cols, rows: xterm.rows, kind: type, top: viewportY, lines };
}

/** Runs in the page. */
export function pasteInto(element: unknown, text: string): void {
  (element as TerminalElement).xterm?.paste(text);
}

export function screenText({ lines, top, rows }: TerminalBuffer): string {
  return trimLines(
    lines
      .slice(top, top + rows)
      .map((line) => line.text)
      .join('\n'),
  );
}

export function wholeText({ lines }: TerminalBuffer): string {
  return trimLines(
    lines
      .map((line) => (line.wrapped ? line.text : `\n${line.text}`))
      .join('')
      .slice(1),
  );
}

function trimLines(text: string): string {
  return text.replace(/[ \t]+$/gm, '').trimEnd();
}
