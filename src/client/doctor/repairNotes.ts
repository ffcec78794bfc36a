import { repositoryPlaces } from '../../node/places.ts';
import { SessionJournal } from '../sessionJournal.ts';
import { listStorages } from '../windowStorages.ts';
import type { DoctorContext } from './doctorContext.ts';

/**
 * Tells the journals of all windows what was repaired, as sentences: they are what the repairs were about, and no
 * window may be open. A journal that cannot be written keeps nobody from anything.
 */
export async function noteRepairs({ machine, workplace, storage }: DoctorContext, sentences: string[]): Promise<void> {
  if (sentences.length === 0) return;
  const noted = await listStorages(repositoryPlaces(machine, workplace.key)).catch(() => []);
  const folders = new Set([...(storage === undefined ? [] : [storage]), ...noted.map(({ folder }) => folder)]);
  await Promise.all([...folders].map((folder) => noteIn(folder, sentences)));
}

async function noteIn(folder: string, sentences: string[]): Promise<void> {
  const journal = new SessionJournal({ folder });
  journal.noteRepaired(sentences);
  await journal.flush();
  journal.dispose();
}
