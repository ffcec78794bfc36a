import { Backups } from '../backups.ts';
import type { DoctorContext } from './doctorContext.ts';
import { Examination } from './examination.ts';

/**
 * Backs up every session list that is sound, where its newest backup does not hold the same sessions. The repair of one
 * that is not sound takes its own; where none can be taken, as on a full disk, what a repair replaces is in quarantine.
 */
export async function backUpLists(context: DoctorContext): Promise<void> {
  const examination = new Examination(context);
  const { key } = examination.places;
  for (const { folder, isSetAside, reading, records } of await examination.storages()) {
    if (reading.state !== 'sound' || isSetAside) continue;
    const { generation, unknownFields } = reading.document;
    const backups = new Backups({ folder, key });
    await backups.take('repair', { records, generation, unknownFields }).catch(() => undefined);
  }
}
