import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import manifest from '../../../package.json' with { type: 'json' };
import { repositoryRoot } from '../paths.ts';
import { waitFor } from '../waitFor.ts';
import { Messages } from './messages.ts';
import { QuickInput } from './quickInput.ts';
import { Terminals } from './terminals.ts';
import { TreeView } from './treeView.ts';

export const screenshotFolder = join(repositoryRoot, 'test', 'ui', 'output');

interface ContributedCommand {
  readonly command: string;
  readonly title: string;
  readonly category?: string;
}

/** One VS Code window in a browser page, in the words of its user. */
export class Workbench {
  readonly page: Page;
  readonly quickInput: QuickInput;
  readonly messages: Messages;
  readonly terminals: Terminals;
  readonly tree: TreeView;

  constructor(page: Page) {
    this.page = page;
    this.quickInput = new QuickInput(page);
    this.messages = new Messages(page);
    this.terminals = new Terminals(page);
    this.tree = new TreeView(page);
  }

  /** Opens a window and waits until it is drawn and its extensions have started. */
  static async open(context: BrowserContext, url: string): Promise<Workbench> {
    const workbench = new Workbench(await context.newPage());
    await workbench.page.goto(url);
    await workbench.waitUntilDrawn();
    return workbench;
  }

  /** Reloads the window: its extension host is deactivated, ended and replaced. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.waitUntilDrawn();
  }

  /** Closes the window as a browser tab is closed: its extension host ends with it. */
  async close(): Promise<void> {
    await this.page.close();
  }

  /** Ends the window without a farewell: its extension host stays behind and waits for a reconnection. */
  async crash(): Promise<void> {
    const crashed = this.page.waitForEvent('crash');
    const session = await this.page.context().newCDPSession(this.page);
    void session.send('Page.crash').catch(() => undefined);
    await crashed;
    await this.page.close();
  }

  /** A window on the same folder in the same browser: after {@link close} or {@link crash} the way back. */
  async openAgain(): Promise<Workbench> {
    return Workbench.open(this.page.context(), this.page.url());
  }

  /** Runs a command through the palette, by an id that this extension contributes or by its title in the palette. */
  async runCommand(idOrTitle: string): Promise<void> {
    await this.quickInput.runCommand(paletteTitle(idOrTitle));
  }

  /** Makes a session through the two prompts; without a command it runs the suggested one, a shell. */
  async newSession(name: string, command?: string): Promise<void> {
    await this.runCommand('holdfast.newSession');
    await this.quickInput.accept(name);
    await this.quickInput.titled('What to Run');
    await this.quickInput.accept(command);
    await this.terminals.tab(name).waitFor();
    await this.terminals.focused();
  }

  /** The texts in the status bar, from the left. */
  async statusBar(): Promise<string[]> {
    const texts = await this.page.locator('.part.statusbar .statusbar-item:visible').allInnerTexts();
    return texts.map((text) => text.replace(/\s+/g, ' ').trim()).filter(Boolean);
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.part.statusbar .statusbar-item:visible', { hasText: text }).first();
  }

  /** The lines that are shown while the mouse rests on something, once this is among them. */
  async tooltipOf(target: Locator, text: string): Promise<string[]> {
    const hover = this.page.locator('.workbench-hover:visible', { hasText: text }).first();
    const read = async () => {
      // What is drawn anew meanwhile shows none before the mouse comes back.
      await this.page.mouse.move(0, 0);
      await target.hover();
      await hover.waitFor({ timeout: 2_000 }).catch(() => undefined);
      return (await hover.allInnerTexts()).flatMap((words) => words.split('\n'));
    };
    const lines = await waitFor(read, (found) => found.length > 0, { what: `“${text}” in a tooltip`, timeout: 30_000 });
    return lines.map((line) => line.replace(/\s+/g, ' ').trim()).filter(Boolean);
  }

  /** Keeps a picture of the window in test/ui/output. */
  async screenshot(name: string): Promise<string> {
    await mkdir(screenshotFolder, { recursive: true });
    const path = join(screenshotFolder, `${name}.png`);
    await this.page.screenshot({ path, animations: 'disabled' });
    return path;
  }

  async waitUntilDrawn(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor();
    await this.page.locator('.monaco-workbench .part.activitybar').waitFor();
  }
}

function paletteTitle(idOrTitle: string): string {
  const contributed: readonly ContributedCommand[] =
    (manifest as { contributes?: { commands?: ContributedCommand[] } }).contributes?.commands ?? [];
  const found = contributed.find(({ command }) => command === idOrTitle);
  if (!found) return idOrTitle;
  return found.category ? `${found.category}: ${found.title}` : found.title;
}
