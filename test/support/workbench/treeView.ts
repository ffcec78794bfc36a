import type { Locator, Page } from 'playwright-core';
import { waitFor } from '../waitFor.ts';

/** The tree of the view container that is open in the side bar. */
export class TreeView {
  readonly #page: Page;
  readonly #sideBar: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#sideBar = page.locator('.part.sidebar');
  }

  /** Opens a view container by its title, through its icon in the activity bar. */
  async show(container: string): Promise<void> {
    const tab = this.icon(container);
    const title = this.#sideBar.locator('.composite.title', { hasText: new RegExp(container, 'i') });
    // A window that is starting may open the container itself, and a second click would close it.
    const isShown = async () => {
      if (!(await title.isVisible()) && (await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
      return title.isVisible();
    };
    await waitFor(isShown, Boolean, { what: `the view ${container}`, timeout: 30_000 });
  }

  /** The icon of a view container in the activity bar, with its badge. */
  icon(container: string): Locator {
    return this.#page.locator('.part.activitybar').getByRole('tab', { name: new RegExp(`^${container}`) });
  }

  /** Each row as `label description`, two spaces deeper per level; given a count, once there are that many. */
  async rows(count?: number): Promise<string[]> {
    const read = async () => {
      const lines = await this.#rows.evaluateAll(rowTexts);
      return lines.sort((a, b) => a.index - b.index).map((line) => line.text);
    };
    if (count === undefined) return read();
    return waitFor(read, (rows) => rows.length === count, { what: `${count} rows in the tree` }).catch(read);
  }

  row(text: string | RegExp): Locator {
    return this.#rows.filter({ hasText: text }).first();
  }

  /** Presses an inline button of a row, by its tooltip. */
  async pressRowAction(rowText: string, action: string): Promise<void> {
    const row = this.row(rowText);
    await row.hover();
    await row.locator(`.action-label[aria-label^="${action}"]`).click();
  }

  /** Chooses an entry of a row's context menu. */
  async pickFromMenu(rowText: string, entry: string): Promise<void> {
    await this.row(rowText).click({ button: 'right' });
    // A menu takes a release within 100 ms of its opening for the end of the click that opened it.
    await this.#page.getByRole('menuitem', { name: entry, exact: true }).click({ delay: 150 });
  }

  /** Chooses an entry of a menu inside a row's context menu. */
  async pickFromSubmenu(rowText: string, submenu: string, entry: string): Promise<void> {
    await this.row(rowText).click({ button: 'right' });
    await this.#page.getByRole('menuitem', { name: submenu, exact: true }).hover();
    await this.#page.getByRole('menuitem', { name: entry, exact: true }).click({ delay: 150 });
  }

  /** Presses a button of the view's title bar, by its tooltip. */
  async pressTitleAction(action: string): Promise<void> {
    const pane = this.#sideBar.locator('.pane-header, .composite.title');
    await this.#sideBar.hover();
    await pane.locator(`.action-label[aria-label^="${action}"]`).first().click();
  }

  /** What a hover over the row shows: its heading and, by their labels, the facts in its table. */
  async tooltip(rowText: string): Promise<{ heading: string; facts: Record<string, string> }> {
    await this.row(rowText).hover();
    const hover = this.#page.locator('.workbench-hover:visible').first();
    const heading = (await hover.locator('strong').first().textContent()) ?? '';
    const rows = await hover.locator('table tbody tr').all();
    const cells = await Promise.all(rows.map((row) => row.locator('td').allTextContents()));
    return { heading, facts: Object.fromEntries(cells.map((texts) => texts.map(plainSpaces))) };
  }

  /** The text shown while a view is empty; its links and buttons are inside. */
  get welcome(): Locator {
    return this.#sideBar.locator('.welcome-view-content');
  }

  get #rows(): Locator {
    return this.#sideBar.locator('.pane-body .monaco-list-row');
  }
}

function plainSpaces(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

interface RowElement {
  getAttribute(name: string): string | null;
  querySelector(selector: string): { readonly textContent: string | null } | null;
}

/** Runs in the page. */
function rowTexts(elements: readonly RowElement[]): { index: number; text: string }[] {
  return elements.map((element) => {
    const read = (selector: string) => element.querySelector(selector)?.textContent?.trim() ?? '';
    const depth = Number(element.getAttribute('aria-level') ?? 1) - 1;
    const text = `${'  '.repeat(depth)}${read('.label-name')} ${read('.label-description')}`.trimEnd();
    return { index: Number(element.getAttribute('data-index')), text };
  });
}
