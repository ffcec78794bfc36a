import * as vscode from 'vscode';
import { delay } from '../base/async.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import type { SessionManager } from '../client/sessionManager.ts';
import type { TerminalSize } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { SessionTerminal } from './sessionTerminal.ts';

/** Which terminals a window shows, in their order; kept in the workspace's memento. */
interface TerminalLayout {
  open: string[];
  active?: string;
}

const layoutKey = 'holdfast.terminals';

/** Where the size of the terminal that was seen last is kept, in the workspace's memento. */
const sizeKey = 'holdfast.terminalSize';

/** How long VS Code may take to tell the process of a terminal; milliseconds. */
const processIdDeadline = 500;

export interface TerminalsOptions {
  manager: SessionManager;
  memento: vscode.Memento;
  restart: (id: string) => void;
}

interface OpenTerminal {
  terminal: vscode.Terminal;
  pty: SessionTerminal;
}

/** The integrated terminals of the sessions: one each, back after a reload in the order they had. */
export class Terminals implements Disposable {
  readonly #options: TerminalsOptions;
  readonly #open = new Map<string, OpenTerminal>();
  readonly #disposables = new DisposableStore();

  constructor(options: TerminalsOptions) {
    this.#options = options;
    this.#disposables.add(options.manager.onChange((record) => this.#update(record)));
    this.#disposables.add(vscode.window.onDidCloseTerminal((terminal) => this.#closed(terminal)));
    this.#disposables.add(vscode.window.onDidChangeActiveTerminal(() => this.#front?.pty.broughtToFront()));
  }

  /** Opens the terminals that were open when the window was last seen, without taking the focus. */
  async restore(): Promise<void> {
    const layout = this.#options.memento.get<TerminalLayout>(layoutKey);
    if (layout) await this.#reopen(layout);
    // Only now, for the terminals that VS Code itself restores change what is active before ours are back.
    this.#disposables.add(vscode.window.onDidChangeActiveTerminal(() => void this.#saveLayout()));
  }

  /** Brings a session's terminal to the front, opening it if need be. */
  show(id: string): void {
    const { terminal } = this.#open.get(id) ?? this.#create(id, false);
    void this.#saveLayout();
    terminal.show();
  }

  /** What a session is started with, so that its terminal need not resize it; undefined where none was seen yet. */
  get lastSize(): TerminalSize | undefined {
    return this.#options.memento.get<TerminalSize>(sizeKey);
  }

  /** The session whose terminal is in front. */
  get activeSession(): string | undefined {
    return [...this.#open].find(([, entry]) => entry === this.#front)?.[0];
  }

  get #front(): OpenTerminal | undefined {
    const active = vscode.window.activeTerminal;
    return [...this.#open.values()].find(({ terminal }) => terminal === active);
  }

  dispose(): void {
    this.#disposables.dispose();
    for (const { pty } of this.#open.values()) pty.close();
    this.#open.clear();
  }

  async #reopen({ open, active }: TerminalLayout): Promise<void> {
    const ids = open.filter((id) => this.#options.manager.get(id));
    const twins = await this.#findTwins(ids);
    // VS Code hides a panel that it has nothing of its own to put in, and takes care of the others.
    const isPanelEmpty = vscode.window.terminals.length === 0;
    for (const id of ids) this.#create(id, true);
    const front = active ?? (isPanelEmpty ? ids[0] : undefined);
    if (front !== undefined) this.#open.get(front)?.terminal.show(true);
    // Only now, for the panel closes with its last terminal.
    for (const twin of twins) twin.dispose();
  }

  #create(id: string, isRestored: boolean): OpenTerminal {
    const { manager, restart } = this.#options;
    const record = manager.require(id);
    const pty = new SessionTerminal({
      manager,
      id,
      restart: () => restart(id),
      isFront: () => this.activeSession === id,
      isRestored,
      onSize: (size) => void this.#options.memento.update(sizeKey, size),
    });
    const terminal = vscode.window.createTerminal({
      name: record.name,
      pty,
      iconPath: new vscode.ThemeIcon('server-process'),
      isTransient: true,
    });
    const entry = { terminal, pty };
    this.#open.set(id, entry);
    return entry;
  }

  #update(record: SessionRecord | undefined): void {
    for (const [id, { pty }] of this.#open) {
      if (record && record.id !== id) continue;
      if (this.#options.manager.get(id)) pty.update();
      else this.#dispose(id);
    }
  }

  #dispose(id: string): void {
    const entry = this.#open.get(id);
    this.#open.delete(id);
    entry?.terminal.dispose();
    void this.#saveLayout();
  }

  /** Only the user's own closing is remembered; a window that goes away closes its terminals too. */
  #closed(terminal: vscode.Terminal): void {
    const id = [...this.#open].find(([, entry]) => entry.terminal === terminal)?.[0];
    if (id === undefined) return;
    this.#open.delete(id);
    if (terminal.exitStatus?.reason !== vscode.TerminalExitReason.Shutdown) void this.#saveLayout();
  }

  async #saveLayout(): Promise<void> {
    const active = this.activeSession;
    const layout: TerminalLayout = { open: [...this.#open.keys()], ...(active ? { active } : {}) };
    await this.#options.memento.update(layoutKey, layout);
  }

  /** After the extension host died alone, its terminals stand frozen beside the live ones. */
  async #findTwins(ids: string[]): Promise<vscode.Terminal[]> {
    const names = new Set(ids.map((id) => this.#options.manager.get(id)?.name));
    const namesakes = vscode.window.terminals.filter(({ name }) => names.has(name));
    const areTwins = await Promise.all(namesakes.map(hasNoProcess));
    return namesakes.filter((_, index) => areTwins[index]);
  }
}

/** Whether an extension feeds this terminal; one whose process is still to start has to be one of VS Code's own. */
async function hasNoProcess({ processId }: vscode.Terminal): Promise<boolean> {
  const unknown = delay(processIdDeadline).then(() => 0);
  const pid = await Promise.race([processId, unknown]);
  return pid === undefined || pid === -1;
}
