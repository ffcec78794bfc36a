import { createHash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { Throttler } from '../base/async.ts';
import { readJson, writeJson } from '../node/durableFile.ts';
import { type SessionRecord, sessionRecordSchema } from '../protocol/sessionRecord.ts';

const formatVersion = '1.0';

const fileSchema = v.looseObject({
  version: v.string(),
  sha256: v.optional(v.string()),
  sessions: v.array(v.unknown()),
});

/** What came of reading a registry file. */
export interface LoadedRecords {
  records: SessionRecord[];
  /** Where the file was put because something in it could not be read; it is never overwritten. */
  damagedCopy?: string;
}

/** A window's replica of the registry: `sessions.json` in its storage folder. */
export class RecordStore {
  readonly file: string;
  readonly #records: () => SessionRecord[];
  readonly #save = new Throttler(() => this.#write());

  constructor(folder: string, records: () => SessionRecord[]) {
    this.file = path.join(folder, 'sessions.json');
    this.#records = records;
  }

  /** Reads the checksummed form and the bare `{"version":"1.0","sessions":[…]}` alike. */
  async load(now = new Date()): Promise<LoadedRecords> {
    const content = await readJson(this.file).catch(() => undefined);
    const file = v.safeParse(fileSchema, content);
    const sessions = file.success ? file.output.sessions.map((record) => v.safeParse(sessionRecordSchema, record)) : [];
    const records = sessions.filter((record) => record.success).map((record) => record.output);
    const isWhole = file.success && records.length === sessions.length && isIntact(file.output);
    if (isWhole) return { records };
    const damagedCopy = await this.#setAside(now);
    return damagedCopy ? { records, damagedCopy } : { records };
  }

  /** Resolves once everything that changed before this call is on disk. */
  save(): Promise<void> {
    return this.#save.run();
  }

  async #write(): Promise<void> {
    const sessions = this.#records();
    await writeJson(this.file, {
      version: formatVersion,
      sha256: checksum(sessions),
      count: sessions.length,
      sessions,
    });
  }

  async #setAside(now: Date): Promise<string | undefined> {
    const copy = `${this.file}.damaged-${now.toISOString().replaceAll(':', '-')}`;
    return rename(this.file, copy).then(
      () => copy,
      () => undefined,
    );
  }
}

function isIntact({ sha256, sessions }: v.InferOutput<typeof fileSchema>): boolean {
  return sha256 === undefined || sha256 === checksum(sessions);
}

function checksum(sessions: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(sessions)).digest('hex');
}
