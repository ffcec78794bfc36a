import { createHash } from 'node:crypto';
import { copyFile, rename } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { Throttler } from '../base/async.ts';
import { isMissing, readJson, toStorageError, writeJson } from '../node/durableFile.ts';
import { type SessionRecord, sessionRecordSchema } from '../protocol/sessionRecord.ts';

const formatVersion = '1.0';

const fileSchema = v.looseObject({
  version: v.string(),
  /** The repository whose sessions these are; absent in the bare form. */
  key: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/))),
  sha256: v.optional(v.string()),
  count: v.optional(v.number()),
  sessions: v.array(v.unknown()),
});

type RegistryFile = v.InferOutput<typeof fileSchema>;

/** What came of reading a registry file. */
export interface LoadedRecords {
  records: SessionRecord[];
  /** Where the file was put because something in it could not be read; it is never overwritten. */
  damagedCopy?: string;
}

export interface RecordStoreOptions {
  /** The window's storage folder. */
  folder: string;
  /** Of the repository. */
  key: string;
  records: () => SessionRecord[];
}

/** A window's replica of the registry: `sessions.json` in its storage folder. */
export class RecordStore {
  readonly file: string;
  readonly #options: RecordStoreOptions;
  readonly #save = new Throttler(() => this.#write());
  /** What a newer version keeps in the file beside the sessions. */
  #unknownFields: Record<string, unknown> = {};

  constructor(options: RecordStoreOptions) {
    this.#options = options;
    this.file = path.join(options.folder, 'sessions.json');
  }

  /**
   * Reads the checksummed form and the bare `{"version":"1.0","sessions":[…]}` alike.
   *
   * @throws {HoldfastError} `STORAGE_NOT_WRITABLE`, `DISK_FULL` where a damaged file cannot be put aside.
   */
  async load(now = new Date()): Promise<LoadedRecords> {
    let file = await this.#read();
    if (file?.key !== undefined && file.key !== this.#options.key) file = await this.#exchange(file.key);
    const { version = '', key, sha256, count, sessions = [], ...unknownFields } = file ?? {};
    this.#unknownFields = unknownFields;
    const parsed = sessions.map((record) => v.safeParse(sessionRecordSchema, record));
    const records = parsed.filter((record) => record.success).map((record) => record.output);
    const isWhole = file && version.startsWith('1.') && records.length === sessions.length && isIntact(file);
    if (isWhole) return { records };
    const damagedCopy = await this.#setAside(`${this.file}.damaged-${now.toISOString().replaceAll(':', '-')}`);
    return damagedCopy ? { records, damagedCopy } : { records };
  }

  /** Resolves once everything that changed before this call is on disk. */
  save(): Promise<void> {
    return this.#save.run();
  }

  async #read(): Promise<RegistryFile | undefined> {
    const file = v.safeParse(fileSchema, await readJson(this.file).catch(() => undefined));
    return file.success ? file.output : undefined;
  }

  async #write(): Promise<void> {
    const sessions = this.#options.records();
    await writeJson(this.file, {
      ...this.#unknownFields,
      version: formatVersion,
      key: this.#options.key,
      sha256: checksum(sessions),
      count: sessions.length,
      sessions,
    });
  }

  /** The window’s first folder is another one now: each repository gets its own sessions back. */
  async #exchange(otherKey: string): Promise<RegistryFile | undefined> {
    await this.#setAside(this.#fileOf(otherKey));
    await rename(this.#fileOf(this.#options.key), this.file).catch(() => undefined);
    const file = await this.#read();
    return file?.key === otherKey ? undefined : file;
  }

  #fileOf(key: string): string {
    return path.join(this.#options.folder, `sessions-${key}.json`);
  }

  async #setAside(copy: string): Promise<string | undefined> {
    try {
      // Windows refuses to move a file that another program has open.
      await rename(this.file, copy).catch(() => copyFile(this.file, copy));
      return copy;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw toStorageError(error, copy);
    }
  }
}

function isIntact({ sha256, sessions }: RegistryFile): boolean {
  return sha256 === undefined || sha256 === checksum(sessions);
}

function checksum(sessions: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(sessions)).digest('hex');
}
