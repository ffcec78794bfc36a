import * as vscode from 'vscode';
import type { Backup } from '../client/backupFile.ts';
import type { BackupRestore, RestoredBackup, WorktreeState } from '../client/restoreBackup.ts';
import { ownsBranch } from '../client/sessionWorktree.ts';
import { ago, countSessions } from '../core/presentation.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { CommandContext } from './commands.ts';
import { confirm, tell, withProgress } from './dialogs.ts';
import { importFile } from './transferDialogs.ts';

const title = 'Restore Sessions from Backup';

/** Lets the user choose a backup, see what would change, and restore all or some of it; undefined if they do not. */
export async function restoreFromBackup(context: CommandContext): Promise<unknown> {
  const { state } = context;
  const backups = await state.listBackups();
  if (backups.length === 0) {
    tell('There is no backup yet. One is taken whenever the sessions change.');
    return undefined;
  }
  const backup = await pickBackup(backups);
  if (!backup) return undefined;
  if (backup.state !== 'sound') return offerInstead(context, backup);
  const keeper = await state.keeper();
  const ids = await pickSessions(await keeper.planRestore(backup.id), backup);
  if (!ids) return undefined;
  const restored = await withProgress('Restoring sessions…', () => state.restoreBackup(backup.id, ids));
  tell(describeRestored(restored));
  return restored.restored;
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
  const now = new Date();
  const items = backups.map((backup) => ({ ...describeBackup(backup, now), backup }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Which backup?' }))?.backup;
}

function describeBackup(backup: Backup, now: Date): vscode.QuickPickItem {
  const { takenAt, count, reason, state, problem } = backup;
  const time = new Date(takenAt).toLocaleString();
  const why = `${ago(takenAt, now)}, ${reasons[reason]}`;
  if (state === 'sound')
    return { label: `$(history) ${time}`, description: `${countSessions(count)}, valid`, detail: why };
  const rest = count > 0 ? [`${countSessions(count)} sound`] : [];
  const description = state === 'damaged' ? ['damaged', ...rest].join(', ') : 'of a newer version';
  return { label: `$(warning) ${time}`, description, detail: `${why}. Cannot be used: ${problem}.` };
}

/** A backup that cannot be restored leads on to another one, or to the sound sessions in it. */
async function offerInstead(context: CommandContext, { problem, state, count, file }: Backup): Promise<unknown> {
  const [another, salvage] = ['Choose Another…', 'Import What Is Sound…'];
  const offers = state === 'damaged' && count > 0 ? [another, salvage] : [another];
  const text = `This backup cannot be used: ${problem}. Nothing was changed.`;
  const chosen = await vscode.window.showErrorMessage(text, ...offers);
  if (chosen === another) return restoreFromBackup(context);
  return chosen === salvage ? importFile(context, file, { salvage: true }) : undefined;
}

/** Every session that would change, all chosen; undefined where nothing would, or the user does not want it to. */
async function pickSessions(plan: BackupRestore, { takenAt }: Backup): Promise<string[] | undefined> {
  const items = [...returningItems(plan), ...changedItems(plan)];
  const rest = [
    ...described(plan.same, 'is as it was', 'are as they were'),
    ...described(plan.onlyNow, 'is not in the backup and stays', 'are not in the backup and stay'),
    ...described(plan.unreadable.length, 'in it cannot be read', 'in it cannot be read'),
  ];
  if (items.length === 0) {
    tell(`Nothing would change: ${rest.join(', ') || 'the backup is empty'}.`);
    return undefined;
  }
  const chosen = await vscode.window.showQuickPick(items, {
    title: `${title} of ${new Date(takenAt).toLocaleString()}`,
    placeHolder: ['What to restore?', ...rest.map((part) => `${part}.`)].join(' '),
    canPickMany: true,
  });
  return chosen && (await isWanted(chosen)) ? chosen.map(({ id }) => id) : undefined;
}

async function isWanted(chosen: readonly SessionItem[]): Promise<boolean> {
  if (chosen.length === 0) {
    tell('No session was chosen, so nothing was restored.');
    return false;
  }
  const detail = 'What there is now is backed up first. Sessions that run go on running.';
  return confirm(`Restore ${countSessions(chosen.length)}?`, detail, 'Restore');
}

type SessionItem = vscode.QuickPickItem & { id: string };

function returningItems({ returning, worktrees }: BackupRestore): SessionItem[] {
  return returning.map((record) => ({
    id: record.id,
    label: `$(add) ${record.name}`,
    description: ['comes back', record.branch].filter(Boolean).join(', '),
    detail: describeWorktree(record, worktrees[record.id]),
    picked: true,
  }));
}

function describeWorktree(record: SessionRecord, state: WorktreeState = 'gone'): string {
  const { branch, baseBranch } = record;
  if (!branch) return state === 'there' ? 'Its folder is still there.' : 'Its folder is gone.';
  if (state === 'there') return 'Its worktree is still there.';
  if (state === 'gone') return 'Its worktree is gone; a restart makes it anew from its branch.';
  const gone = 'Its worktree and its branch are gone';
  return ownsBranch(record)
    ? `${gone}; a restart makes both anew from ${baseBranch}, without the commits that were on the branch alone.`
    : `${gone}; make the branch anew before a restart.`;
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
  return typeof value === 'string' ? value : (JSON.stringify(value ?? undefined) ?? 'none');
}

function described(count: number, one: string, many: string): string[] {
  return count === 0 ? [] : [`${countSessions(count)} ${count === 1 ? one : many}`];
}

function describeRestored({ restored, notices }: RestoredBackup): string {
  const areIdle = restored.every(({ status }) => status === 'idle');
  const [it, them] = restored.length === 1 ? ['it runs', 'it'] : ['they run', 'them'];
  const next = areIdle ? `; ${it} again once you restart ${them}` : '';
  return [`${countSessions(restored.length)} restored${next}.`, ...notices].join(' ');
}
