import { listStorages, storageLocks } from '../client/windowStorages.ts';
import { age } from '../core/presentation.ts';
import { type FoundLock, findLocks } from '../node/findLocks.ts';
import type { LockState } from '../node/lockOwner.ts';
import { repositoryPlaces, sessionPlaces, thisMachine } from '../node/places.ts';
import { readRecordFile } from '../node/recordFile.ts';
import { findWorkplace } from '../node/repository.ts';
import type { ColumnFit } from './columnWidths.ts';
import { paint, print, printJson, type Style } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { currentFolder, type Program } from './repositorySessions.ts';
import { type Cell, formatTable } from './table.ts';

const columns: readonly (ColumnFit & { heading: string })[] = [
  { heading: 'KIND' },
  { heading: 'STATE' },
  { heading: 'SESSION', least: 8, leftOut: 3 },
  { heading: 'PID', leftOut: 4 },
  { heading: 'HOST', least: 8, leftOut: 1 },
  { heading: 'AGE', leftOut: 2 },
  { heading: 'FILE', least: 8, leftOut: 5 },
];

const styles: Record<LockState, Style> = { held: 'green', stale: 'gray', unknown: 'yellow' };

/** A lock and the session it belongs to. */
interface ShownLock extends FoundLock {
  /** Where the session's record tells it. */
  sessionName?: string;
}

/** `holdfast locks`; asks no helper, so that it works while one hangs. */
export async function listLocks(_program: Program, { json }: CommandArguments): Promise<number> {
  const { key, root } = await findWorkplace(currentFolder());
  const storages = await listStorages(repositoryPlaces(thisMachine(), key));
  const extra = storages.flatMap(({ folder }) => storageLocks(folder));
  const found = await findLocks({ machine: thisMachine(), key, extra });
  const locks = await Promise.all(found.map((lock) => named(lock, key)));
  if (json) printJson(locks.map(plainLock));
  else if (locks.length === 0) print(`No locks of ${root}.`);
  else for (const line of lockTable(locks, new Date())) print(line);
  return 0;
}

async function named(lock: FoundLock, key: string): Promise<ShownLock> {
  const { sessionId } = lock;
  if (sessionId === undefined) return lock;
  const reading = await readRecordFile(sessionPlaces(thisMachine(), key, sessionId).record, sessionId);
  const name = 'record' in reading ? reading.record?.name : undefined;
  return name === undefined ? lock : { ...lock, sessionName: name };
}

function plainLock({ kind, state, file, since, owner, sessionId, sessionName }: ShownLock) {
  return {
    kind,
    state,
    file,
    since,
    owner: owner ? { pid: owner.pid, host: owner.host } : null,
    session: sessionId === undefined ? null : { id: sessionId, name: sessionName ?? null },
  };
}

function lockTable(locks: readonly ShownLock[], now: Date): string[] {
  const heading = columns.map(({ heading: text }): Cell => ({ text, style: 'dim' }));
  const rows = locks.map((lock) => lockRow(lock, now));
  const width = process.stdout.isTTY ? process.stdout.columns : 0;
  // Terminals that nobody has given a size say zero.
  return formatTable([heading, ...rows], { fit: width > 0 ? { width, columns } : undefined, paint });
}

function lockRow({ kind, state, file, since, owner, sessionId, sessionName }: ShownLock, now: Date): Cell[] {
  return [
    { text: kind, style: 'bold' },
    { text: state, style: styles[state] },
    { text: sessionName ?? sessionId ?? '-' },
    { text: owner ? String(owner.pid) : '-' },
    { text: owner?.host ?? '-' },
    { text: age(since, now) },
    { text: file },
  ];
}
