import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { mergeRecords } from '../core/mergeRecords.ts';
import { repairRecord } from '../core/recordRepair.ts';
import type { RegistryDocument } from '../core/registryDocument.ts';
import type { RegistryReading } from '../node/registryFile.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** A copy of the session list that may stand in for a damaged one. */
export interface Fallback {
  /** As a part of a sentence: “its previous version”, “the backup of 10:03”. */
  name: string;
  reading: RegistryReading;
  /** Nothing newer comes after it, so that no other is needed once it is sound. */
  isLast: boolean;
}

export interface RecoveryOptions {
  /** Of the repository; copies with other keys are none. */
  key: string;
  /** The repository's main checkout. */
  root: string;
  /** In the order in which they are to be tried. */
  fallbacks: () => AsyncIterable<Fallback>;
  /** The copies that were saved after the list's own generation. */
  newerThan?: (generation: number) => AsyncIterable<Fallback>;
  now: Date;
}

/** What could be made of a session list that may be damaged. */
export interface RecoveredRegistry {
  records: SessionRecord[];
  generation: number;
  unknownFields: Record<string, unknown>;
  /** Nothing was there at all, so that nothing can have been lost either. */
  isFresh: boolean;
  /** A file could not be read that may be the best there is, so that nothing may be written over it. */
  isUncertain: boolean;
  /** What was wrong with the list; absent where it was as it should be. */
  problem?: string;
  /** The copy that stood in for it; absent where none was needed, or none was of use. */
  source?: string;
  /** Repairs and unreadable records, as sentences for the report. */
  details: string[];
  /** Records that make no sense, as they were. */
  hopeless: unknown[];
}

type Problem = Exclude<RegistryReading, { state: 'sound' | 'newer' }>;

interface Copy {
  name: string;
  recovered: RecoveredRegistry;
}

/** The sessions of a file that was read, or what its copies still have of them. */
export async function recoverRegistry(reading: RegistryReading, options: RecoveryOptions): Promise<RecoveredRegistry> {
  if (reading.state === 'sound') return catchUp(accept(reading.document, options), options);
  if (reading.state === 'newer') return accept(reading.document, options);
  const { copies, isUncertain } = await readCopies(reading, options);
  const problem = describeProblem(reading, isUncertain);
  const [first, ...others] = copies;
  if (!first) return { ...withoutFallback(reading, options), ...problemUnlessFresh(reading, isUncertain), isUncertain };
  const own = accept(documentOf(reading.state === 'damaged' ? reading.sound : []), options);
  const best = others.reduce(better, first);
  const records = [...mergeRecords(best.recovered.records, own.records).values()];
  return { ...best.recovered, records, problem, source: best.name, isUncertain };
}

/** A list that is whole and yet older than its copies was put back, with what it lacks in them. */
async function catchUp(own: RecoveredRegistry, { newerThan, ...options }: RecoveryOptions): Promise<RecoveredRegistry> {
  let current = own;
  const lacking: string[] = [];
  for await (const { name, reading } of newerThan?.(own.generation) ?? []) {
    if (reading.state !== 'sound') continue;
    const copy = accept(reading.document, options);
    const records = [...mergeRecords(current.records, copy.records).values()];
    if (!isDeepStrictEqual(records, current.records)) lacking.push(name);
    current = { ...current, records, generation: Math.max(current.generation, copy.generation) };
  }
  if (lacking.length === 0) return current;
  const names = lacking.join(' and ');
  return { ...current, problem: `it is older than ${names}`, source: `it and ${names}` };
}

async function readCopies(
  reading: Problem,
  { fallbacks, ...options }: Omit<RecoveryOptions, 'newerThan'>,
): Promise<{ copies: Copy[]; isUncertain: boolean }> {
  const copies: Copy[] = [];
  let isUncertain = reading.state === 'unreadable';
  for await (const { name, reading: copy, isLast } of fallbacks()) {
    isUncertain ||= copy.state === 'unreadable';
    if (copy.state !== 'sound' || (copy.document.key ?? options.key) !== options.key) continue;
    copies.push({ name, recovered: accept(copy.document, options) });
    if (isLast) break;
  }
  return { copies, isUncertain };
}

/** Of two copies each session as the newer one has it; the second counts only where it knows something better. */
function better(one: Copy, other: Copy): Copy {
  const records = [...mergeRecords(one.recovered.records, other.recovered.records).values()];
  if (isDeepStrictEqual(records, one.recovered.records)) return one;
  const newest = other.recovered.generation > one.recovered.generation ? other : one;
  return { name: `${one.name} and ${other.name}`, recovered: { ...newest.recovered, records } };
}

/** Sessions whose checksum is wrong are taken only from a file that has none for each: there nothing better is left. */
function withoutFallback(reading: Problem, options: Pick<RecoveryOptions, 'root' | 'now'>): RecoveredRegistry {
  if (reading.state === 'missing') return { ...accept(documentOf([]), options), isFresh: true };
  if (reading.state === 'unreadable') return accept(documentOf([]), options);
  const { sound, doubtful, isSummed } = reading;
  const recovered = accept(documentOf(isSummed ? sound : doubtful), options);
  const hopeless = isSummed ? [...recovered.hopeless, ...doubtful] : recovered.hopeless;
  return { ...recovered, hopeless };
}

function accept(document: RegistryDocument, { root, now }: Pick<RecoveryOptions, 'root' | 'now'>): RecoveredRegistry {
  const savedAt = document.savedAt === undefined ? now : new Date(document.savedAt);
  const context = { root, resolve: path.resolve, savedAt };
  const records: SessionRecord[] = [];
  const details: string[] = [];
  const hopeless: unknown[] = [];
  for (const session of document.sessions) {
    const result = repairRecord(session, context);
    if ('problem' in result) {
      hopeless.push(session);
      details.push(`A session could not be read: ${result.problem}`);
    } else {
      records.push(result.record);
      if (result.repairs.length > 0) details.push(`“${result.record.name}” was repaired: ${result.repairs.join(', ')}`);
    }
  }
  const { generation, unknownFields } = document;
  const merged = [...mergeRecords(records).values()];
  return { records: merged, generation, unknownFields, isFresh: false, isUncertain: false, details, hopeless };
}

function documentOf(sessions: unknown[]): RegistryDocument {
  return { generation: 0, sessions, unknownFields: {} };
}

function describeProblem(reading: Problem, isUncertain: boolean): string {
  if (reading.state !== 'missing') return reading.reason;
  return isUncertain ? 'it is gone, and a copy of it cannot be read' : 'it is gone';
}

/** Where there never was a list, nothing is wrong. */
function problemUnlessFresh(reading: Problem, isUncertain: boolean): { problem?: string } {
  return reading.state === 'missing' && !isUncertain ? {} : { problem: describeProblem(reading, isUncertain) };
}
