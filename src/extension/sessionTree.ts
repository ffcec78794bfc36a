import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { describeSession, sessionFacts, statusLook } from '../core/presentation.ts';
import { isRunning } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { commandIds, treeContexts, viewIds } from './ids.ts';
import type { Workspace } from './workspace.ts';

/** How often the ages in the tree are brought up to date; milliseconds. */
const ageInterval = 60_000;

/** The sessions in the sidebar. */
export class SessionTree implements vscode.TreeDataProvider<string>, Disposable {
  readonly #workspace: Workspace;
  readonly #disposables = new DisposableStore();
  readonly #onDidChangeTreeData = new vscode.EventEmitter<string | undefined>();
  readonly onDidChangeTreeData = this.#onDidChangeTreeData.event;
  readonly #view: vscode.TreeView<string>;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.#disposables.add(this.#onDidChangeTreeData);
    this.#view = this.#disposables.add(vscode.window.createTreeView(viewIds.sessions, { treeDataProvider: this }));
    this.#disposables.add(workspace.onChange(() => this.#refresh()));
    const timer = setInterval(() => this.#refresh(), ageInterval);
    this.#disposables.add({ dispose: () => clearInterval(timer) });
    this.#refresh();
  }

  getChildren(parent?: string): string[] {
    return parent === undefined ? this.#workspace.list().map(({ id }) => id) : [];
  }

  getParent(): undefined {
    return undefined;
  }

  getTreeItem(id: string): vscode.TreeItem {
    const record = this.#workspace.get(id);
    const item = new vscode.TreeItem(record?.name ?? '');
    if (!record) return item;
    const look = statusLook(record.status);
    const now = new Date();
    item.id = id;
    item.description = describeSession(record, now);
    item.iconPath = new vscode.ThemeIcon(look.icon, look.color ? new vscode.ThemeColor(look.color) : undefined);
    item.contextValue = isRunning(record) ? treeContexts.running : treeContexts.ended;
    item.accessibilityInformation = { label: `${record.name}, ${look.label}, ${item.description}` };
    item.tooltip = tooltip(record, now);
    item.command = { command: commandIds.showTerminal, title: 'Show Terminal', arguments: [id] };
    return item;
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #refresh(): void {
    const waiting = this.#workspace.list().filter(({ status }) => status === 'waiting').length;
    this.#view.badge = waiting > 0 ? { value: waiting, tooltip: `${waiting} waiting for you` } : undefined;
    this.#onDidChangeTreeData.fire(undefined);
  }
}

/** A heading and a table, for the eye finds a fact faster in a column. */
function tooltip(record: SessionRecord, now: Date): vscode.MarkdownString {
  const text = new vscode.MarkdownString('', true);
  text.appendMarkdown(`$(${statusLook(record.status).icon}) **${cell(record.name)}**\n\n|||\n|:--|:--|\n`);
  for (const [fact, value] of sessionFacts(record, now)) text.appendMarkdown(`|${fact}&nbsp;&nbsp;|${cell(value)}|\n`);
  return text;
}

/** Plain text as it goes into a cell of a table. */
function cell(text: string): string {
  const escaped = new vscode.MarkdownString().appendText(text.replace(/\s+/g, ' ')).value;
  return escaped.replaceAll('|', '\\|').trim();
}
