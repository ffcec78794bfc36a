import type { TerminalSize } from '../protocol/hostMessages.ts';
import { type TerminalToken, TerminalTokenizer } from './terminalText.ts';
import { TextGrid } from './textGrid.ts';

const alternateScreen = /^\?(47|1047|1049)$/;

/**
 * Turns recorded output into lines of text. It is just enough of a terminal that what is corrected at a prompt
 * or redrawn by a progress bar comes out as it last looked. Written by hand because libraries either only
 * strip the sequences, which leaves every state of a redrawn line, or are whole terminals, which the command
 * line is kept free of.
 */
export class TranscriptText {
  readonly #tokenizer = new TerminalTokenizer();
  readonly #grid: TextGrid;
  #isAlternate = false;

  /** `openRows`: how many rows may still change; with fewer than the screen has, lines come out sooner. */
  constructor(openRows = Number.POSITIVE_INFINITY) {
    this.#grid = new TextGrid(openRows);
  }

  /** Another process has begun, on a screen of its own. Returns the lines that are left of the one before. */
  begin(size: TerminalSize): string[] {
    const lines = this.end();
    this.resize(size);
    return lines;
  }

  resize(size: TerminalSize): void {
    this.#grid.size = size;
  }

  /** Returns the lines that can change no more. */
  write(text: string): string[] {
    for (const token of this.#tokenizer.push(text)) this.#apply(token);
    return this.#grid.takeLines();
  }

  /** Returns all lines that are left. */
  end(): string[] {
    this.#isAlternate = false;
    this.#grid.clear();
    return this.#grid.takeLines();
  }

  #apply(token: TerminalToken): void {
    if (token.kind === 'sequence' && alternateScreen.test(token.params)) this.#switch(token.final);
    else if (this.#isAlternate) return;
    else if (token.kind === 'text') this.#grid.put(token.text);
    else if (token.kind === 'control') this.#control(token.code);
    else if (token.kind === 'sequence' && /^[\d;]*$/.test(token.params)) this.#sequence(token.final, token.params);
  }

  #switch(final: string): void {
    if (final === 'h') this.#isAlternate = true;
    else if (final === 'l') this.#isAlternate = false;
  }

  #control(code: string): void {
    if (code === '\n') this.#grid.moveBy(1, 0);
    else if (code === '\r') this.#grid.toColumn(0);
    else if (code === '\b') this.#grid.moveBy(0, -1);
    else if (code === '\t') this.#grid.toNextTab();
  }

  /** @see https://vt100.net/docs/vt510-rm/chapter4.html */
  #sequence(final: string, params: string): void {
    const [first = 0, second = 0] = params.split(';').map(Number);
    const count = first || 1;
    const grid = this.#grid;
    const actions: Record<string, () => void> = {
      A: () => grid.moveBy(-count, 0),
      B: () => grid.moveBy(count, 0),
      C: () => grid.moveBy(0, count),
      D: () => grid.moveBy(0, -count),
      E: () => grid.moveBy(count, Number.NEGATIVE_INFINITY),
      F: () => grid.moveBy(-count, Number.NEGATIVE_INFINITY),
      G: () => grid.toColumn(count - 1),
      H: () => grid.moveTo(count - 1, (second || 1) - 1),
      f: () => grid.moveTo(count - 1, (second || 1) - 1),
      J: () => this.#eraseScreen(first),
      K: () => this.#eraseLine(first),
      P: () => grid.deleteCells(count),
      '@': () => grid.insertCells(count),
    };
    actions[final]?.();
  }

  /** What a program clears away was shown all the same, so it stays in the text. */
  #eraseScreen(part: number): void {
    if (part === 0) this.#grid.eraseBelow();
    else if (part === 2) this.#grid.clear();
  }

  #eraseLine(part: number): void {
    if (part === 0) this.#grid.eraseToLineEnd();
    else if (part === 1) this.#grid.eraseToLineStart();
    else this.#grid.eraseLine();
  }
}
