import { readdir, rm } from 'node:fs/promises';
import * as v from 'valibot';
import { isMissing, readJson, writeJson } from '../node/durableFile.ts';
import type { Log } from '../node/log.ts';
import { type Machine, repositoryPlaces, type SessionPlaces, sessionPlaces } from '../node/places.ts';
import { type HostFile, hostFileSchema, type LaunchSpec } from '../protocol/hostMessages.ts';
import { type SessionRecord, sessionRecordSchema } from '../protocol/sessionRecord.ts';

/** The folders that sessions keep outside their worktrees, one for each. */
export class SessionFiles {
  readonly #machine: Machine;
  readonly #key: string;
  readonly #log: Log;

  constructor(machine: Machine, key: string, log: Log) {
    this.#machine = machine;
    this.#key = key;
    this.#log = log;
  }

  places(id: string): SessionPlaces {
    return sessionPlaces(this.#machine, this.#key, id);
  }

  /** Ids of all sessions that have a folder. */
  async list(): Promise<string[]> {
    try {
      const entries = await readdir(repositoryPlaces(this.#machine, this.#key).sessionsFolder, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async readRecords(): Promise<SessionRecord[]> {
    const records = await Promise.all((await this.list()).map((id) => this.#readRecord(id)));
    return records.filter((record) => record !== undefined);
  }

  async readHost(id: string): Promise<HostFile | undefined> {
    const file = v.safeParse(hostFileSchema, await readJson(this.places(id).host));
    return file.success ? file.output : undefined;
  }

  async saveRecord(record: SessionRecord): Promise<void> {
    await writeJson(this.places(record.id).record, record);
  }

  async saveLaunch(launch: LaunchSpec): Promise<void> {
    await writeJson(this.places(launch.sessionId).launch, launch);
  }

  /** Forgets everything but the record, which stays as the tombstone. */
  async forget(id: string): Promise<void> {
    const { launch, host, screen } = this.places(id);
    await Promise.all([launch, host, screen].map((file) => rm(file, { force: true })));
  }

  async #readRecord(id: string): Promise<SessionRecord | undefined> {
    const content = await readJson(this.places(id).record);
    const record = v.safeParse(sessionRecordSchema, content);
    if (record.success && record.output.id === id) return record.output;
    if (content !== undefined) this.#log.warn('A session’s record copy cannot be read', { id });
    return undefined;
  }
}
