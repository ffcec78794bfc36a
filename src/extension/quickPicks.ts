import * as vscode from 'vscode';
import type { Entry } from '../core/sourceChoice.ts';

/** What was picked; `back` for the button that leads to the step before, `away` for Escape. */
export type Picked<T> = T | 'back' | 'away';

export interface PickOptions<T> {
  title: string;
  placeholder: string;
  entries: () => Promise<Entry<T>[]> | Entry<T>[];
  /** An entry for what is typed, above the others. */
  typed?: (text: string) => Promise<Entry<T> | undefined>;
  /** A button after which the entries are asked for anew. */
  refresh?: { icon: string; tooltip: string; run: (signal: AbortSignal) => Promise<unknown> };
}

interface Item<T> extends vscode.QuickPickItem {
  value?: T;
}

/** A list to pick from, as a step among others. */
export function pickEntry<T extends object>(options: PickOptions<T>): Promise<Picked<T>> {
  return new Promise((resolve, reject) => new EntryPick(options, resolve, reject).show());
}

class EntryPick<T extends object> {
  readonly #pick = vscode.window.createQuickPick<Item<T>>();
  readonly #options: PickOptions<T>;
  readonly #gone = new AbortController();
  #entries: Item<T>[] = [];
  #typed: Item<T> | undefined;

  constructor(options: PickOptions<T>, resolve: (picked: Picked<T>) => void, reject: (error: unknown) => void) {
    this.#options = options;
    const pick = this.#pick;
    const { title, placeholder, refresh } = options;
    const refreshButton = refresh && { iconPath: new vscode.ThemeIcon(refresh.icon), tooltip: refresh.tooltip };
    Object.assign(pick, { title, placeholder, ignoreFocusOut: true, matchOnDescription: true });
    pick.buttons = [vscode.QuickInputButtons.Back, ...(refreshButton ? [refreshButton] : [])];
    pick.onDidTriggerButton((button) => {
      if (button === refreshButton) void this.#load(refresh?.run).catch(reject);
      else this.#settle(() => resolve('back'));
    });
    pick.onDidChangeValue((text) => void this.#showTyped(text.trim()).catch(reject));
    pick.onDidAccept(() => {
      const value = pick.selectedItems[0]?.value;
      if (value !== undefined) this.#settle(() => resolve(value));
    });
    pick.onDidHide(() => {
      this.#gone.abort();
      resolve('away');
      pick.dispose();
    });
    void this.#load().catch(reject);
  }

  show(): void {
    this.#pick.show();
  }

  #settle(settle: () => void): void {
    settle();
    this.#pick.hide();
  }

  async #load(before?: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    this.#pick.busy = true;
    await before?.(this.#gone.signal);
    this.#entries = (await this.#options.entries()).map(toItem);
    if (this.#gone.signal.aborted) return;
    this.#pick.busy = false;
    this.#showItems();
  }

  /** What was typed later is looked for later, and an earlier answer no longer counts. */
  async #showTyped(text: string): Promise<void> {
    const entry = text ? await this.#options.typed?.(text) : undefined;
    if (this.#gone.signal.aborted || this.#pick.value.trim() !== text) return;
    if (!entry && !this.#typed) return;
    this.#typed = entry && { ...toItem(entry), alwaysShow: true };
    this.#showItems();
  }

  #showItems(): void {
    this.#pick.items = this.#typed ? [this.#typed, ...this.#entries] : this.#entries;
  }
}

function toItem<T>({ label, description, detail, value }: Entry<T>): Item<T> {
  if (value === undefined) return { label, kind: vscode.QuickPickItemKind.Separator };
  return { label, value, ...(description ? { description } : {}), ...(detail ? { detail } : {}) };
}
