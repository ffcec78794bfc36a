import path from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { type OpenedRegistry, openRegistry } from '../core/registryDocument.ts';
import { isMissing } from '../node/durableFile.ts';
import { readRegularFile } from '../node/regularFile.ts';

/** Why a backup was taken. */
export const backupReasons = ['change', 'repair', 'restore', 'migration', 'destroy', 'manual', 'import'] as const;
export type BackupReason = (typeof backupReasons)[number];

export interface Backup {
  /** The file's name without its extension. */
  id: string;
  file: string;
  /** ISO 8601 UTC. */
  takenAt: string;
  reason: BackupReason;
  /** Of the list that was backed up; 0 where it cannot be told. */
  generation: number;
  /** Sessions in it that were not destroyed; of a damaged one, those that are sound still. */
  count: number;
  state: OpenedRegistry['state'];
  /** Why it is not sound, as the end of a sentence. */
  problem?: string;
  /** Bytes. */
  size: number;
}

/** A backup that was read. */
export interface ReadBackup {
  backup: Backup;
  opened: OpenedRegistry;
}

const idPattern = new RegExp(
  `^sessions-(\\d{4})(\\d\\d)(\\d\\d)T(\\d\\d)(\\d\\d)(\\d\\d\\.\\d{3})Z-(${backupReasons.join('|')})$`,
);

export function backupId(takenAt: Date, reason: BackupReason): string {
  return `sessions-${takenAt.toISOString().replaceAll(/[-:]/g, '')}-${reason}`;
}

/** They sort by time. */
export function isBackupId(id: string): boolean {
  return idPattern.test(id);
}

/**
 * Reads a backup of the repository `key`, whatever state it is in. Undefined where there is none of that name, or it
 * is another repository's.
 */
export async function readBackup(folder: string, id: string, key: string): Promise<ReadBackup | undefined> {
  const named = parseId(id);
  if (!named) return undefined;
  const file = path.join(folder, `${id}.json`);
  try {
    const text = (await readRegularFile(file)).toString('utf8');
    const opened = openRegistry(text);
    if (!belongsTo(key, opened, text)) return undefined;
    return { opened, backup: { id, file, ...named, ...describeContent(opened), size: Buffer.byteLength(text) } };
  } catch (error) {
    if (isMissing(error)) return undefined;
    const reason = `it cannot be read (${systemErrorCode(error) ?? error})`;
    const opened = { state: 'damaged' as const, reason, sound: [], doubtful: [], isSummed: false };
    return { opened, backup: { id, file, ...named, ...describeContent(opened), size: 0 } };
  }
}

function parseId(id: string): { takenAt: string; reason: BackupReason } | undefined {
  const [, year, month, day, hours, minutes, seconds, reason] = idPattern.exec(id) ?? [];
  const takenAt = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`;
  return Number.isNaN(Date.parse(takenAt)) ? undefined : { takenAt, reason: reason as BackupReason };
}

/** A damaged backup may tell no more whose it is; it is then anybody's to see. */
function belongsTo(key: string, opened: OpenedRegistry, text: string): boolean {
  const owner = opened.state === 'damaged' ? /"key": *"([0-9a-f]{16})"/.exec(text)?.[1] : opened.document.key;
  return owner === undefined || owner === key;
}

function describeContent(opened: OpenedRegistry): Pick<Backup, 'generation' | 'count' | 'state' | 'problem'> {
  const { state } = opened;
  if (state === 'damaged') return { generation: 0, count: countLive(opened.sound), state, problem: opened.reason };
  const { generation, sessions } = opened.document;
  const content = { generation, count: countLive(sessions), state };
  if (state === 'sound') return content;
  return { ...content, problem: `it was written by a newer version of Holdfast (${opened.version})` };
}

function countLive(sessions: readonly unknown[]): number {
  return sessions.filter((session) => (session as { deletedAt?: unknown } | null)?.deletedAt === undefined).length;
}
