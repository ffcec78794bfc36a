import path from 'node:path';
import { repairRecord } from '../../core/recordRepair.ts';
import { previousVersion } from '../../node/durableFile.ts';
import { type RegistryReading, readRegistryFile } from '../../node/registryFile.ts';
import { readRegularFile } from '../../node/regularFile.ts';
import type { Workplace } from '../../node/repository.ts';
import type { SessionRecord } from '../../protocol/sessionRecord.ts';

/** A window's storage folder with its list of this repository's sessions. */
export interface StorageContent {
  folder: string;
  /** The list; beside the usual name where the window is open on another repository now. */
  file: string;
  /** The window's list is that of another repository, so that this one's is only kept beside it. */
  isSetAside: boolean;
  reading: RegistryReading;
  /** Of the list's previous version. */
  previous: RegistryReading;
  /** What can be read of a sound or newer list, put right where need be. */
  records: SessionRecord[];
  /** What had to be put right for that, and what could not be read, as sentences without a stop. */
  repairs: string[];
}

/** Reads only. */
export async function readStorage(folder: string, workplace: Workplace): Promise<StorageContent> {
  const own = path.join(folder, 'sessions.json');
  const reading = await readRegistryFile(own);
  const key = await keyOf(own, reading);
  if (key === undefined || key === workplace.key) return withContent({ folder, file: own, reading }, workplace);
  const file = path.join(folder, `sessions-${workplace.key}.json`);
  return {
    ...(await withContent({ folder, file, reading: await readRegistryFile(file) }, workplace)),
    isSetAside: true,
  };
}

async function withContent(
  found: Pick<StorageContent, 'folder' | 'file' | 'reading'>,
  { root }: Workplace,
): Promise<StorageContent> {
  const { file, reading } = found;
  const previous = await readRegistryFile(previousVersion(file));
  const content = { ...found, isSetAside: false, previous, records: [] as SessionRecord[], repairs: [] as string[] };
  if (reading.state !== 'sound' && reading.state !== 'newer') return content;
  const { savedAt, sessions } = reading.document;
  const context = { root, resolve: path.resolve, savedAt: savedAt === undefined ? new Date() : new Date(savedAt) };
  for (const session of sessions) {
    const result = repairRecord(session, context);
    if ('problem' in result) {
      content.repairs.push(`A session cannot be read: ${result.problem}`);
      continue;
    }
    content.records.push(result.record);
    if (result.repairs.length > 0) content.repairs.push(`“${result.record.name}”: ${result.repairs.join(', ')}`);
  }
  return content;
}

/** Of the repository whose list it is; one that is damaged or gone may tell no more, but its previous version may. */
async function keyOf(file: string, reading: RegistryReading): Promise<string | undefined> {
  if (reading.state === 'sound' || reading.state === 'newer') return reading.document.key;
  const text = await readRegularFile(file).catch(() => undefined);
  const key = /"key": *"([0-9a-f]{16})"/.exec(text?.toString('utf8') ?? '')?.[1];
  if (key !== undefined) return key;
  const previous = await readRegistryFile(previousVersion(file));
  return previous.state === 'sound' ? previous.document.key : undefined;
}
