import { readdir, rename, rm } from 'node:fs/promises';
import * as v from 'valibot';
import { isMissing, readJson, writeJson } from '../node/durableFile.ts';
import { exists } from '../node/exists.ts';
import { tryLock } from '../node/lockFile.ts';
import type { Log } from '../node/log.ts';
import {
  type Machine,
  previousTranscript,
  repositoryPlaces,
  type SessionPlaces,
  sessionPlaces,
} from '../node/places.ts';
import { type HostFile, hostFileSchema, type LaunchSpec, launchSpecSchema } from '../protocol/hostMessages.ts';
import { type SessionRecord, sessionRecordSchema } from '../protocol/sessionRecord.ts';

/** The folders that sessions keep outside their worktrees, one for each. */
export class SessionFiles {
  readonly #machine: Machine;
  readonly #key: string;
  readonly #log: Log;
  /** Sessions whose record is there but could not be read. */
  readonly #unreadable = new Set<string>();

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

  /** A record that cannot be read keeps nobody from the others. */
  async readRecords(): Promise<SessionRecord[]> {
    const records = await Promise.all((await this.list()).map((id) => this.#readRecord(id)));
    return records.filter((record) => record !== undefined);
  }

  async readHost(id: string): Promise<HostFile | undefined> {
    const file = v.safeParse(hostFileSchema, await readJson(this.places(id).host));
    return file.success ? file.output : undefined;
  }

  /** What could not be read may be worth more than what takes its place, so it is put aside. */
  async saveRecord(record: SessionRecord): Promise<void> {
    const file = this.places(record.id).record;
    if (this.#unreadable.has(record.id)) await rename(file, `${file}.unreadable-${Date.now()}`).catch(ignoreMissing);
    this.#unreadable.delete(record.id);
    await writeJson(file, record);
  }

  async saveLaunch(launch: LaunchSpec): Promise<void> {
    await writeJson(this.places(launch.sessionId).launch, launch);
  }

  /** Removes from the launch file the environment, which may hold secrets, where no host has done so. */
  async removeEnvironment(id: string): Promise<void> {
    const launch = v.safeParse(launchSpecSchema, await readJson(this.places(id).launch));
    if (!launch.success || Object.keys(launch.output.env).length === 0) return;
    await this.saveLaunch({ ...launch.output, env: {} });
  }

  /** Forgets everything but the record, which stays as the tombstone. */
  async forget(id: string): Promise<void> {
    const { launch, host, screen } = this.places(id);
    await Promise.all([launch, host, screen].map((file) => rm(file, { force: true })));
  }

  /** Removes what a destroyed session has printed, unless a host of it may live. Returns whether it is gone. */
  removeOutput(id: string): Promise<boolean> {
    const { transcript, log } = this.places(id);
    return this.#removeUnused(id, [transcript, previousTranscript(transcript), log, `${log}.1`]);
  }

  /** Removes everything of a destroyed session, unless a host of it may live. Returns whether it is gone. */
  remove(id: string): Promise<boolean> {
    return this.#removeUnused(id, [this.places(id).folder]);
  }

  /** With the lock in hand there is no host, and none can start. */
  async #removeUnused(id: string, paths: string[]): Promise<boolean> {
    const attempt = await tryLock(this.places(id).hostLock);
    if (!('lock' in attempt)) return false;
    try {
      await Promise.all(paths.map((name) => rm(name, { recursive: true, force: true })));
      return true;
    } finally {
      await attempt.lock.release();
    }
  }

  async #readRecord(id: string): Promise<SessionRecord | undefined> {
    const file = this.places(id).record;
    try {
      const content = await readJson(file);
      if (content === undefined && !(await exists(file))) return undefined;
      const record = v.parse(sessionRecordSchema, content);
      if (record.id === id) return record;
      throw new Error(`it is that of session ${record.id}`);
    } catch (error) {
      this.#unreadable.add(id);
      this.#log.error('A session’s record cannot be read; it stays where it is', { id, file, error });
      return undefined;
    }
  }
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
