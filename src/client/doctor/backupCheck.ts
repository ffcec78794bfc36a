import { isLive } from '../../core/sessionRecord.ts';
import type { Backup } from '../backupFile.ts';
import { Backups } from '../backups.ts';
import { counted, type Diagnosed, firstOf } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import type { StorageContent } from './storageContent.ts';

/** By then a window has taken a backup of a session that was made; milliseconds. */
const backupPatience = 10 * 60_000;

/** The backups beside each list and those that the command line has taken: whether they can be read, and are there. */
export async function checkBackups(examination: Examination): Promise<Diagnosed[]> {
  const { key, folder } = examination.places;
  const taken = await new Backups({ folder, key }).list();
  const storages = await examination.storages();
  const beside = await Promise.all(storages.map((storage) => checkStorage(key, storage)));
  return [...checkEach(taken), ...beside.flat()];
}

async function checkStorage(key: string, storage: StorageContent): Promise<Diagnosed[]> {
  const backups = new Backups({ folder: storage.folder, key });
  const list = await backups.list();
  const hasSound = list.some(({ state }) => state === 'sound');
  return [...checkEach(list), ...(hasSound ? [] : checkLack(backups, storage))];
}

function checkEach(list: readonly Backup[]): Diagnosed[] {
  const damaged = list.filter(({ state }) => state === 'damaged');
  return damaged.map(({ file, problem = '', count }) => ({
    code: 'backup-damaged',
    severity: 'warning',
    subject: file,
    problem: `The backup cannot be restored: ${problem}.`,
    evidence: [count === 0 ? 'No session in it is sound.' : `${counted(count, 'session')} in it sound still.`],
    repair: {
      text: `${count === 0 ? 'Delete' : `Get what is sound out of it with “holdfast import --salvage ${file}”, or delete`} it if it is of no use to you.`,
      isSafe: false,
    },
  }));
}

/** A list that is damaged is repaired first, and that takes a backup. */
function checkLack(backups: Backups, { reading, records }: StorageContent): Diagnosed[] {
  const sessions = records
    .filter(isLive)
    .filter(({ createdAt }) => Date.now() - Date.parse(createdAt) > backupPatience);
  if (reading.state !== 'sound' || sessions.length === 0) return [];
  const { generation, unknownFields } = reading.document;
  return [
    {
      code: 'backup-none',
      severity: 'warning',
      subject: backups.folder,
      problem: 'There is no sound backup of the session list.',
      evidence: firstOf(sessions.map(({ name }) => `“${name}” is in the list.`)),
      repair: { text: 'Take one.', isSafe: true },
      apply: async () => {
        const taken = await backups.take('repair', { records, generation, unknownFields });
        return `The backup ${taken?.id} was taken, with ${counted(taken?.count ?? 0, 'session')}.`;
      },
    },
  ];
}
