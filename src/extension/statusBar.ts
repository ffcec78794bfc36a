import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { type Alarm, ailment, alarmOf, countComplaints, glance, worry } from '../core/healthPresentation.ts';
import { byInterest, countByStatus, statusLook } from '../core/presentation.ts';
import { isArchived } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { viewIds } from './ids.ts';
import type { Workspace } from './workspace.ts';

/** How many sessions the tooltip has room for. */
const room = 12;

/** The badge in the status bar: how many sessions there are, in which state; a click opens the view. */
export class StatusBar implements Disposable {
  readonly #workspace: Workspace;
  readonly #disposables = new DisposableStore();
  readonly #item: vscode.StatusBarItem;
  #isConnected = true;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.#item = this.#disposables.add(
      vscode.window.createStatusBarItem('holdfast.status', vscode.StatusBarAlignment.Left, 50),
    );
    this.#item.name = 'Holdfast Sessions';
    this.#item.command = `${viewIds.sessions}.focus`;
    this.#disposables.add(workspace.onChange(() => this.#update()));
    this.#disposables.add(workspace.onHealthChange(() => this.#update()));
    this.#disposables.add(
      workspace.onConnectionChange((isConnected) => {
        this.#isConnected = isConnected;
        this.#update();
      }),
    );
    this.#update();
    this.#item.show();
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #update(): void {
    const all = this.#workspace.list();
    const sessions = all.filter((record) => !isArchived(record));
    const { health } = this.#workspace;
    const illnesses = sessions.flatMap((record) => worry(record, this.#workspace.healthOf(record.id)) ?? []);
    const held = health?.startsHeld === undefined ? '' : 'restarts held';
    const counts = [countByStatus(sessions), countComplaints(illnesses.map((state) => ({ state }))), held]
      .filter(Boolean)
      .join(', ');
    this.#item.text = `$(pulse) ${counts}${this.#isConnected ? '' : ' $(debug-disconnect)'}`;
    this.#item.tooltip = this.#tooltip(sessions, all.length - sessions.length);
    const connection = this.#isConnected ? '' : ', helper not connected';
    this.#item.accessibilityInformation = { label: `Holdfast: ${counts}${connection}`, role: 'button' };
    const alarm = alarmOf(sessions, health);
    this.#item.backgroundColor = background(alarm === 'none' && !this.#isConnected ? 'warning' : alarm);
  }

  /** Each session with its state, and what is wrong if something is; of archived ones how many there are. */
  #tooltip(sessions: readonly SessionRecord[], archived: number): vscode.MarkdownString {
    const text = new vscode.MarkdownString('**Holdfast**', true);
    if (sessions.length === 0) text.appendMarkdown('\n\nNo sessions. Click to open the view.');
    const illness = (record: SessionRecord) => ailment(record, this.#workspace.healthOf(record.id));
    const [ill, well] = [sessions.filter(illness), sessions.filter((record) => !illness(record))];
    for (const record of [...ill, ...byInterest(well)].slice(0, room)) {
      const icon = illness(record) === undefined ? statusLook(record.status).icon : 'warning';
      line(text, icon, glance(record, this.#workspace.healthOf(record.id)));
    }
    if (sessions.length > room) text.appendMarkdown(`\n\nand ${sessions.length - room} more`);
    if (archived > 0) text.appendMarkdown(`\n\n${archived} archived`);
    const { startsHeld } = this.#workspace.health ?? {};
    if (startsHeld !== undefined) line(text, 'warning', `No session is started by itself for now: ${startsHeld}.`);
    if (!this.#isConnected) line(text, 'warning', 'The helper is not connected and is tried again; sessions run on.');
    return text;
  }
}

function background(alarm: Alarm): vscode.ThemeColor | undefined {
  return alarm === 'none' ? undefined : new vscode.ThemeColor(`statusBarItem.${alarm}Background`);
}

function line(text: vscode.MarkdownString, icon: string, words: string): void {
  text.appendMarkdown(`\n\n$(${icon}) `).appendText(words);
}
