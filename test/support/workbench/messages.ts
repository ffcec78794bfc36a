import type { Locator, Page } from 'playwright-core';

/** What the workbench tells the user: notification toasts and modal dialogs. */
export class Messages {
  /** Its tooltip tells how many messages there are that nobody has closed, also of those whose toasts have gone. */
  readonly bell: Locator;
  readonly #toasts: Locator;
  readonly #dialog: Locator;

  constructor(page: Page) {
    this.#toasts = page.locator('.notifications-toasts .notification-toast');
    this.#dialog = page.locator('.monaco-dialog-box');
    this.bell = page.locator('.part.statusbar .statusbar-item[id="status.notifications"]');
  }

  /** The messages of the toasts on screen, the newest first. */
  async notifications(): Promise<string[]> {
    const texts = await this.#toasts.locator('.notification-list-item-message').allInnerTexts();
    return texts.map((text) => text.trim());
  }

  /** Waits for a toast and returns its whole message. */
  async waitForNotification(text: string | RegExp): Promise<string> {
    const message = this.#toast(text).locator('.notification-list-item-message');
    return ((await message.textContent()) ?? '').trim();
  }

  /** The buttons of the toast with this text, from the left. */
  async buttons(text: string | RegExp): Promise<string[]> {
    await this.#toast(text).waitFor();
    return this.#toast(text).locator('.monaco-button').allInnerTexts();
  }

  async pressButton(text: string | RegExp, button: string): Promise<void> {
    await this.#toast(text).locator('.monaco-button', { hasText: button }).click();
  }

  /** Closes a toast without an answer. */
  async close(text: string | RegExp): Promise<void> {
    await this.#toast(text).hover();
    await this.#toast(text).locator('.codicon-notifications-clear').click();
    await this.#toast(text).waitFor({ state: 'detached' });
  }

  /** Waits for a modal dialog and returns its message and detail. */
  async dialog(): Promise<string> {
    await this.#dialog.waitFor();
    const parts = await this.#dialog.locator('.dialog-message-text, .dialog-message-detail').allInnerTexts();
    return parts.join('\n').trim();
  }

  async pressDialogButton(button: string): Promise<void> {
    await this.#dialog.getByRole('button', { name: button, exact: true }).click();
  }

  #toast(text: string | RegExp): Locator {
    return this.#toasts.filter({ hasText: text }).first();
  }
}
