import { describeError, HoldfastError } from '../base/errors.ts';
import type { Backup } from '../client/backupFile.ts';
import { Backups } from '../client/backups.ts';
import { planBackupRestore, restoreBackup } from '../client/restoreBackup.ts';
import { listStorages } from '../client/windowStorages.ts';
import { age } from '../core/presentation.ts';
import { repositoryPlaces, thisMachine } from '../node/places.ts';
import { findWorkplace, type Workplace } from '../node/repository.ts';
import { describeRestore, shownRestore } from './backupRestoreReport.ts';
import type { ColumnFit } from './columnWidths.ts';
import { withCreation } from './creation.ts';
import { paint, print, printJson, type Style } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { currentFolder, type Program, withSessions } from './repositorySessions.ts';
import { type Cell, formatTable } from './table.ts';

const columns: readonly (ColumnFit & { heading: string })[] = [
  { heading: 'ID' },
  { heading: 'WHEN', leftOut: 2 },
  { heading: 'REASON', leftOut: 1 },
  { heading: 'SESSIONS' },
  { heading: 'STATE', least: 7 },
];

const stateStyles: Record<Backup['state'], Style> = { sound: 'green', damaged: 'red', newer: 'yellow' };

/** `holdfast backups list` */
export async function listBackups(_: Program, { json }: CommandArguments): Promise<number> {
  const { backups, workplace } = await findBackups();
  if (json) printJson(backups);
  else if (backups.length === 0) print(`No backups of the sessions in ${workplace.root}.`);
  else for (const line of backupTable(backups, new Date())) print(line);
  return 0;
}

/** `holdfast backups create` */
export async function createBackup(program: Program, { json }: CommandArguments): Promise<number> {
  const { backups: earlier, stores } = await findBackups();
  const records = await withSessions(program, async ({ helper }) => (helper ? (await helper.list()).records : []));
  const [store] = stores;
  const taken = await store?.take('manual', { records, generation: latestGeneration(earlier) });
  if (json) printJson(taken ?? null);
  else print(describeTaken(taken, earlier));
  return 0;
}

/** `holdfast backups verify [BACKUP]` */
export async function verifyBackups(_: Program, { name, json }: CommandArguments): Promise<number> {
  const found = await findBackups();
  const { workplace, unread } = found;
  const backups = name ? [found.require(name).backup] : found.backups;
  if (json) printJson(backups);
  else if (backups.length === 0) print(`No backups of the sessions in ${workplace.root}.`);
  else for (const { id, state, problem } of backups) print(`${id}: ${paint(stateStyles[state], problem ?? state)}`);
  if (backups.some(({ state }) => state === 'damaged')) return 1;
  return unread > 0 && !name ? 2 : 0;
}

/** `holdfast backups restore BACKUP` */
export async function restoreFromBackup(program: Program, args: CommandArguments): Promise<number> {
  const { name: id, dryRun, json } = args;
  const found = await findBackups();
  const { store } = found.require(id);
  // What cannot be read is refused before a helper is started for it.
  await store.read(id);
  const restore = await withCreation(program, async ({ workplace, helper }) => {
    const content = { generation: latestGeneration(found.backups) };
    const act = dryRun ? planBackupRestore : restoreBackup;
    return act({ workplace, helper, backups: store, content }, id);
  });
  for (const problem of restore.unreadable) console.error(`Not brought back, for it makes no sense: ${problem}.`);
  if (json) printJson(shownRestore(restore));
  else for (const line of describeRestore(restore)) print(line);
  return 0;
}

/** A backup and the place it lies in. */
interface StoredBackup {
  backup: Backup;
  store: Backups;
}

interface FoundBackups {
  workplace: Workplace;
  /** Newest first. */
  backups: Backup[];
  /** That of the window which was last seen first, and that of the command line last. */
  stores: Backups[];
  /** How many stores could not be read. */
  unread: number;
  /** @throws {HoldfastError} `BACKUP_NOT_FOUND` */
  require: (id: string) => StoredBackup;
}

/** The backups of all windows on this repository, and those that were taken without a window. */
async function findBackups(): Promise<FoundBackups> {
  const workplace = await findWorkplace(currentFolder());
  const places = repositoryPlaces(thisMachine(), workplace.key);
  const folders = [...(await listStorages(places)).map(({ folder }) => folder), places.folder];
  const stores = folders.map((folder) => new Backups({ folder, key: workplace.key }));
  const found: StoredBackup[] = [];
  let unread = 0;
  for (const store of stores) {
    try {
      for (const backup of await store.list()) found.push({ backup, store });
    } catch (error) {
      unread++;
      console.error(error instanceof HoldfastError ? error.text : describeError(error));
    }
  }
  found.sort((a, b) => (a.backup.takenAt < b.backup.takenAt ? 1 : -1));
  return {
    workplace,
    backups: found.map(({ backup }) => backup),
    stores,
    unread,
    require: (id) => requireBackup(found, id),
  };
}

function requireBackup(found: readonly StoredBackup[], id: string): StoredBackup {
  const named = found.filter(({ backup }) => backup.id === id);
  const best = named.find(({ backup }) => backup.state === 'sound') ?? named[0];
  if (best) return best;
  throw new HoldfastError('BACKUP_NOT_FOUND', `There is no backup “${id}”. Nothing was changed.`, {
    advice: 'See “holdfast backups list”; this takes the whole id.',
    data: { id },
  });
}

function latestGeneration(backups: readonly Backup[]): number {
  return Math.max(0, ...backups.map(({ generation }) => generation));
}

function describeTaken(taken: Backup | undefined, earlier: readonly Backup[]): string {
  if (!taken) return 'There are no sessions to back up.';
  if (earlier.some(({ file }) => file === taken.file)) return `Nothing has changed since the backup ${taken.id}.`;
  return `Backed up ${taken.count} session${taken.count === 1 ? '' : 's'}: ${taken.file}`;
}

function backupTable(backups: readonly Backup[], now: Date): string[] {
  const heading = columns.map(({ heading: text }): Cell => ({ text, style: 'dim' }));
  const width = process.stdout.isTTY ? process.stdout.columns : 0;
  const rows = backups.map(({ id, takenAt, reason, count, state, problem }): Cell[] => [
    { text: id },
    { text: age(takenAt, now) },
    { text: reason },
    { text: String(count) },
    { text: problem === undefined ? state : `${state}: ${problem}`, style: stateStyles[state] },
  ]);
  return formatTable([heading, ...rows], { fit: width > 0 ? { width, columns } : undefined, paint });
}
