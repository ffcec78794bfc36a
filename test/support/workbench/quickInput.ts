import type { Locator, Page } from 'playwright-core';
import { waitFor } from '../waitFor.ts';

/** The box at the top of the window: the command palette, input boxes and quick picks. */
export class QuickInput {
  readonly #page: Page;
  readonly #widget: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#widget = page.locator('.quick-input-widget:visible');
  }

  /** Runs the command with exactly this title, as shown in the palette. */
  async runCommand(title: string): Promise<void> {
    // What takes the focus just then, such as a terminal that was made before, closes the palette.
    const attempt = () =>
      this.#tryCommand(title).then(
        () => true,
        () => false,
      );
    await waitFor(attempt, Boolean, { what: `the command ${title} in the palette`, timeout: 30_000 });
    await this.#paletteClosed();
  }

  /** Opens the palette and closes it again; returns the milliseconds until it showed its commands. */
  async timeToOpen(): Promise<number> {
    const start = performance.now();
    await this.#page.keyboard.press('F1');
    await this.#rows.first().waitFor();
    const elapsed = Math.round(performance.now() - start);
    await this.#input.press('Escape');
    await this.#widget.waitFor({ state: 'hidden' });
    return elapsed;
  }

  /** Waits until the box asks this. */
  async titled(title: string): Promise<void> {
    await this.#widget.locator('.quick-input-title', { hasText: title }).waitFor();
  }

  /** Waits for an input box, replaces its value and presses Enter. Without a value it accepts the suggested one. */
  async accept(value?: string): Promise<void> {
    await this.#input.waitFor();
    if (value !== undefined) await this.#input.fill(value);
    await this.#input.press('Enter');
  }

  /** Replaces the value without accepting it. */
  async type(value: string): Promise<void> {
    await this.#input.fill(value);
  }

  async #tryCommand(title: string): Promise<void> {
    await this.#page.keyboard.press('F1');
    await this.#input.fill(`>${title}`, { timeout: 5_000 });
    await this.#row(title).click({ timeout: 5_000 });
  }

  /** Chooses the entry of a quick pick with exactly this label. */
  async pick(label: string): Promise<void> {
    await this.#row(label).click();
  }

  /** Presses the button beside the title whose tooltip begins so. */
  async pressButton(tooltip: string): Promise<void> {
    await this.#widget.locator(`.quick-input-titlebar .action-label[aria-label^="${tooltip}"]`).click();
  }

  #row(label: string): Locator {
    const name = this.#page.locator('.label-name', { hasText: new RegExp(`^\\s*${escapePattern(label)}\\s*$`) });
    return this.#rows.filter({ has: name }).first();
  }

  /** The value in the box. */
  async value(): Promise<string> {
    return this.#input.inputValue();
  }

  /** Waits for this under the box and returns the whole of it: prompt or validation message. */
  async waitForMessage(text: string): Promise<string> {
    const message = this.#widget.locator('.quick-input-message', { hasText: text });
    return ((await message.textContent()) ?? '').trim();
  }

  /** What stands above or under the box: title, prompt or validation message. */
  async message(): Promise<string> {
    await this.#input.waitFor();
    const parts = await this.#widget.locator('.quick-input-title, .quick-input-message').allInnerTexts();
    return parts
      .map((part) => part.trim())
      .filter(Boolean)
      .join('\n');
  }

  /** Each entry of the list as one line: its label and what is beside it. */
  async entries(): Promise<string[]> {
    await this.#rows.first().waitFor();
    const texts = await this.#rows.allInnerTexts();
    return texts.map((text) => text.replace(/\s+/g, ' ').trim());
  }

  async cancel(): Promise<void> {
    await this.#input.press('Escape');
  }

  /** A command may open a box of its own in the palette's place at once; only the palette's value starts with `>`. */
  async #paletteClosed(): Promise<void> {
    const boxes = this.#page.locator('.quick-input-widget:visible .quick-input-box input');
    const values = () =>
      boxes.evaluateAll((inputs) => inputs.map((input) => (input as { value?: string }).value ?? ''));
    await waitFor(async () => (await values()).every((value) => !value.startsWith('>')));
  }

  get #input(): Locator {
    return this.#widget.locator('.quick-input-box input');
  }

  get #rows(): Locator {
    return this.#widget.locator('.quick-input-list .monaco-list-row');
  }
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
