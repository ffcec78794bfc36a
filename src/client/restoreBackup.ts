import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { repairRecord } from '../core/recordRepair.ts';
import type { RegistryDocument } from '../core/registryDocument.ts';
import { planRestore, type RestorePlan } from '../core/restorePlan.ts';
import { isLive } from '../core/sessionRecord.ts';
import { exists } from '../node/exists.ts';
import { listWorktrees, localBranches, type Workplace } from '../node/repository.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { Backup } from './backupFile.ts';
import type { BackupContent, Backups } from './backups.ts';
import type { HelperClient } from './helperClient.ts';

/** How often a name or a branch that another window took meanwhile is chosen anew. */
const maxRaces = 5;

export interface BackupPlanContext {
  workplace: Workplace;
  helper: Pick<HelperClient, 'list'>;
  backups: Backups;
}

export interface BackupRestoreContext extends BackupPlanContext {
  helper: Pick<HelperClient, 'list' | 'restore'>;
  /** Where the backup goes that is taken first; beside the one that is restored if left out. */
  own?: Backups;
  /** What a backup that is taken first holds beside the sessions. */
  content: Omit<BackupContent, 'records'>;
}

/**
 * What is there of a returning session’s work: its worktree or folder; only its branch, of which it gets a new
 * worktree when it is restarted; or not even that.
 */
export type WorktreeState = 'there' | 'gone' | 'branchGone';

/** What a restore would do, or has done. */
export interface BackupRestore extends RestorePlan {
  /** Of the sessions that come back, by their ids. */
  worktrees: Record<string, WorktreeState>;
  /** Sessions of the backup that make no sense, each with why. */
  unreadable: string[];
}

export interface RestoredBackup extends BackupRestore {
  /** What there was before; undefined where nothing was to be restored, or there was nothing. */
  before: Backup | undefined;
  /** The sessions that came back or were changed, as they are now. */
  restored: SessionRecord[];
}

/**
 * What {@link restoreBackup} would do, having changed nothing.
 *
 * @param ids the sessions to restore; all that are in the backup if left out
 * @throws {HoldfastError} `BACKUP_NOT_FOUND`, `DAMAGED_FILE`, `NEWER_FORMAT`, `SESSION_NOT_FOUND`, `GIT_FAILED`
 */
export async function planBackupRestore(
  context: BackupPlanContext,
  id: string,
  ids?: readonly string[],
): Promise<BackupRestore> {
  const wanted = await readWanted(context, id, ids);
  return plan(context, wanted, (await context.helper.list()).records);
}

/**
 * Brings the sessions of a backup back, and makes those that live as they were in what the user decides. What there
 * is before is backed up first. How many sessions there may be does not count: what a limit left out would be lost.
 *
 * @param ids the sessions to restore; all that are in the backup if left out
 * @throws {HoldfastError} see {@link planBackupRestore}; `DISK_FULL`, `STORAGE_NOT_WRITABLE`; `NAME_EXISTS` and
 *   `BRANCH_EXISTS` where another window took them five times in a row
 */
export async function restoreBackup(
  context: BackupRestoreContext,
  id: string,
  ids?: readonly string[],
): Promise<RestoredBackup> {
  const { helper, backups, own = backups, content } = context;
  const wanted = await readWanted(context, id, ids);
  for (let race = 0; ; race++) {
    const { records } = await helper.list();
    const planned = await plan(context, wanted, records);
    const next = [...planned.returning, ...planned.changed.map(({ restored }) => restored)];
    if (next.length === 0) return { ...planned, before: undefined, restored: [] };
    const before = await own.take('restore', { ...content, records }, { spare: id });
    try {
      return { ...planned, before, restored: await helper.restore(next) };
    } catch (error) {
      if (!isRace(error) || race === maxRaces) throw error;
    }
  }
}

interface WantedRecords {
  records: SessionRecord[];
  unreadable: string[];
}

async function readWanted(
  { backups, workplace }: BackupPlanContext,
  id: string,
  ids: readonly string[] | undefined,
): Promise<WantedRecords> {
  const { records, unreadable } = readRecords(await backups.read(id), workplace.root);
  const missing = ids?.find((wanted) => !records.some((record) => record.id === wanted));
  if (missing === undefined)
    return { records: records.filter((record) => ids?.includes(record.id) ?? true), unreadable };
  throw new HoldfastError('SESSION_NOT_FOUND', `There is no session ${missing} in the backup ${id}.`, {
    advice: 'Nothing was changed.',
    data: { id: missing, backup: id },
  });
}

/** The sessions that had not been destroyed. */
function readRecords({ sessions, savedAt }: RegistryDocument, root: string): WantedRecords {
  const known = { root, resolve: path.resolve, savedAt: new Date(savedAt ?? 0) };
  const read = sessions.map((session) => repairRecord(session, known));
  return {
    records: read.flatMap((one) => ('record' in one && isLive(one.record) ? [one.record] : [])),
    unreadable: read.flatMap((one) => ('problem' in one ? [one.problem] : [])),
  };
}

async function plan(
  { workplace }: BackupPlanContext,
  { records, unreadable }: WantedRecords,
  current: readonly SessionRecord[],
): Promise<BackupRestore> {
  const branches = workplace.kind === 'git' ? await localBranches(workplace.root) : [];
  const planned = planRestore(current, records, branches);
  return { ...planned, worktrees: await findWorktrees(workplace, planned.returning, branches), unreadable };
}

async function findWorktrees(
  workplace: Workplace,
  returning: readonly SessionRecord[],
  branches: readonly string[],
): Promise<Record<string, WorktreeState>> {
  const isGit = workplace.kind === 'git' && returning.some(({ branch }) => branch);
  const folders = isGit ? (await listWorktrees(workplace.root)).map((worktree) => worktree.path) : [];
  const states = returning.map(async ({ id, branch, worktreePath }): Promise<[string, WorktreeState]> => {
    const isKnown = !branch || folders.includes(path.normalize(worktreePath));
    // What cannot be looked at, as on a disk that is not mounted, is not there now.
    if (isKnown && (await exists(worktreePath).catch(() => false))) return [id, 'there'];
    return [id, !branch || branches.includes(branch) ? 'gone' : 'branchGone'];
  });
  return Object.fromEntries(await Promise.all(states));
}

function isRace(error: unknown): boolean {
  return error instanceof HoldfastError && (error.code === 'NAME_EXISTS' || error.code === 'BRANCH_EXISTS');
}
