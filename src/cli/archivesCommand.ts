import { HoldfastError } from '../base/errors.ts';
import { deleteArchivedSession, listArchivedSessions, restoreArchivedSession } from '../client/archivedSessions.ts';
import { describeOrigin } from '../client/sessionRestoration.ts';
import { describeArchive } from '../core/archiveWords.ts';
import { age } from '../core/presentation.ts';
import type { ListedArchive } from '../node/archiveList.ts';
import { findWorkplace } from '../node/repository.ts';
import { type Column, printTable } from './columnTable.ts';
import { withCreation } from './creation.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { currentFolder, type Program } from './repositorySessions.ts';
import { matchExactly } from './sessionMatch.ts';
import { shownRecord } from './shownRecord.ts';
import type { Cell } from './table.ts';

const columns: readonly Column[] = [
  { heading: 'ID' },
  { heading: 'NAME', least: 10 },
  { heading: 'ARCHIVED' },
  { heading: 'BRANCH', least: 10, leftOut: 1 },
  { heading: 'HOLDS', least: 10 },
];

/** `holdfast archives list` */
export async function listArchived(_: Program, { json }: CommandArguments): Promise<number> {
  const archives = await listArchivedSessions(await findWorkplace(currentFolder()));
  const now = new Date();
  if (json) printJson(archives.map(shownArchive));
  else if (archives.length === 0) print('No archived sessions here.');
  else
    printTable(
      columns,
      archives.map((archive) => archiveRow(archive, now)),
    );
  return 0;
}

/** `holdfast archives restore ID` */
export async function restoreArchived(program: Program, { name, start, json }: CommandArguments): Promise<number> {
  const { id } = await findArchived(name, 'Nothing was changed.');
  const { record, origin, notice } = await withCreation(program, (context) =>
    restoreArchivedSession(context, id, { start }),
  );
  if (json) printJson({ session: shownRecord(record), origin: origin.from, ...(notice ? { notice } : {}) });
  else {
    const where = describeOrigin(record, origin);
    print(
      origin.from === 'list' ? `${record.name} ${where}; nothing was made.` : `Brought back ${record.name} ${where}.`,
    );
    if (notice) print(notice);
  }
  return 0;
}

/** `holdfast archives delete ID` */
export async function deleteArchived(_: Program, { name, json }: CommandArguments): Promise<number> {
  const { id } = await findArchived(name, 'Nothing was deleted.');
  const archive = await deleteArchivedSession(await findWorkplace(currentFolder()), id);
  if (json) printJson(shownArchive(archive));
  else
    print(`Deleted the archived session ${archive.state === 'sound' ? `${archive.about.session.name} (${id})` : id}.`);
  return 0;
}

/** @throws {HoldfastError} `AMBIGUOUS_SESSION`, `ARCHIVE_NOT_FOUND`, each with what that means for the command */
async function findArchived(query: string, outcome: string): Promise<{ id: string }> {
  const archives = await listArchivedSessions(await findWorkplace(currentFolder()));
  const named = archives.map((archive) => ({
    id: archive.id,
    name: archive.state === 'sound' ? archive.about.session.name : '',
  }));
  try {
    return matchExactly(named, query);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const isNone = error.code === 'SESSION_NOT_FOUND';
    const code = isNone ? 'ARCHIVE_NOT_FOUND' : error.code;
    const text = isNone ? `There is no archived session “${query}”.` : error.message;
    const advice = 'See “holdfast archives list”; this takes a whole name, or at least 8 characters of an id.';
    throw new HoldfastError(code, `${text} ${outcome}`, { advice, data: error.data, cause: error });
  }
}

function shownArchive(archive: ListedArchive): unknown {
  if (archive.state !== 'sound') return archive;
  const { about, ...rest } = archive;
  const { session, counts, operation, path, tip } = about;
  return { ...rest, name: session.name, path, tip, operation, counts, session: shownRecord(session) };
}

function archiveRow(archive: ListedArchive, now: Date): Cell[] {
  const start: Cell[] = [{ text: archive.id.slice(0, 8) }];
  const time: Cell = { text: archive.archivedAt === undefined ? '-' : age(archive.archivedAt, now) };
  if (archive.state !== 'sound') {
    const problem: Cell = { text: `cannot be read: ${archive.problem}`, style: 'red' };
    return [...start, { text: '-' }, time, { text: '-' }, problem];
  }
  const { session } = archive.about;
  const holds = describeArchive(archive.about);
  return [...start, { text: session.name, style: 'bold' }, time, { text: session.branch || '-' }, { text: holds }];
}
