import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { changesMark, spokenChanges, workFacts } from '../core/changesPresentation.ts';
import { DrawnRows } from '../core/drawnRows.ts';
import { complaints, countComplaints, describeState, isLoss, worry } from '../core/healthPresentation.ts';
import { countByStatus, describeExit } from '../core/presentation.ts';
import { isArchived, isRecovering } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { Countdown } from './countdown.ts';
import { archiveRow, viewIds } from './ids.ts';
import { RowCommands } from './rowCommands.ts';
import { archiveItem, sessionItem, sessionTooltip } from './sessionItem.ts';
import { readSettings } from './settings.ts';
import type { SupervisionActions } from './supervisionActions.ts';
import type { Workspace } from './workspace.ts';

/** How often the ages in the tree are brought up to date; milliseconds. */
const ageInterval = 60_000;

/** A row that is drawn anew loses its tooltip, so that it is not counted down for so long after that was opened; milliseconds. */
const readingTime = 8_000;

/** The sessions in the sidebar, each by its id; archived ones in a group of their own. */
export class SessionTree implements vscode.TreeDataProvider<string>, Disposable {
  readonly #workspace: Workspace;
  readonly #supervision: SupervisionActions;
  readonly #disposables = new DisposableStore();
  readonly #onDidChangeTreeData = new vscode.EventEmitter<string[] | undefined>();
  readonly onDidChangeTreeData = this.#onDidChangeTreeData.event;
  readonly #view: vscode.TreeView<string>;
  readonly #countdown: Countdown;
  readonly #drawn = new DrawnRows();
  /** Read once, for each row needs it at each change. */
  #policy = readSettings().supervision.policy;
  readonly #commands = this.#disposables.add(new RowCommands());
  /** The row whose tooltip was opened last, and until when it is left as it is. */
  #read: { id: string; until: number } | undefined;
  /** Draws that row anew once it was read. */
  #later: NodeJS.Timeout | undefined;

  constructor(workspace: Workspace, supervision: SupervisionActions) {
    this.#workspace = workspace;
    this.#supervision = supervision;
    this.#disposables.add(this.#onDidChangeTreeData);
    this.#countdown = this.#disposables.add(
      new Countdown({
        waiting: () => this.#sessions(isRecovering),
        tick: (ids) => this.#redraw(ids),
      }),
    );
    this.#view = this.#disposables.add(vscode.window.createTreeView(viewIds.sessions, { treeDataProvider: this }));
    this.#disposables.add(workspace.onChange((record) => this.#refresh(record && [record.id])));
    this.#disposables.add(workspace.onHealthChange(() => this.#refresh()));
    this.#disposables.add(
      vscode.workspace.onDidChangeConfiguration(
        (event) => event.affectsConfiguration('holdfast') && this.#configured(),
      ),
    );
    this.#disposables.add(workspace.onChangesChange(() => this.#redraw(this.#sessions(() => true))));
    this.#disposables.add(this.#view.onDidChangeVisibility(({ visible }) => visible && workspace.refreshChanges()));
    const timer = setInterval(() => this.#redrawAll(), ageInterval);
    this.#disposables.add({ dispose: () => clearInterval(timer) });
    this.#disposables.add({ dispose: () => clearTimeout(this.#later) });
    this.#refresh();
  }

  getChildren(parent?: string): string[] {
    const archived = this.#sessions(isArchived);
    if (parent === archiveRow) return archived;
    if (parent !== undefined) return [];
    const others = this.#sessions((record) => !isArchived(record));
    return archived.length > 0 ? [...others, archiveRow] : others;
  }

  getParent(id: string): string | undefined {
    const record = this.#workspace.get(id);
    return record && isArchived(record) ? archiveRow : undefined;
  }

  getTreeItem(id: string): vscode.TreeItem {
    if (id === archiveRow) return archiveItem(this.#sessions(isArchived).length);
    const record = this.#workspace.get(id);
    if (!record) return new vscode.TreeItem('');
    const item = this.#item(record);
    item.command = this.#commands.of(id);
    this.#drawn.noteLook(id, this.#lookOf(record, item));
    return item;
  }

  /** Asked for when the mouse rests on a row, so that what a session uses is as it is then. */
  async resolveTreeItem(item: vscode.TreeItem, id: string): Promise<vscode.TreeItem> {
    const record = this.#workspace.get(id);
    if (!record) return item;
    this.#read = { id, until: Date.now() + readingTime };
    const sentences = await this.#supervision.explain(id).catch(() => []);
    const nameOf = (other: string) => this.#workspace.get(other)?.name ?? 'another session';
    const work = workFacts(record, this.#workspace.workOf(id), nameOf);
    item.tooltip = sessionTooltip(record, { sentences, work }, new Date());
    return item;
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #item(record: SessionRecord): vscode.TreeItem {
    const work = this.#workspace.workOf(record.id);
    const shown = this.#describe(record, changesMark(work));
    const spoken = this.#describe(record, spokenChanges(work));
    return sessionItem(record, { shown, spoken }, this.#workspace.healthOf(record.id));
  }

  #describe(record: SessionRecord, work: string): string {
    const options = { now: new Date(), policy: this.#policy, work };
    return describeState(record, this.#workspace.healthOf(record.id), options);
  }

  /** All that a row shows and its tooltip, which is kept until the row is drawn anew, is made of but for what is used. */
  #lookOf(record: SessionRecord, { description, iconPath, contextValue }: vscode.TreeItem): string {
    const { state, evidence } = this.#workspace.healthOf(record.id) ?? {};
    return JSON.stringify([record.revision, description, iconPath, contextValue, state, evidence]);
  }

  /** Draws the rows anew that say something else now: a button that is drawn anew while it is pressed is not heard. */
  #redraw(ids: string[]): void {
    const changed = this.#changed(ids);
    const [read] = changed.filter((id) => this.#isBeingRead(id));
    const others = changed.filter((id) => id !== read);
    if (others.length > 0) this.#onDidChangeTreeData.fire(others);
    if (read !== undefined) this.#later ??= setTimeout(() => this.#redrawRead(read), readingTime);
  }

  #changed(ids = this.#sessions(() => true)): string[] {
    const records = ids.flatMap((id) => this.#workspace.get(id) ?? []);
    return this.#drawn.changed(new Map(records.map((record) => [record.id, this.#lookOf(record, this.#item(record))])));
  }

  #redrawRead(id: string): void {
    this.#later = undefined;
    this.#redraw([id]);
  }

  #isBeingRead(id: string): boolean {
    return this.#read?.id === id && Date.now() < this.#read.until;
  }

  #sessions(applies: (record: SessionRecord) => boolean): string[] {
    const records = this.#workspace.list().filter(applies);
    return records.map(({ id }) => id);
  }

  /** The whole view is drawn anew only where it must be: until that is done, its menus do not know their rows. */
  #refresh(ids?: string[]): void {
    this.#view.badge = this.#badge();
    this.#countdown.update();
    const isNew = this.#drawn.isLaidOutAnew([this.getChildren(), this.getChildren(archiveRow)]);
    this.#onDidChangeTreeData.fire(isNew ? undefined : this.#changed(ids));
  }

  #configured(): void {
    this.#policy = readSettings().supervision.policy;
    this.#refresh();
  }

  /** With their tooltips, which tell what is used. */
  #redrawAll(): void {
    this.#drawn.forgetLooks();
    this.#refresh();
  }

  /** How many sessions somebody should look at: those that wait, are not well or are lost, by name and reason. */
  #badge(): vscode.ViewBadge | undefined {
    const waiting = this.#sessions(({ status }) => status === 'waiting');
    const recovering = this.#sessions(isRecovering);
    const losses = this.#workspace.list().filter(isLoss);
    const told = complaints(this.#workspace.health).filter(({ id, state }) => this.#isTold(id, state));
    const all = new Set([...waiting, ...recovering, ...[...told, ...losses].map(({ id }) => id)]);
    if (all.size === 0) return undefined;
    const counts = [
      waiting.length > 0 ? `${waiting.length} waiting for you` : '',
      countComplaints(told.filter(({ id }) => !recovering.includes(id))),
      recovering.length > 0 ? `${recovering.length} recovering` : '',
      losses.length > 0 ? countByStatus(losses) : '',
    ].filter(Boolean);
    const reasons = [...told.map(({ text }) => text), ...losses.map((one) => `${one.name}: ${describeExit(one)}`)];
    return { value: all.size, tooltip: [counts.join(', '), ...reasons].join('\n') };
  }

  /** What the report says may be of before the session changed. */
  #isTold(id: string, state: string): boolean {
    const record = this.#workspace.get(id);
    if (!record) return false;
    return isRecovering(record) || worry(record, this.#workspace.healthOf(id)) === state;
  }
}
