import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { HoldfastError, systemErrorCode } from '../base/errors.ts';
import { openRegistry } from '../core/registryDocument.ts';
import { isMissing, writeJson } from '../node/durableFile.ts';
import { exists } from '../node/exists.ts';
import type { RepositoryPlaces } from '../node/places.ts';
import { readRegularFile } from '../node/regularFile.ts';
import { type SessionRecord, sessionRecordSchema } from '../protocol/sessionRecord.ts';

/** How many folders of other windows are looked into. */
const maxFolders = 500;

/** Bytes; a replica of a thousand sessions has about one million. */
const maxFileSize = 64 * 1024 * 1024;

/** Bytes; a note is a path and a time. */
const maxNoteSize = 64 * 1024;

const replicaName = /^sessions(?:[.-].*)?\.json$/;

const entrySchema = v.object({ folder: v.string(), seenAt: v.pipe(v.string(), v.isoTimestamp()) });

/** The storage folder of a window on this repository. */
export type WindowStorage = v.InferOutput<typeof entrySchema>;

/** What windows have noted of their storages, those last seen first. */
export interface NotedStorages {
  there: WindowStorage[];
  /** Those whose folder is not there any more, or cannot be looked at, with the list and the backups that it had. */
  gone: WindowStorage[];
  /** Notes that say of no storage where it is. */
  unreadable: UnreadableNote[];
}

/** A file in which a window noted its storage, and that cannot be read. */
export interface UnreadableNote {
  file: string;
  /** Why, as the end of a sentence. */
  problem: string;
}

/** The records in a file of another window. */
export interface Replica {
  path: string;
  records: SessionRecord[];
  /** When the file was written; ISO 8601 UTC, absent where it does not say. */
  savedAt?: string;
}

/** Notes where a window has its storage, so that others, and the command line, find its replica. */
export async function registerStorage(places: RepositoryPlaces, folder: string, now = new Date()): Promise<void> {
  const entry: WindowStorage = { folder, seenAt: now.toISOString() };
  await writeJson(noteOf(places, folder), entry);
}

/** The locks that windows take in a storage: to write its list, and its journal. */
export function storageLocks(folder: string): string[] {
  return ['storage.lock', 'events.lock'].map((name) => path.join(folder, name));
}

/** The file in which a window notes its storage. */
export function noteOf(places: RepositoryPlaces, folder: string): string {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return path.join(registerFolder(places), `${name}.json`);
}

/** The storages that windows have noted and that are still there, those last seen first. */
export async function listStorages(places: RepositoryPlaces): Promise<WindowStorage[]> {
  return (await findStorages(places)).there;
}

/** The storages that windows have noted, told apart by whether they are still there. */
export async function findStorages(places: RepositoryPlaces): Promise<NotedStorages> {
  const folder = registerFolder(places);
  const names = await namesIn(folder);
  const files = names.filter((name) => name.endsWith('.json')).slice(0, maxFolders);
  const entries = (await Promise.all(files.map((name) => readEntry(path.join(folder, name))))).flat();
  const noted = entries
    .filter((entry) => 'folder' in entry)
    .sort((a, b) => (a.seenAt === b.seenAt ? (a.folder < b.folder ? -1 : 1) : a.seenAt < b.seenAt ? 1 : -1));
  // A folder that cannot be looked at may be back tomorrow.
  const areThere = await Promise.all(noted.map((entry) => exists(entry.folder).catch(() => false)));
  return {
    there: noted.filter((_, index) => areThere[index]),
    gone: noted.filter((_, index) => !areThere[index]),
    unreadable: entries.filter((entry) => 'file' in entry),
  };
}

/**
 * What other windows have saved about this repository: those that have noted their storage, and those whose storage
 * lies beside `storage`, such as the one with a suffix that a reconnected window had. A file that cannot be read, or
 * is another repository's, is passed over.
 */
export async function findReplicas(places: RepositoryPlaces, storage: string | undefined): Promise<Replica[]> {
  const noted = (await listStorages(places)).map(({ folder }) => folder);
  const folders = new Set([...noted, ...(storage ? await siblings(storage) : [])]);
  if (storage) folders.delete(storage);
  const replicas: Replica[] = [];
  // One after the other, for each may be large.
  for (const folder of [...folders].slice(0, maxFolders)) replicas.push(...(await replicasIn(folder, places.key)));
  return replicas;
}

/** The same folder of the extension in the storages of other windows; those of the same workspace first. */
async function siblings(storage: string): Promise<string[]> {
  const own = path.dirname(storage);
  const stem = path.basename(own).replace(/-\d$/, '');
  const isAkin = (name: string) => name === stem || (name.startsWith(`${stem}-`) && name.length === stem.length + 2);
  const names = await namesIn(path.dirname(own));
  const sorted = [...names.filter(isAkin), ...names.filter((name) => !isAkin(name))];
  return sorted.map((name) => path.join(path.dirname(own), name, path.basename(storage)));
}

async function replicasIn(folder: string, key: string): Promise<Replica[]> {
  const names = await namesIn(folder).catch(() => []);
  const files = names.filter((name) => replicaName.test(name)).sort();
  const replicas: Replica[] = [];
  for (const name of files) {
    const file = path.join(folder, name);
    const replica = await readReplica(file, key).catch(() => undefined);
    if (replica) replicas.push(replica);
  }
  return replicas;
}

/** A damaged file does not say for sure whose it is; its previous version is read as well. */
async function readReplica(file: string, key: string): Promise<Replica | undefined> {
  const opened = openRegistry((await readRegularFile(file, maxFileSize)).toString('utf8'));
  if (opened.state === 'damaged' || opened.document.key !== key) return undefined;
  const { sessions, savedAt } = opened.document;
  const parsed = sessions.map((session) => v.safeParse(sessionRecordSchema, session));
  const records = parsed.filter((record) => record.success).map((record) => record.output);
  return { path: file, records, ...(savedAt === undefined ? {} : { savedAt }) };
}

/** Nothing where the file is gone by now. */
async function readEntry(file: string): Promise<(WindowStorage | UnreadableNote)[]> {
  try {
    const entry = v.safeParse(entrySchema, parseJson((await readRegularFile(file, maxNoteSize)).toString('utf8')));
    return [entry.success ? entry.output : { file, problem: 'it is damaged' }];
  } catch (error) {
    if (isMissing(error)) return [];
    const what = error instanceof HoldfastError ? `it ${error.data.what}` : undefined;
    return [{ file, problem: what ?? `it cannot be read (${systemErrorCode(error)})` }];
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function registerFolder(places: RepositoryPlaces): string {
  return path.join(places.folder, 'windows');
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
}
