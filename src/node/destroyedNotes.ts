import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { type DestroyedNotes, noNotes, type OpenedNotes, openNotes, serializeNotes } from '../core/destroyedNotes.ts';
import { isMissing, previousVersion, writeDurable } from './durableFile.ts';
import { quarantine } from './quarantine.ts';
import { readRegularFile } from './regularFile.ts';

/** Where they are. */
export function notesFile(repositoryFolder: string): string {
  return path.join(repositoryFolder, 'destroyed.json');
}

/** What is noted about a repository's destroyed sessions. */
export interface FoundNotes {
  notes: DestroyedNotes;
  /** What was wrong with the file and what stood in for it, as a sentence; absent where it is as it should be. */
  problem?: string;
}

/**
 * Where the file is damaged or gone, its previous version counts. None at all only delays what the cleaner does, but
 * lets an old list bring sessions back that were destroyed.
 *
 * @throws {HoldfastError} `NEWER_FORMAT`
 */
export async function findDestroyedNotes(repositoryFolder: string): Promise<FoundNotes> {
  const file = notesFile(repositoryFolder);
  const current = await open(file);
  if (current.state === 'newer') throw newerFormat(file);
  if (current.state === 'sound') return { notes: current.notes };
  const previous = await open(previousVersion(file));
  if (previous.state === 'newer') throw newerFormat(file);
  if (current.state === 'missing' && previous.state === 'missing') return { notes: noNotes };
  const what = `The notes about destroyed sessions were ${current.state === 'missing' ? 'gone' : 'damaged'}`;
  if (previous.state === 'sound') return { notes: previous.notes, problem: `${what}: their previous version is used.` };
  const problem = `${what}, without a previous version: an old list may show sessions again that were destroyed.`;
  return { notes: noNotes, problem };
}

/** The notes alone. @throws {HoldfastError} `NEWER_FORMAT` */
export async function readDestroyedNotes(repositoryFolder: string): Promise<DestroyedNotes> {
  return (await findDestroyedNotes(repositoryFolder)).notes;
}

/**
 * Keeps a file that is damaged in quarantine, and writes it anew from what stands in for it.
 *
 * @throws {HoldfastError} `NEWER_FORMAT`, `DISK_FULL`, `STORAGE_NOT_WRITABLE`
 */
export async function recoverDestroyedNotes(repositoryFolder: string): Promise<FoundNotes> {
  const found = await findDestroyedNotes(repositoryFolder);
  if (found.problem === undefined) return found;
  await quarantine(notesFile(repositoryFolder), { reason: found.problem });
  await writeDestroyedNotes(repositoryFolder, found.notes);
  return found;
}

function newerFormat(file: string): HoldfastError {
  const message = `The notes about destroyed sessions are those of a newer version of Holdfast: ${file}.`;
  return new HoldfastError('NEWER_FORMAT', message, { advice: 'Update Holdfast.', data: { file } });
}

/**
 * Only the helper may; notes that are damaged are no version to keep.
 *
 * @throws {HoldfastError} `DISK_FULL`, `STORAGE_NOT_WRITABLE`
 */
export async function writeDestroyedNotes(repositoryFolder: string, notes: DestroyedNotes): Promise<void> {
  const file = notesFile(repositoryFolder);
  const keepPrevious = (await open(file)).state === 'sound';
  await writeDurable(file, serializeNotes(notes), { keepPrevious });
}

async function open(file: string): Promise<OpenedNotes | { state: 'missing' }> {
  try {
    return openNotes((await readRegularFile(file)).toString('utf8'));
  } catch (error) {
    if (isMissing(error)) return { state: 'missing' };
    // What the system does not give now may be whole, and is not to be written over.
    if (error instanceof HoldfastError) return { state: 'damaged' };
    throw error;
  }
}
