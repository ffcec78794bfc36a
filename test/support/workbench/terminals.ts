import type { Locator, Page } from 'playwright-core';
import { type WaitOptions, waitFor } from '../waitFor.ts';
import { pasteInto, readBuffer, screenText, type TerminalBuffer, wholeText } from './terminalBuffer.ts';
import { readLook, type TerminalLook } from './terminalCells.ts';

/** The terminals of the panel, in the order of their tabs. */
export class Terminals {
  readonly #page: Page;
  readonly #panel: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#panel = page.locator('.part.panel');
  }

  /** The names on the tabs, from the top. */
  async names(): Promise<string[]> {
    const rows = await this.#tabs.evaluateAll((elements) =>
      elements.map((element) => ({
        index: Number(element.getAttribute('data-index')),
        name: element.querySelector('.label-name')?.textContent?.trim() ?? '',
      })),
    );
    return rows.sort((a, b) => a.index - b.index).map((row) => row.name);
  }

  /** Brings the terminal with this name to the front and puts the cursor in it. */
  async focus(name: string): Promise<void> {
    await this.tab(name).click();
    await this.#active.click();
  }

  /** Waits until what is typed goes to the terminal in front. */
  async focused(): Promise<void> {
    await this.#active.locator('.xterm.focus').waitFor();
  }

  tab(name: string): Locator {
    return this.#tabs.filter({ has: this.#page.locator('.label-name').getByText(name, { exact: true }) }).first();
  }

  /** Closes the tab of a terminal, as its bin icon does. */
  async close(name: string): Promise<void> {
    await this.tab(name).hover();
    await this.tab(name).locator('.action-label.codicon-trash, .action-label.codicon-trashcan').click();
  }

  /** Waits until `action` has led to another terminal in the place of the front one. */
  async untilReplaced(action: () => Promise<void>): Promise<void> {
    await this.#active.evaluate((element) => element.setAttribute('data-replaced', 'not yet'));
    await action();
    await this.#page.locator('.terminal-wrapper.active:visible:not([data-replaced])').waitFor();
    await this.#page.locator('.terminal-wrapper[data-replaced]').waitFor({ state: 'detached' });
  }

  /** Types at the focused terminal, key by key. */
  async type(text: string): Promise<void> {
    await this.#page.keyboard.type(text);
  }

  /** Presses a key or a combination such as `Control+c`. */
  async press(key: string): Promise<void> {
    await this.#page.keyboard.press(key);
  }

  /** Pastes into the front terminal, as the clipboard does after VS Code's own warning about many lines. */
  async paste(text: string): Promise<void> {
    await this.#active.evaluate(pasteInto, text);
  }

  /** What is on the front terminal's screen. */
  async screen(): Promise<string> {
    return screenText(await this.#read());
  }

  /** Scrollback and screen of the front terminal, one line per logical line: what the width broke is joined again. */
  async text(): Promise<string> {
    return wholeText(await this.#read());
  }

  /** The front terminal's screen with its colours, its cursor and its modes. */
  async look(): Promise<TerminalLook> {
    return this.#active.evaluate(readLook);
  }

  /** The name of the terminal in front. */
  async active(): Promise<string> {
    const front = this.#tabs.filter({ has: this.#page.locator('.terminal-tabs-entry.is-active') });
    return ((await front.locator('.label-name').textContent()) ?? '').trim();
  }

  /** Waits until the terminal with this name is in front. */
  async untilActive(name: string): Promise<void> {
    await this.tab(name).locator('.terminal-tabs-entry.is-active').waitFor();
  }

  async size(): Promise<{ columns: number; rows: number; buffer: 'normal' | 'alternate' }> {
    const { columns, rows, kind } = await this.#read();
    return { columns, rows, buffer: kind };
  }

  /** Waits until scrollback or screen of the front terminal contain something, and returns all of it. */
  async waitForText(wanted: string | RegExp, options: WaitOptions = {}): Promise<string> {
    const found = (text: string) => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text));
    return waitFor(() => this.text(), found, { what: `${wanted} in the terminal`, ...options });
  }

  async #read(): Promise<TerminalBuffer> {
    return this.#active.evaluate(readBuffer);
  }

  get #tabs(): Locator {
    return this.#panel.locator('.monaco-list-row', { has: this.#page.locator('.terminal-tabs-entry') });
  }

  get #active(): Locator {
    return this.#page.locator('.terminal-wrapper.active:visible').first();
  }
}
