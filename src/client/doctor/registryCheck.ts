import { openRegistry } from '../../core/registryDocument.ts';
import { isLive } from '../../core/sessionRecord.ts';
import { previousVersion, writeDurable } from '../../node/durableFile.ts';
import { quarantine } from '../../node/quarantine.ts';
import type { RegistryReading } from '../../node/registryFile.ts';
import { readRegularFile } from '../../node/regularFile.ts';
import type { SessionRecord } from '../../protocol/sessionRecord.ts';
import { Backups } from '../backups.ts';
import { RecordStore } from '../recordStore.ts';
import { findStorages, noteOf } from '../windowStorages.ts';
import { counted, type Diagnosed, firstOf } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import { compareWithHelper } from './helperComparison.ts';
import type { StorageContent } from './storageContent.ts';

/** The session lists of all windows that are known: whether they can be read, and say what the helper says. */
export async function checkRegistry(examination: Examination): Promise<Diagnosed[]> {
  const storages = await examination.storages();
  const checks = storages.map(async (storage) => [
    ...(await checkList(examination, storage)),
    ...checkPrevious(storage),
    ...checkEntries(examination, storage),
  ]);
  const findings = (await Promise.all(checks)).flat();
  return [...findings, ...(await checkNotes(examination)), ...(await compareWithHelper(examination))];
}

/** Storages that windows have noted and that cannot be found: lists, backups and journals are, or were, in them. */
async function checkNotes({ places }: Examination): Promise<Diagnosed[]> {
  const { gone, unreadable } = await findStorages(places);
  const lost = unreadable.map(({ file, problem }) => ({
    code: 'storage-note-damaged',
    severity: 'warning' as const,
    subject: file,
    problem:
      'A window’s note of its storage cannot be read, so that its session list, backups and journal are not found.',
    evidence: [`The note says nothing: ${problem}.`],
    repair: {
      text: 'Open all windows of this repository, which note it anew; then delete the file if it is still damaged.',
      isSafe: false,
    },
  }));
  const missing = gone.map(({ folder, seenAt }) => ({
    code: 'storage-missing',
    severity: 'warning' as const,
    subject: folder,
    problem: 'The storage folder of a window is gone, and with it a session list, its backups and its journal.',
    evidence: [`The window was last seen at ${seenAt}.`],
    repair: {
      text: `Bring the folder back, or open the window again, which makes a new one. Where neither is to be, delete the note of it: ${noteOf(places, folder)}.`,
      isSafe: false,
    },
  }));
  return [...lost, ...missing];
}

async function checkList(examination: Examination, storage: StorageContent): Promise<Diagnosed[]> {
  const { file: subject, reading } = storage;
  switch (reading.state) {
    case 'sound':
      return [];
    case 'missing':
      return checkMissing(examination, storage);
    case 'newer': {
      const repair = { text: 'Update Holdfast; until then this list is shown and not changed.', isSafe: false };
      const problem = `A newer version of Holdfast has written the session list (${reading.version}).`;
      const evidence = [`It can be made out: ${countSessions(storage.records)}.`];
      return [{ code: 'list-newer', severity: 'warning', subject, problem, evidence, repair }];
    }
    case 'damaged':
    case 'unreadable': {
      const problem = `The session list cannot be trusted: ${reading.reason}.`;
      const rest =
        reading.state === 'damaged' ? [`${counted(reading.sound.length, 'session')} in it sound still.`] : [];
      const evidence = [...rest, describePrevious(storage.previous)];
      return [
        { code: 'list-damaged', severity: 'error', subject, problem, evidence, ...renewal(examination, storage) },
      ];
    }
  }
}

/** Where there never was a list, none is missing: a window without sessions has saved nothing yet. */
async function checkMissing(examination: Examination, storage: StorageContent): Promise<Diagnosed[]> {
  const backups = await new Backups({ folder: storage.folder, key: examination.places.key }).list();
  if (storage.previous.state === 'missing' && backups.length === 0) return [];
  return [
    {
      code: 'list-missing',
      severity: 'error',
      subject: storage.file,
      problem: 'The session list is gone.',
      evidence: [describePrevious(storage.previous), `${counted(backups.length, 'backup')} beside it.`],
      ...renewal(examination, storage),
    },
  ];
}

function checkPrevious(storage: StorageContent): Diagnosed[] {
  const { file, previous, reading } = storage;
  if (previous.state !== 'damaged' && previous.state !== 'unreadable') return [];
  return [
    {
      code: 'previous-damaged',
      severity: 'warning',
      subject: file,
      problem: `The list’s previous version, its first reserve, cannot be used: ${previous.reason}.`,
      evidence: [],
      // A list that is damaged is repaired first, from whatever there is.
      ...(reading.state === 'sound' ? previousRenewal(storage, previous.reason) : {}),
    },
  ];
}

function previousRenewal({ file }: StorageContent, reason: string): Pick<Diagnosed, 'repair' | 'apply'> {
  return {
    repair: { text: 'Keep it in quarantine, and put a copy of the list, which is sound, in its place.', isSafe: true },
    apply: async () => {
      const previous = previousVersion(file);
      const text = await readRegularFile(file);
      if (openRegistry(text.toString('utf8')).state !== 'sound') throw new Error('the list is not sound any more');
      const kept = await quarantine(previous, { reason });
      await writeDurable(previous, text);
      return `It was written anew.${kept === undefined ? '' : ` As it was it is kept: ${kept}.`}`;
    },
  };
}

function checkEntries(examination: Examination, storage: StorageContent): Diagnosed[] {
  const { file: subject, reading, repairs } = storage;
  if (reading.state !== 'sound' || repairs.length === 0) return [];
  const problem = 'The session list has entries that are not as they should be.';
  const common = { code: 'list-entries-damaged', subject, problem, evidence: firstOf(repairs) };
  return [{ ...common, severity: 'warning', ...renewal(examination, storage) }];
}

/** A list is recovered by the very code that a window recovers it with when it opens. */
function renewal({ context, places }: Examination, storage: StorageContent): Pick<Diagnosed, 'repair' | 'apply'> {
  if (storage.isSetAside) {
    const text = 'It is put right once its window is open on this repository again.';
    return { repair: { text, isSafe: false } };
  }
  const { folder } = storage;
  const { root } = context.workplace;
  const text =
    'Keep the file in quarantine, and save the list anew from its sound parts, its previous version and backups.';
  return {
    repair: { text, isSafe: true },
    apply: async () => {
      let records: SessionRecord[] = [];
      const store = new RecordStore({ folder, key: places.key, root, records: () => records });
      const loaded = await store.load();
      records = loaded.records;
      store.requireWritable();
      return loaded.notice ?? `It was sound by now, with ${countSessions(records)}.`;
    },
  };
}

function describePrevious(previous: RegistryReading): string {
  switch (previous.state) {
    case 'sound':
      return `Its previous version is sound: ${counted(previous.document.sessions.length, 'entry', 'entries')}.`;
    case 'newer':
      return `Its previous version was written by a newer version of Holdfast (${previous.version}).`;
    case 'missing':
      return 'There is no previous version of it.';
    case 'damaged':
    case 'unreadable':
      return `Its previous version is damaged, too: ${previous.reason}.`;
  }
}

function countSessions(records: readonly SessionRecord[]): string {
  return counted(records.filter(isLive).length, 'session');
}
