import { isLive } from '../../core/sessionRecord.ts';
import type { RegistryReading } from '../../node/registryFile.ts';
import type { SessionRecord } from '../../protocol/sessionRecord.ts';
import { RecordStore } from '../recordStore.ts';
import { counted, type Diagnosed, firstOf } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import type { StorageContent } from './storageContent.ts';

/** The session lists of all windows that are known: whether they can be read, and say what the helper says. */
export async function checkRegistry(examination: Examination): Promise<Diagnosed[]> {
  const storages = await examination.storages();
  const findings = storages.flatMap((storage) => [
    ...checkList(examination, storage),
    ...checkPrevious(storage),
    ...checkEntries(examination, storage),
  ]);
  return [...findings, ...(await compareWithHelper(examination))];
}

function checkList(examination: Examination, storage: StorageContent): Diagnosed[] {
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
function checkMissing(examination: Examination, storage: StorageContent): Diagnosed[] {
  if (storage.previous.state === 'missing') return [];
  return [
    {
      code: 'list-missing',
      severity: 'error',
      subject: storage.file,
      problem: 'The session list is gone.',
      evidence: [describePrevious(storage.previous)],
      ...renewal(examination, storage),
    },
  ];
}

function checkPrevious({ file, previous }: StorageContent): Diagnosed[] {
  if (previous.state !== 'damaged' && previous.state !== 'unreadable') return [];
  return [
    {
      code: 'previous-damaged',
      severity: 'warning',
      subject: file,
      problem: `The list’s previous version, its first reserve, cannot be used: ${previous.reason}.`,
      evidence: [],
      repair: { text: 'The next change of any session replaces it.', isSafe: false },
    },
  ];
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

async function compareWithHelper(examination: Examination): Promise<Diagnosed[]> {
  const answer = await examination.helper();
  if (answer.state !== 'answers') return [];
  const theirs = new Map(answer.records.map((record) => [record.id, record]));
  const storages = await examination.storages();
  return storages
    .filter(({ reading }) => reading.state === 'sound')
    .flatMap((storage) => [...listAhead(examination, storage, theirs), ...listBehind(storage, theirs)]);
}

type RecordsById = ReadonlyMap<string, SessionRecord>;

/** The helper has lost a change that it has acknowledged, as where its own file of the session was damaged. */
function listAhead(examination: Examination, { file, records }: StorageContent, theirs: RecordsById): Diagnosed[] {
  const ahead = records.filter(({ id, revision }) => revision > (theirs.get(id)?.revision ?? revision));
  if (ahead.length === 0) return [];
  const evidence = ahead.map(
    ({ id, name, revision }) => `“${name}”: revision ${revision} here, ${theirs.get(id)?.revision} in the helper.`,
  );
  return [
    {
      code: 'list-ahead',
      severity: 'warning',
      subject: file,
      problem: `The session list has newer versions of ${counted(ahead.length, 'session')} than the helper.`,
      evidence: firstOf(evidence),
      repair: { text: 'Give them to the helper, for which the newest version counts.', isSafe: true },
      apply: () =>
        examination.withHelper(ahead, async () => `The helper has taken in ${counted(ahead.length, 'session')}.`),
    },
  ];
}

/** As that of a window which was closed before others made or destroyed sessions. */
function listBehind({ file, records }: StorageContent, theirs: RecordsById): Diagnosed[] {
  const known = new Map(records.map((record) => [record.id, record]));
  const lacking = [...theirs.values()].filter((record) => isLive(record) && !known.has(record.id));
  const outlived = records.filter((record) => isLive(record) && theirs.get(record.id)?.deletedAt !== undefined);
  if (lacking.length + outlived.length === 0) return [];
  const evidence = [
    ...lacking.map(({ name }) => `“${name}” is not in it.`),
    ...outlived.map(({ name }) => `“${name}” is in it, and was destroyed.`),
  ];
  return [
    {
      code: 'list-behind',
      severity: 'info',
      subject: file,
      problem: 'The session list is older than what the helper knows; its window catches up when it is opened.',
      evidence: firstOf(evidence),
    },
  ];
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
