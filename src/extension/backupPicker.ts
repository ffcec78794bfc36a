import * as vscode from 'vscode';
import type { Backup } from '../client/backupFile.ts';
import type { BackupRestore } from '../client/restoreBackup.ts';
import type { StateKeeper } from '../client/stateKeeper.ts';
import { age } from '../core/presentation.ts';
import { confirm, withProgress } from './dialogs.ts';

const title = 'Restore Sessions from Backup';

/** Lets the user choose a backup, see what would change, and restore all or some of it; undefined if they do not. */
export async function restoreFromBackup(state: StateKeeper): Promise<unknown> {
  const backup = await pickBackup(await state.listBackups());
  if (!backup) return undefined;
  const plan = await state.planRestore(backup.id);
  const ids = await pickSessions(plan, backup);
  if (!ids || ids.length === 0) return undefined;
  const restored = await withProgress('Restoring sessions…', () => state.restoreBackup(backup.id, ids));
  void vscode.window.showInformationMessage(describeRestored(restored.restored.length, restored.notices));
  return restored;
}

const reasons: Record<Backup['reason'], string> = {
  change: 'after changes',
  repair: 'before a repair',
  restore: 'before a restore',
  migration: 'before the list was converted',
  destroy: 'before a session was destroyed',
  manual: 'by hand',
  import: 'before an import',
};

async function pickBackup(backups: readonly Backup[]): Promise<Backup | undefined> {
  if (backups.length === 0) {
    void vscode.window.showInformationMessage('There is no backup yet. One is taken whenever the sessions change.');
    return undefined;
  }
  const now = new Date();
  const items = backups.map((backup) => ({ ...describeBackup(backup, now), backup }));
  const chosen = await vscode.window.showQuickPick(items, { title, placeHolder: 'Which backup?' });
  if (!chosen || chosen.backup.state === 'sound') return chosen?.backup;
  void vscode.window.showErrorMessage(`This backup cannot be used: ${chosen.backup.problem}. Choose another one.`);
  return undefined;
}

function describeBackup(backup: Backup, now: Date): vscode.QuickPickItem {
  const { takenAt, count, reason, state, problem } = backup;
  const isSound = state === 'sound';
  const time = new Date(takenAt).toLocaleString();
  return {
    label: `$(${isSound ? 'history' : 'warning'}) ${time}`,
    description: `${counted(count)}, ${isSound ? 'valid' : state}, ${reasons[reason]}`,
    detail: isSound ? `${age(takenAt, now)} ago` : `Not usable: ${problem}`,
  };
}

/** Every session that would change, all chosen; undefined where nothing would. */
async function pickSessions(plan: BackupRestore, { takenAt }: Backup): Promise<string[] | undefined> {
  const items = [...returningItems(plan), ...changedItems(plan)];
  const rest = [
    ...described(plan.same, 'is as it was', 'are as they were'),
    ...described(plan.onlyNow, 'is newer and stays', 'are newer and stay'),
  ];
  if (items.length === 0) {
    void vscode.window.showInformationMessage(`Nothing would change: ${rest.join(', ') || 'the backup is empty'}.`);
    return undefined;
  }
  const chosen = await vscode.window.showQuickPick(items, {
    title: `${title} of ${new Date(takenAt).toLocaleString()}`,
    placeHolder: ['Choose what to restore; a backup is taken first', ...rest].join(', '),
    canPickMany: true,
  });
  const isSure =
    chosen &&
    chosen.length > 0 &&
    (await confirm(
      `Restore ${counted(chosen.length)}?`,
      'Sessions that run go on running. What there is now is backed up first.',
      'Restore',
    ));
  return isSure ? chosen.map(({ id }) => id) : undefined;
}

type SessionItem = vscode.QuickPickItem & { id: string };

const worktreeTexts = {
  there: 'its worktree is still there',
  gone: 'its worktree is made anew from its branch when it is restarted',
  branchGone: 'its worktree and its branch are gone',
} as const;

function returningItems({ returning, worktrees }: BackupRestore): SessionItem[] {
  return returning.map(({ id, name, branch }) => ({
    id,
    label: `$(add) ${name}`,
    description: ['comes back', branch].filter(Boolean).join(', '),
    detail: worktreeTexts[worktrees[id] ?? 'gone'],
    picked: true,
  }));
}

function changedItems({ changed }: BackupRestore): SessionItem[] {
  return changed.map(({ record, fields }) => ({
    id: record.id,
    label: `$(edit) ${record.name}`,
    description: 'is changed back',
    detail: fields.map(([field, now, then]) => `${field}: ${shown(now)} → ${shown(then)}`).join('; '),
    picked: true,
  }));
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none');
}

function described(count: number, one: string, many: string): string[] {
  return count === 0 ? [] : [`${counted(count)} ${count === 1 ? one : many}`];
}

function describeRestored(count: number, notices: readonly string[]): string {
  return [`${counted(count)} restored.`, ...notices].join(' ');
}

function counted(count: number): string {
  return `${count} session${count === 1 ? '' : 's'}`;
}
