import { HoldfastError } from '../base/errors.ts';
import { SavedSessions } from '../client/savedSessions.ts';
import { describeOrigin, type RestoredSession, restoreSession } from '../client/sessionRestoration.ts';
import { describeCommand } from '../core/launchCommand.ts';
import { age } from '../core/presentation.ts';
import { describeSecondCopy, type ListedSession, type SavedSession } from '../core/savedSession.ts';
import { repositoryPlaces, thisMachine } from '../node/places.ts';
import { findWorkplace } from '../node/repository.ts';
import { type Column, printTable } from './columnTable.ts';
import { withCreation } from './creation.ts';
import { paint, print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { currentFolder, type Program, withSessions } from './repositorySessions.ts';
import { matchExactly } from './sessionMatch.ts';
import { shownRecord, variableNames } from './shownRecord.ts';
import { type Cell, formatTable } from './table.ts';

const columns: readonly Column[] = [
  { heading: 'ID' },
  { heading: 'NAME', least: 10 },
  { heading: 'SAVED' },
  { heading: 'BRANCH', least: 10, leftOut: 2 },
  { heading: 'COMMIT', leftOut: 1 },
  { heading: 'NOTE', least: 10 },
];

/** `holdfast saved list` */
export async function listSaved(_: Program, { json }: CommandArguments): Promise<number> {
  const list = await (await openSavedSessions()).list();
  if (json) printJson(list.map(shownSaved));
  else if (list.length === 0) print('No saved sessions here.');
  else printSaved(list, new Date());
  return 0;
}

/** `holdfast saved save NAME` */
export async function saveSession(program: Program, { name, note, json }: CommandArguments): Promise<number> {
  const { record } = await withSessions(program, (sessions) => sessions.find(name)).catch((error) => {
    throw notFoundAnd('Nothing was saved.', error);
  });
  const saved = await (await openSavedSessions()).save(record, { note });
  if (json) printJson(shownSaved(saved));
  else print(`Saved ${record.name} as ${saved.id}.`);
  return 0;
}

/** `holdfast saved show ID` */
export async function showSaved(_: Program, { name, json }: CommandArguments): Promise<number> {
  const saved = await loadExactly(name);
  if (json) printJson(shownSaved(saved));
  else for (const line of formatTable(savedFacts(saved), { paint })) print(line);
  return 0;
}

/** `holdfast saved load ID` */
export async function loadSaved(program: Program, { name, noStart, json }: CommandArguments): Promise<number> {
  const saved = await loadExactly(name, 'Nothing was changed.');
  const restored = await withCreation(program, (context) => restoreSession(context, saved, { start: !noStart }));
  const notices = [
    ...(saved.problem ? [describeSecondCopy(saved.problem)] : []),
    ...(restored.notice ? [restored.notice] : []),
  ].join(' ');
  const { record, origin } = restored;
  if (json) printJson({ session: shownRecord(record), origin: origin.from, ...(notices ? { notice: notices } : {}) });
  else print([outcome(restored), notices].filter(Boolean).join('\n'));
  return 0;
}

/** `holdfast saved delete ID` */
export async function deleteSaved(_: Program, { name, json }: CommandArguments): Promise<number> {
  const store = await openSavedSessions();
  const { id } = findSaved(await store.list(), name, 'Nothing was deleted.');
  const saved = await store.delete(id);
  if (json) printJson(shownSaved(saved));
  else print(`Deleted the saved session ${saved.state === 'sound' ? `${saved.name} (${saved.id})` : saved.id}.`);
  return 0;
}

async function openSavedSessions(): Promise<SavedSessions> {
  const workplace = await findWorkplace(currentFolder());
  return new SavedSessions({ folder: repositoryPlaces(thisMachine(), workplace.key).savedFolder, workplace });
}

async function loadExactly(query: string, outcome?: string): Promise<SavedSession> {
  const store = await openSavedSessions();
  return store.load(findSaved(await store.list(), query, outcome).id);
}

/**
 * @param outcome what is said where it is not found, as a sentence
 * @throws {HoldfastError} `AMBIGUOUS_SESSION`, `SAVED_SESSION_NOT_FOUND`
 */
function findSaved(list: readonly ListedSession[], query: string, outcome?: string): { id: string } {
  const named = list.map((saved) => ({ id: saved.id, name: saved.state === 'sound' ? saved.name : '' }));
  try {
    return matchExactly(named, query);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'SESSION_NOT_FOUND') throw notFoundAnd(outcome, error);
    const notFound = new HoldfastError('SAVED_SESSION_NOT_FOUND', `There is no saved session “${query}”.`, {
      advice: 'See “holdfast saved list”; this takes a whole name, or at least 8 characters of an id.',
      cause: error,
    });
    throw notFoundAnd(outcome, notFound);
  }
}

const notFoundCodes: readonly string[] = ['SESSION_NOT_FOUND', 'SAVED_SESSION_NOT_FOUND', 'AMBIGUOUS_SESSION'];

/** The error that nothing is meant for sure, with what that means for the command. */
function notFoundAnd(outcome: string | undefined, error: unknown): unknown {
  if (!(error instanceof HoldfastError) || outcome === undefined || !notFoundCodes.includes(error.code)) return error;
  return new HoldfastError(error.code, `${error.message} ${outcome}`, {
    ...(error.advice === undefined ? {} : { advice: error.advice }),
    data: error.data,
    cause: error,
  });
}

function outcome({ record, origin }: RestoredSession): string {
  const where = describeOrigin(record, origin);
  if (origin.from === 'list') return `${record.name} ${where}; nothing was made.`;
  return `Brought back ${record.name} ${where}.`;
}

function shownSaved(saved: ListedSession): unknown {
  return saved.state === 'sound' ? { ...saved, record: shownRecord(saved.record) } : saved;
}

function printSaved(list: readonly ListedSession[], now: Date): void {
  printTable(
    columns,
    list.map((saved) => savedRow(saved, now)),
  );
}

function savedRow(saved: ListedSession, now: Date): Cell[] {
  const id: Cell = { text: saved.id.slice(0, 8) };
  const savedAt: Cell = { text: age(saved.savedAt, now) };
  if (saved.state !== 'sound') {
    const problem: Cell = { text: `cannot be read: ${saved.problem}`, style: 'red' };
    return [id, { text: '-' }, savedAt, { text: '-' }, { text: '-' }, problem];
  }
  const { name, record, commit, note } = saved;
  return [
    id,
    { text: name, style: 'bold' },
    savedAt,
    { text: record.branch || '-' },
    { text: commit?.slice(0, 8) ?? '-' },
    { text: note ?? '' },
  ];
}

function savedFacts(saved: SavedSession): Cell[][] {
  const { id, sessionId, name, savedAt, note, commit, record, problem } = saved;
  const facts: [label: string, text: string | undefined][] = [
    ['Name', name],
    ['Saved', savedAt],
    ['Note', note],
    ['Branch', record.branch || undefined],
    ['Commit', commit],
    ['Worktree', record.worktreePath],
    ['Starts in', record.cwd],
    ['Command', describeCommand(record.command)],
    ['Variables', variableNames(record).join(', ') || undefined],
    ['Conversation', record.agentSessionId],
    ['Session', sessionId],
    ['Id', id],
    ['Problem', problem && describeSecondCopy(problem)],
  ];
  const known = facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
  return known.map(([label, text]) => [{ text: label, style: 'dim' }, { text }]);
}
