import type { Backup } from '../client/backupFile.ts';
import { BackupStores } from '../client/backupStores.ts';
import { planBackupRestore, restoreBackup } from '../client/restoreBackup.ts';
import { age, countSessions } from '../core/presentation.ts';
import { thisMachine } from '../node/places.ts';
import { findWorkplace } from '../node/repository.ts';
import { describeRestore, shownRestore } from './backupRestoreReport.ts';
import { type Column, printTable } from './columnTable.ts';
import { withCreation, withPlanning } from './creation.ts';
import { reportProblems } from './failureReport.ts';
import { paint, print, printJson, type Style } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { currentFolder, type Program, withSessions } from './repositorySessions.ts';
import type { Cell } from './table.ts';

const columns: readonly Column[] = [
  { heading: 'ID', least: 12 },
  { heading: 'WHEN', leftOut: 2 },
  { heading: 'REASON', leftOut: 1 },
  { heading: 'SESSIONS', leftOut: 3 },
  { heading: 'STATE', least: 7 },
];

const stateStyles: Record<Backup['state'], Style> = { sound: 'green', damaged: 'red', newer: 'yellow' };

/** `holdfast backups list` */
export async function listBackups(_: Program, { json }: CommandArguments): Promise<number> {
  const workplace = await findWorkplace(currentFolder());
  const { backups, problems, losses } = await BackupStores.find(thisMachine(), workplace);
  reportProblems([...problems, ...losses], { json });
  if (json) printJson(backups);
  else if (backups.length > 0) printBackups(backups, new Date());
  else if (problems.length === 0) print(`No backups of the sessions in ${workplace.root}.`);
  return problems.length > 0 ? 1 : 0;
}

/** `holdfast backups create` */
export async function createBackup(program: Program, { json }: CommandArguments): Promise<number> {
  const stores = await BackupStores.find(thisMachine(), await findWorkplace(currentFolder()));
  const records = await withSessions(program, async ({ helper }) => (helper ? (await helper.list()).records : []));
  const taken = await stores.take('manual', records);
  reportProblems(stores.problems, { json });
  if (json) printJson(taken ?? null);
  else print(describeTaken(taken, stores.backups));
  return 0;
}

/** `holdfast backups verify [BACKUP]` */
export async function verifyBackups(_: Program, { name, json }: CommandArguments): Promise<number> {
  const workplace = await findWorkplace(currentFolder());
  const stores = await BackupStores.find(thisMachine(), workplace);
  const backups = name ? [stores.require(name).backup] : stores.backups;
  const [problems, losses] = name ? [[], []] : [stores.problems, stores.losses];
  reportProblems([...problems, ...losses], { json });
  if (json) printJson(backups.map(({ id, file, state, problem }) => ({ id, file, state, problem })));
  else for (const { id, state, problem } of backups) print(`${id}: ${paint(stateStyles[state], problem ?? state)}`);
  if (!json && backups.length + problems.length === 0) print(`No backups of the sessions in ${workplace.root}.`);
  if (backups.some(({ state }) => state === 'damaged')) return 1;
  return problems.length > 0 ? 2 : 0;
}

/** `holdfast backups restore BACKUP` */
export async function restoreFromBackup(program: Program, args: CommandArguments): Promise<number> {
  const { name: id, dryRun, json } = args;
  const stores = await BackupStores.find(thisMachine(), await findWorkplace(currentFolder()));
  const { store: backups } = stores.require(id);
  // What cannot be read is refused before a helper is started for it.
  await backups.read(id);
  const { content } = stores;
  const restore = dryRun
    ? await withPlanning(program, (context) => planBackupRestore({ ...context, backups }, id))
    : await withCreation(program, (context) => restoreBackup({ ...context, backups, content }, id));
  if (json) printJson(shownRestore(restore));
  else for (const line of describeRestore(restore)) print(line);
  return restore.unreadable.length > 0 ? 1 : 0;
}

function describeTaken(taken: Backup | undefined, earlier: readonly Backup[]): string {
  if (!taken) return 'There are no sessions to back up.';
  if (earlier.some(({ file }) => file === taken.file)) return `Nothing has changed since the backup ${taken.id}.`;
  return `Backed up ${countSessions(taken.count)}: ${taken.file}`;
}

function printBackups(backups: readonly Backup[], now: Date): void {
  const rows = backups.map(({ id, takenAt, reason, count, state, problem }): Cell[] => [
    { text: id },
    { text: age(takenAt, now) },
    { text: reason },
    { text: String(count) },
    { text: problem === undefined ? state : `${state}: ${problem}`, style: stateStyles[state] },
  ]);
  printTable(columns, rows);
}
