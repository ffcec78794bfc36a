import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { type DestroyedNotes, noNotes, type OpenedNotes, openNotes, serializeNotes } from '../core/destroyedNotes.ts';
import { isMissing, previousVersion, writeDurable } from './durableFile.ts';
import { readRegularFile } from './regularFile.ts';

function notesFile(repositoryFolder: string): string {
  return path.join(repositoryFolder, 'destroyed.json');
}

/**
 * What is noted about a repository's destroyed sessions; where the file is damaged, its previous version. None at all
 * only delays what the cleaner does.
 *
 * @throws {HoldfastError} `NEWER_FORMAT`
 */
export async function readDestroyedNotes(repositoryFolder: string): Promise<DestroyedNotes> {
  const file = notesFile(repositoryFolder);
  for (const version of [file, previousVersion(file)]) {
    const opened = await open(version);
    if (opened.state === 'newer') {
      const message = `The notes about destroyed sessions are those of a newer version of Holdfast: ${file}.`;
      throw new HoldfastError('NEWER_FORMAT', message, { advice: 'Update Holdfast.', data: { file } });
    }
    if (opened.state === 'sound') return opened.notes;
  }
  return noNotes;
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

async function open(file: string): Promise<OpenedNotes> {
  try {
    return openNotes((await readRegularFile(file)).toString('utf8'));
  } catch (error) {
    // What the system does not give now may be whole, and is not to be written over.
    if (isMissing(error) || error instanceof HoldfastError) return { state: 'damaged' };
    throw error;
  }
}
