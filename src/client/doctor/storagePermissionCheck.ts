import { chmod, lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from '../../node/durableFile.ts';
import { type Diagnosed, firstOf } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import { octal, writeObstacle } from './permissions.ts';

/** Whether windows can write to their storages, and what is kept of sessions can be had by nobody else. */
export async function checkStoragePermissions(examination: Examination): Promise<Diagnosed[]> {
  const storages = (await examination.storages()).map(({ folder }) => folder);
  const writable = (await Promise.all(storages.map(checkWritable))).flat();
  if (process.platform === 'win32') return writable;
  const { savedFolder, folder } = examination.places;
  const sessions = (await examination.sessionFolders()).map(({ places }) => places.folder);
  const open = [
    ...storages.map(checkStorage),
    ...[...storages, folder].map((each) => checkFiles(path.join(each, 'backups'), [path.join(each, 'backups')])),
    ...storages.map((each) => checkFiles(each, [each], isList)),
    checkFiles(savedFolder, [savedFolder]),
    checkFiles(examination.places.sessionsFolder, sessions, isRecord),
  ];
  return [...writable, ...(await Promise.all(open)).flat()];
}

async function checkWritable(subject: string): Promise<Diagnosed[]> {
  const seen = await writeObstacle(subject);
  if (seen === undefined) return [];
  const problem = 'Nothing can be written to a window’s storage: neither its session list nor backups nor the journal.';
  const text = 'Check its permissions and its disk; the sessions’ own folders keep their records meanwhile.';
  const common = { code: 'storage-unwritable', severity: 'error' as const, subject, problem };
  return [{ ...common, evidence: [seen], repair: { text, isSafe: false } }];
}

/** The editor made it, and lets others look into it: what is in it is closed by itself. */
async function checkStorage(subject: string): Promise<Diagnosed[]> {
  const entry = await entryOf(subject);
  if (!entry?.isDirectory() || (entry.mode & 0o002) === 0) return [];
  const problem = 'Others may replace what a window keeps in its storage.';
  const evidence = [`Its mode is ${octal(entry.mode)}.`];
  return [found('storage-open', { subject, problem, evidence, files: [{ file: subject, mode: entry.mode & ~0o022 }] })];
}

const isList = (name: string) => /^(sessions.*\.json|events\..*journal)$/.test(name);
const isRecord = (name: string) => /^(record|checkpoint).*\.json$/.test(name);

/** The files in some folders, which are written so that the user alone can read them; `subject` stands for them. */
async function checkFiles(subject: string, folders: readonly string[], isMeant = isJson): Promise<Diagnosed[]> {
  const files = (await Promise.all(folders.map((folder) => openFiles(folder, isMeant)))).flat();
  if (files.length === 0) return [];
  const problem = 'Others may read or change what is kept of your sessions.';
  const evidence = firstOf(files.map(({ file, seen }) => `The mode of ${file} is ${octal(seen)}.`));
  return [found('kept-files-open', { subject, problem, evidence, files })];
}

function isJson(name: string): boolean {
  return name.endsWith('.json');
}

interface OpenFile {
  file: string;
  /** As it should be. */
  mode: number;
}

async function openFiles(folder: string, isMeant: (name: string) => boolean): Promise<(OpenFile & { seen: number })[]> {
  // What is wrong with a folder that cannot be looked into is told by other checks.
  const names = (await readdir(folder).catch(() => [])).filter(isMeant);
  const files = names.map((name) => path.join(folder, name));
  const entries = await Promise.all(files.map(entryOf));
  return files.flatMap((file, index) => {
    const entry = entries[index];
    return entry?.isFile() && (entry.mode & 0o077) !== 0 ? [{ file, mode: 0o600, seen: entry.mode }] : [];
  });
}

function found(
  code: string,
  { files, ...about }: Pick<Diagnosed, 'subject' | 'problem' | 'evidence'> & { files: readonly OpenFile[] },
): Diagnosed {
  return {
    code,
    severity: 'warning',
    ...about,
    repair: { text: 'Close them to others.', isSafe: true },
    apply: async () => {
      for (const { file, mode } of files) await chmod(file, mode);
      return `Others can change nothing there now: ${files.length === 1 ? files[0]?.file : `${files.length} files`}.`;
    },
  };
}

async function entryOf(file: string) {
  return lstat(file).catch((error) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}
