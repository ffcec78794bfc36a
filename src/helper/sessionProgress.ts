import { isDeepStrictEqual } from 'node:util';
import { afterEnd, afterStart, type Starter, settled } from '../core/recovery.ts';
import { meaningOf, type SessionEnd } from '../core/sessionEnd.ts';
import { isGoingOn, isRecovering, isRunning } from '../core/sessionRecord.ts';
import { afterSetupStep, isSettingUp, setupEvidence, setupOnceStarted } from '../core/setup.ts';
import { transition } from '../core/statusMachine.ts';
import { effectivePolicy, type SupervisionSettings } from '../core/supervisionPolicy.ts';
import type { HostExit } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { Registry } from './registry.ts';

export interface SessionProgressOptions {
  registry: Registry;
  settings: () => SupervisionSettings;
  now?: () => Date;
  random?: () => number;
}

export interface StartFacts {
  /** Whose doing it was. */
  by?: Starter;
  /** The first of the session's ports; undefined where that is not known. */
  port?: number | undefined;
}

/** Writes into the records what becomes of sessions’ processes, and what is to follow from it. */
export class SessionProgress {
  readonly #options: SessionProgressOptions;
  /** What the records are to say of why processes end, where the disk has not taken it: by session, of one process each. */
  readonly #endings = new Map<string, { ptyPid: number | undefined; ending: Ending | undefined }>();

  constructor(options: SessionProgressOptions) {
    this.#options = options;
  }

  /**
   * Its process runs, with these ports. What the record says already changes nothing. One that is found to run was started by itself where
   * that was due.
   */
  started(id: string, ptyPid: number, { by = 'retry', port }: StartFacts = {}): Promise<SessionRecord> {
    return this.#options.registry.apply(id, (record) => {
      if (isRunning(record) && record.ptyPid === ptyPid) return undefined;
      // One that ran when it was last seen has ended and been started again unseen.
      const before = isRunning(record) ? { ...record, status: 'idle' as const } : record;
      const ports = port === undefined ? {} : { port };
      const changes = { ...afterStart(before, ptyPid, this.#now(), by), ...setupOnceStarted(record), ...ports };
      return record.setup?.state === 'running' ? { ...changes, evidence: setupEvidence(record, this.#now()) } : changes;
    });
  }

  /**
   * Its process is about to be ended for this reason; where there is none, by the user. From here on that is known, also
   * where it cannot be written down, but then to this helper alone. Returns whether it is the process that was seen.
   *
   * @throws {HoldfastError} `DISK_FULL`, `STORAGE_NOT_WRITABLE`, `NEWER_FORMAT`, `SESSION_NOT_FOUND`; `CONNECTION_LOST`
   *   where another helper serves by now
   */
  async noteEnding(seen: SessionRecord, ending: Ending | undefined): Promise<boolean> {
    const { id, ptyPid } = seen;
    // The user may have let it go on meanwhile.
    const isSeen = (record: SessionRecord) =>
      isRunning(record) && record.ptyPid === ptyPid && isDeepStrictEqual(record.countsFrom, seen.countsFrom);
    const noted = { ptyPid, ending };
    this.#endings.set(id, noted);
    const record = await this.#options.registry.apply(id, (current) =>
      isSeen(current) && current.ending !== ending ? { ending } : undefined,
    );
    if (this.#endings.get(id) === noted) this.#endings.delete(id);
    return isSeen(record);
  }

  /** Why its process is being ended, as far as this helper knows. */
  endingOf({ id, ptyPid, ending }: SessionRecord): Ending | undefined {
    const noted = this.#endings.get(id);
    return noted !== undefined && noted.ptyPid === ptyPid ? noted.ending : ending;
  }

  /**
   * The process that a host was asked to run has ended; whose wish that was, the record tells. It is told again each
   * time that the host's file is read, and counts once: for a record that says that it runs.
   */
  async exited(id: string, { code, signal, reason, endedAt }: HostExit): Promise<SessionRecord> {
    const ended = await this.#end(id, (record) => {
      if (!isRunning(record)) return undefined;
      const end = endOf(this.endingOf(record), { code, signal, reason });
      return { end, exit: { code, signal, reason: exitReasons[end.kind] }, endedAt };
    });
    this.#endings.delete(id);
    return ended;
  }

  /** Its process is gone, or could not be started, without a word of its own. */
  lost(id: string, end: SessionEnd): Promise<SessionRecord> {
    const exit = { code: null, signal: null, reason: exitReasons[end.kind] };
    return this.#end(id, (record) =>
      isNews(record, end) ? { end, exit, endedAt: this.#now().toISOString() } : undefined,
    );
  }

  /** It is left as failed, as the user wants. */
  gaveUp(id: string): Promise<SessionRecord> {
    return this.#options.registry.apply(id, (record) => {
      if (!isRecovering(record)) return undefined;
      const what = `you gave up; ${record.evidence?.what ?? 'its process was lost'}`;
      const recovery = { starts: [], quickExits: 0, ...settled(record.recovery) };
      const evidence = { what, by: 'user', at: this.#now().toISOString() };
      return { status: transition(record.status, 'gaveUp'), evidence, recovery };
    });
  }

  /** It could not be started for a reason that is not its own: the same attempt is due again `pause` milliseconds from now. */
  postponed(id: string, { what, pause }: { what: string; pause: number }): Promise<SessionRecord> {
    return this.#options.registry.apply(id, (record) => {
      if (!isRecovering(record)) return undefined;
      const now = this.#now();
      const retryAt = new Date(now.getTime() + pause).toISOString();
      const recovery = { starts: [], quickExits: 0, ...record.recovery, heldFor: pause, retryAt };
      return { evidence: { what, by: 'retry', at: now.toISOString() }, recovery };
    });
  }

  #end(id: string, tell: (record: SessionRecord) => ToldEnd | undefined): Promise<SessionRecord> {
    const { registry, settings, random } = this.#options;
    return registry.apply(id, (record) => {
      const told = tell(record);
      if (!told) return undefined;
      const { end, exit, endedAt } = told;
      const policy = effectivePolicy(record.policy, settings().policy);
      const at = { now: this.#now(), endedAt: new Date(endedAt) };
      const context = { record, end, policy, ...at, ...(random ? { random } : {}) };
      const changes = isSettingUp(record) ? afterSetupStep(context) : afterEnd(context);
      return { ...changes, exit, endedAt };
    });
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }
}

/** What is said to be lost may run again by now, and what went with the machine is not to be started again. */
function isNews(record: SessionRecord, { kind }: SessionEnd): boolean {
  switch (kind) {
    case 'startFailed':
      return isRecovering(record);
    case 'stopped':
    case 'rebooted':
    case 'dismissed':
    case 'unwatched':
      return isGoingOn(record);
    default:
      return isRunning(record);
  }
}

/** Why a process was told to end, and by which limit. */
export type Ending = NonNullable<SessionRecord['ending']>;

interface ToldEnd {
  end: SessionEnd;
  exit: NonNullable<SessionRecord['exit']>;
  endedAt: string;
}

const exitReasons = {
  exited: 'exit',
  stopped: 'stop',
  timeout: 'timeout',
  limit: 'limit',
  hostLost: 'lost',
  dismissed: 'lost',
  rebooted: 'lost',
  unwatched: 'lost',
  startFailed: 'start',
} as const satisfies Record<SessionEnd['kind'], string>;

/**
 * A host that was told to end its process knows not by whom, but the watchdog says so first. One that hangs is not told
 * in time, so that what did not succeed after that is the watchdog’s doing as well.
 */
function endOf(
  ending: Ending | undefined,
  { code, signal, reason }: Pick<HostExit, 'code' | 'signal' | 'reason'>,
): SessionEnd {
  const exited = { kind: 'exited', code, signal } as const;
  if (reason !== 'stop' && (!ending || meaningOf(exited) === 'success')) return exited;
  return ending ? { kind: ending.reason, what: ending.what } : { kind: 'stopped' };
}
