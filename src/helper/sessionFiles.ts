import { readdir, rm, stat } from 'node:fs/promises';
import * as v from 'valibot';
import { HoldfastError } from '../base/errors.ts';
import { serializeRecord } from '../core/recordDocument.ts';
import { isMissing, previousVersion, readJson, writeDurable, writeJson } from '../node/durableFile.ts';
import { exists } from '../node/exists.ts';
import { sweepDrafts } from '../node/leftDrafts.ts';
import { tryLock } from '../node/lockFile.ts';
import { type LockOwner, readLock } from '../node/lockOwner.ts';
import type { Log } from '../node/log.ts';
import { pausePoint } from '../node/pausePoint.ts';
import {
  type Machine,
  previousTranscript,
  repositoryPlaces,
  type SessionPlaces,
  sessionPlaces,
  stateFolder,
} from '../node/places.ts';
import { findPorts, releasePorts } from '../node/portLeases.ts';
import { quarantine } from '../node/quarantine.ts';
import { type RecordReading, readRecordFile } from '../node/recordFile.ts';
import { type HostFile, hostFileSchema, type LaunchSpec, launchSpecSchema } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** The folders that sessions keep outside their worktrees, one for each. */
export class SessionFiles {
  readonly #machine: Machine;
  readonly #key: string;
  readonly #log: Log;
  readonly #requireRight: () => Promise<void>;
  /** By session, as they were read with the records: ids of the last changes that clients asked for. */
  readonly requests = new Map<string, readonly string[]>();
  /** Sentences for the user about records that were not as they should be. */
  readonly notices: string[] = [];
  /** Sessions whose record file is damaged, and why; it is replaced only once a copy of it is in quarantine. */
  readonly #damaged = new Map<string, string>();
  /** Sessions whose record a newer version has written. */
  readonly #newer = new Map<string, string>();

  /** `requireRight` rejects where another helper may write here by now. */
  constructor(machine: Machine, key: string, log: Log, requireRight = async () => {}) {
    this.#machine = machine;
    this.#key = key;
    this.#log = log;
    this.#requireRight = requireRight;
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

  /** Who holds the lock of the session's host, or held it when it was killed. */
  readHostLock(id: string): Promise<LockOwner | undefined> {
    return readLock(this.places(id).hostLock);
  }

  /** Those of the sessions whose record is not on disk. */
  async withoutRecord(ids: readonly string[]): Promise<string[]> {
    const gone: string[] = [];
    for (const id of ids) if (!(await exists(this.places(id).record))) gone.push(id);
    return gone;
  }

  /** When a session's host last wrote its file, in milliseconds since 1970; undefined where there is none. */
  async hostWrittenAt(id: string): Promise<number | undefined> {
    try {
      return (await stat(this.places(id).host)).mtimeMs;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** @throws {HoldfastError} `NEWER_FORMAT`, `DISK_FULL`, `STORAGE_NOT_WRITABLE`; the file is then as before. */
  async saveRecord(record: SessionRecord, requests: readonly string[] = []): Promise<void> {
    const { id, name } = record;
    const file = this.places(id).record;
    const newer = this.#newer.get(id);
    if (newer !== undefined) throw writtenByNewer(name, newer);
    const reason = this.#damaged.get(id);
    if (reason !== undefined) await quarantine(file, { reason });
    const keepPrevious = reason === undefined;
    const beforeReplace = () => this.#mayReplace();
    await writeDurable(file, serializeRecord(record, requests), { keepPrevious, beforeReplace }).catch(
      async (error) => {
        // A write that was revoked fails for no reason of the disk's.
        await this.#requireRight();
        throw error;
      },
    );
    this.#damaged.delete(id);
  }

  /** What the session was last started with, mostly without its environment. @throws where nobody knows. */
  async readLaunch(id: string): Promise<LaunchSpec> {
    return v.parse(launchSpecSchema, await readJson(this.places(id).launch));
  }

  async saveLaunch(launch: LaunchSpec): Promise<void> {
    await writeJson(this.places(launch.sessionId).launch, launch, { beforeReplace: this.#requireRight });
  }

  /** Removes from the launch file the environment, which may hold secrets, where no host has done so. */
  async removeEnvironment(id: string): Promise<void> {
    const launch = v.safeParse(launchSpecSchema, await readJson(this.places(id).launch));
    if (!launch.success || Object.keys(launch.output.env).length === 0) return;
    await this.saveLaunch({ ...launch.output, env: {} });
  }

  /** The first of the ports that are the session's. */
  port(id: string): Promise<number | undefined> {
    return findPorts(stateFolder(this.#machine), id);
  }

  /** Forgets everything but the record, which stays as the tombstone. */
  async forget(id: string): Promise<void> {
    await releasePorts(stateFolder(this.#machine), id);
    const { launch, host, screen, checkpoint } = this.places(id);
    const files = [launch, host, screen, checkpoint, previousVersion(checkpoint)];
    await Promise.all(files.map((file) => rm(file, { force: true })));
  }

  /** Removes what a destroyed session has printed, unless a host of it may live. Returns whether it is gone. */
  removeOutput(id: string): Promise<boolean> {
    const { transcript, log, teardownLog } = this.places(id);
    return this.#removeUnused(id, [transcript, previousTranscript(transcript), log, `${log}.1`, teardownLog]);
  }

  /** Removes what killed writers have left. */
  async sweep(): Promise<void> {
    for (const id of await this.list()) await sweepDrafts(this.places(id).folder);
  }

  /** Removes everything of a destroyed session, unless a host of it may live. Returns whether it is gone. */
  async remove(id: string): Promise<boolean> {
    const { folder, record, checkpoint } = this.places(id);
    // Where this is cut short, no version is left that knows nothing of the end.
    const earlier = [previousVersion(record), checkpoint, previousVersion(checkpoint)];
    return (await this.#removeUnused(id, earlier)) && this.#removeUnused(id, [folder]);
  }

  /** A helper that takes over revokes what is whole by then but not in place, and reads what is in place. */
  async #mayReplace(): Promise<void> {
    await this.#requireRight();
    await pausePoint('helper-record-whole');
  }

  /** With the lock in hand there is no host, and none can start. */
  async #removeUnused(id: string, paths: string[]): Promise<boolean> {
    const attempt = await tryLock(this.places(id).hostLock);
    if (!('lock' in attempt)) return false;
    try {
      await this.#requireRight();
      await Promise.all(paths.map((name) => rm(name, { recursive: true, force: true })));
      return true;
    } finally {
      await attempt.lock.release();
    }
  }

  async #readRecord(id: string): Promise<SessionRecord | undefined> {
    const file = this.places(id).record;
    const reading = await readRecordFile(file, id);
    switch (reading.state) {
      case 'missing':
        return undefined;
      case 'sound':
        this.requests.set(id, reading.requests);
        return reading.record;
      case 'newer':
        this.#newer.set(id, reading.version);
        this.#log.error('A session’s record was written by a newer version; it stays as it is', { id, file });
        return reading.record;
      case 'damaged':
        return this.#readDamaged(id, reading);
    }
  }

  /** The last good version takes its place, so that this is told but once, unless it may be the better one. */
  async #readDamaged(id: string, { reason, record, mayBeWhole }: DamagedRecord): Promise<SessionRecord | undefined> {
    this.#damaged.set(id, reason);
    const what = record ? 'its last good version is used' : 'it stays where it is';
    this.#log.error(`A session’s record is damaged; ${what}`, { id, file: this.places(id).record, reason });
    if (!record) return undefined;
    try {
      if (!mayBeWhole) await this.saveRecord(record);
      this.notices.push(describeFallback(record, reason));
    } catch (error) {
      this.#log.error('A damaged record could not be replaced', { id, error });
    }
    return record;
  }
}

type DamagedRecord = Extract<RecordReading, { state: 'damaged' }>;

function describeFallback({ name }: SessionRecord, reason: string): string {
  return `The record of “${name}” was damaged (${reason}), so its last good version is used; nothing was deleted.`;
}

function writtenByNewer(name: string, version: string): HoldfastError {
  const text = `“${name}” was last changed by a newer version of Holdfast (${version}). Nothing was changed.`;
  return new HoldfastError('NEWER_FORMAT', text, { advice: 'Update Holdfast.' });
}
