import { link } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { isMissing, makeFolder, syncFolder, toStorageError, writeDurable, writeJson } from './durableFile.ts';
import { readRegularFile } from './regularFile.ts';
import { renameOver } from './renameFile.ts';

/** What is noted about a file that is put into quarantine; plain JSON. */
export interface QuarantineReport {
  /** Why, as a sentence. */
  reason: string;
  [detail: string]: unknown;
}

/** Inside the folder of the file that is damaged. */
export function quarantineFolder(folder: string): string {
  return path.join(folder, 'quarantine');
}

/**
 * Keeps a damaged file as it is, under a name of its own with a report beside it. The file itself stays where it is
 * until something better replaces it; only what is no regular file, and what can be neither read nor linked, is moved
 * away.
 *
 * @returns Where the copy is; undefined where there is no file.
 * @throws {HoldfastError} `DISK_FULL`, `STORAGE_NOT_WRITABLE`; the file may then not be replaced.
 */
export async function quarantine(
  file: string,
  report: QuarantineReport,
  now = new Date(),
): Promise<string | undefined> {
  return putAway(file, report, { now, put: keep });
}

/**
 * Moves away what must not be in a file's place, such as a link, whatever it is or leads to.
 *
 * @returns Where it is now; undefined where there is nothing.
 * @throws {HoldfastError} `DISK_FULL`, `STORAGE_NOT_WRITABLE`
 */
export async function moveToQuarantine(file: string, report: QuarantineReport): Promise<string | undefined> {
  return putAway(file, report, { now: new Date(), put: move });
}

interface PutAway {
  now: Date;
  put: (file: string, copy: string) => Promise<void>;
}

async function putAway(file: string, report: QuarantineReport, { now, put }: PutAway): Promise<string | undefined> {
  const stamp = now.toISOString().replaceAll(':', '-');
  const copy = path.join(quarantineFolder(path.dirname(file)), `${stamp}-${path.basename(file)}`);
  try {
    await put(file, copy);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw toStorageError(error, copy);
  }
  await writeJson(`${copy}.report.json`, { file, at: now.toISOString(), ...report });
  return copy;
}

async function keep(file: string, copy: string): Promise<void> {
  const content = await readRegularFile(file).catch((error) => error);
  if (content instanceof Buffer) return writeDurable(copy, content);
  if (isMissing(content)) throw content;
  await makeFolder(path.dirname(copy));
  const isFile = !(content instanceof HoldfastError);
  if (isFile && (await isLinked(file, copy))) await syncFolders(file, copy);
  else await move(file, copy);
}

async function move(file: string, copy: string): Promise<void> {
  await makeFolder(path.dirname(copy));
  await renameOver(file, copy);
  await syncFolders(file, copy);
}

async function syncFolders(file: string, copy: string): Promise<void> {
  // In this order, so that a power cut takes it from neither place before it is in the other.
  for (const folder of [path.dirname(copy), path.dirname(file)]) await syncFolder(folder);
}

async function isLinked(file: string, copy: string): Promise<boolean> {
  return link(file, copy).then(
    () => true,
    () => false,
  );
}
