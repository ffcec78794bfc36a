import { isLive } from '../../core/sessionRecord.ts';
import type { SessionRecord } from '../../protocol/sessionRecord.ts';
import { counted, type Diagnosed, firstOf } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import type { StorageContent } from './storageContent.ts';

/** Whether the session lists say what the helper that runs says. */
export async function compareWithHelper(examination: Examination): Promise<Diagnosed[]> {
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
    ...(lacking.length > 0 ? [`${counted(lacking.length, 'session')} not in it.`] : []),
    ...(outlived.length > 0 ? [`${counted(outlived.length, 'destroyed session')} in it still.`] : []),
  ];
  return [
    {
      code: 'list-behind',
      severity: 'info',
      subject: file,
      problem: 'The session list is older than what the helper knows; its window catches up when it is opened.',
      evidence,
    },
  ];
}
