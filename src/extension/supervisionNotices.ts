import * as vscode from 'vscode';
import { delay } from '../base/async.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import type { SessionManager } from '../client/sessionManager.ts';
import { startsReleased } from '../core/circuitBreaker.ts';
import { isRecovering } from '../core/sessionRecord.ts';
import {
  endingNotice,
  failureNotice,
  keptNotice,
  resumeOffer,
  setupNotice,
  timeoutNotice,
} from '../core/supervisionNotices.ts';
import type { HealthReport, SessionHealth, TimeLimit } from '../protocol/health.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { tell } from './dialogs.ts';
import { showError } from './errorMessage.ts';
import { commandIds } from './ids.ts';

/** Where it is noted for all windows, by repository, which lost sessions the user has been offered to resume. */
const offeredKeys = 'holdfast.offeredToResume';

/** What is found out right after the start is told with the rest; milliseconds. */
const patience = 1_000;

export interface SupervisionNoticesOptions {
  manager: SessionManager;
  memento: vscode.Memento;
  log: vscode.LogOutputChannel;
}

/**
 * Tells the user what happens to sessions by itself, each once and in the window that was used last: that one is about
 * to be ended, or has failed.
 */
export class SupervisionNotices implements Disposable {
  readonly #options: SupervisionNoticesOptions;
  readonly #disposables = new DisposableStore();
  /** As they were when they last changed. */
  readonly #known: Map<string, SessionRecord>;
  /** By session: the limits whose end was told. */
  readonly #warned = new Map<string, Set<TimeLimit | undefined>>();
  readonly #disposed = new AbortController();

  constructor(options: SupervisionNoticesOptions) {
    this.#options = options;
    const { manager, log } = options;
    this.#known = byId(manager.list());
    const { helper } = manager;
    helper.noteUse(vscode.window.state.focused ? new Date() : undefined);
    this.#disposables.add(
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused) helper.noteUse(new Date());
      }),
    );
    this.#disposables.add(manager.onChange((record) => this.#changed(record ? [record] : manager.list())));
    this.#disposables.add(manager.supervision.onHealth((report) => this.#warn(report)));
    this.#disposables.add(
      helper.onAlert((sentence) => {
        log.warn(sentence);
        if (sentence === startsReleased) tell(sentence);
        else this.#telling(this.#tellHeld(sentence));
      }),
    );
  }

  dispose(): void {
    this.#disposed.abort();
    this.#disposables.dispose();
  }

  #changed(records: readonly SessionRecord[]): void {
    const { speaks } = this.#options.manager.helper;
    for (const record of records) {
      const before = this.#known.get(record.id);
      const [failure, timeout] = [failureNotice(before, record), timeoutNotice(before, record)];
      const setup = setupNotice(before, record);
      this.#known.set(record.id, record);
      if (speaks && setup !== undefined) this.#telling(this.#tellSetup(record, setup));
      if (speaks && failure !== undefined)
        this.#telling(this.#tellEnd(record, vscode.window.showErrorMessage, failure));
      if (speaks && timeout !== undefined)
        this.#telling(this.#tellEnd(record, vscode.window.showWarningMessage, timeout));
    }
  }

  #warn({ sessions }: HealthReport): void {
    const { manager } = this.#options;
    for (const health of sessions) {
      const record = manager.get(health.id);
      const text = record && endingNotice(record, health);
      if (text === undefined) this.#warned.delete(health.id);
      else if (this.#isNew(health) && manager.helper.speaks)
        this.#telling(this.#tellEnding(record as SessionRecord, text));
    }
  }

  #isNew({ id, endsBy }: SessionHealth): boolean {
    const warned = this.#warned.get(id) ?? new Set<TimeLimit | undefined>();
    const isNew = !warned.has(endsBy);
    this.#warned.set(id, warned.add(endsBy));
    return isNew;
  }

  /** What was chosen long after the notice came may not be possible any more. */
  #telling(notice: Promise<void>): void {
    notice.catch((error) => showError(error, this.#options.log));
  }

  /** No session is started by itself: those that wait for that tell more. */
  async #tellHeld(sentence: string): Promise<void> {
    const explain = 'Explain';
    if ((await vscode.window.showWarningMessage(sentence, explain)) !== explain) return;
    const held = this.#options.manager.list().find(isRecovering);
    await vscode.commands.executeCommand(commandIds.explainSession, held?.id);
  }

  async #tellEnd({ id }: SessionRecord, show: ShowMessage, text: string): Promise<void> {
    const [restart, log] = ['Restart', 'Show Log'];
    const chosen = await show(text, restart, log);
    // A string is what a row of the tree gives: what goes wrong is then shown.
    if (chosen === restart) await vscode.commands.executeCommand(commandIds.restartSession, id);
    if (chosen === log) await vscode.commands.executeCommand(commandIds.showLog, { id });
  }

  async #tellSetup({ id }: SessionRecord, text: string): Promise<void> {
    const [again, anyway, show] = ['Run Setup Again', 'Start Anyway', 'Show Terminal'];
    const chosen = await vscode.window.showErrorMessage(text, again, anyway, show);
    if (chosen === again) await vscode.commands.executeCommand(commandIds.restartSession, id);
    if (chosen === anyway) await vscode.commands.executeCommand(commandIds.startWithoutSetup, id);
    if (chosen === show) await vscode.commands.executeCommand(commandIds.showTerminal, id);
  }

  async #tellEnding(record: SessionRecord, text: string): Promise<void> {
    const [keep, show] = ['Keep Running', 'Show Terminal'];
    const chosen = await vscode.window.showWarningMessage(text, keep, show);
    if (chosen === keep) await this.#keep(record);
    if (chosen === show) await vscode.commands.executeCommand(commandIds.showTerminal, record.id);
  }

  /** A notice may be older than what runs in the session by now. */
  async #keep({ id, name, startedAt }: SessionRecord): Promise<void> {
    const { manager, log } = this.#options;
    try {
      const kept = await manager.supervision.keepRunning(id, startedAt);
      tell(keptNotice(name, kept, new Date()));
    } catch (error) {
      await showError(error, log);
    }
  }

  /** Offers once to start what was lost with the machine. */
  async offerToResume(): Promise<void> {
    await delay(patience, this.#disposed.signal).catch(() => undefined);
    const { manager, memento } = this.#options;
    const offer = this.#disposed.signal.aborted ? undefined : resumeOffer(manager.list());
    if (!offer || !manager.helper.speaks) return;
    const offeredKey = `${offeredKeys}.${manager.options.workplace.key}`;
    const told = memento.get<string[]>(offeredKey, []);
    if (offer.causes.every((cause) => told.includes(cause))) return;
    await memento.update(offeredKey, offer.causes);
    const resume = 'Resume All';
    if ((await vscode.window.showInformationMessage(offer.text, resume)) === resume)
      await vscode.commands.executeCommand(commandIds.resumeAllSessions);
  }
}

type ShowMessage = (text: string, ...buttons: string[]) => Thenable<string | undefined>;

function byId(records: readonly SessionRecord[]): Map<string, SessionRecord> {
  return new Map(records.map((record) => [record.id, record]));
}
