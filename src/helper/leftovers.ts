import { withDeadline } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { HostClient } from '../client/hostClient.ts';
import { isLive } from '../core/sessionRecord.ts';
import { readRecordCopy } from '../node/checkpointFile.ts';
import { type ProcessRef, signalEach, waitForEnds } from '../node/processEnd.ts';
import { liveness } from '../node/processIdentity.ts';
import type { ServerToken } from '../node/token.ts';
import type { HealthReport, Leftover } from '../protocol/health.ts';
import type { HostFile } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { HostLinks } from './hostLinks.ts';
import { type LeftProcess, LeftProcesses, type LeftProcessesOptions } from './leftProcesses.ts';
import type { SessionFiles } from './sessionFiles.ts';

/** What a leftover gets to end by itself, and then by force; milliseconds. */
const graceTime = 5_000;
const killTime = 5_000;

/** What is told of one session's leftovers, at most. */
const maxTold = 20;

export interface LeftoversOptions extends LeftProcessesOptions {
  links: HostLinks;
  files: SessionFiles;
  token: ServerToken;
  /** Of this helper: hosts refuse those that came before it. */
  epoch: number;
}

/** What sessions have left behind: processes that outlived their terminal, and hosts that no session has. Only told. */
export class Leftovers {
  readonly #options: LeftoversOptions;
  readonly #processes: LeftProcesses;
  #hosts: Leftover[] = [];

  constructor(options: LeftoversOptions) {
    this.#options = options;
    this.#processes = new LeftProcesses(options);
  }

  /** What a health report tells of them, and how many more there are. */
  told(): Pick<HealthReport, 'leftovers' | 'leftoversUntold'> {
    const left = this.#processes.sessions().map((id) => this.#processes.of(id).map((one) => daemon(id, one)));
    const leftovers = [...this.#hosts, ...left.flatMap((some) => some.slice(0, maxTold))];
    const untold = left.flat().length + this.#hosts.length - leftovers.length;
    return untold > 0 ? { leftovers, leftoversUntold: untold } : { leftovers };
  }

  countOf(id: string): number {
    return this.#processes.of(id).length;
  }

  /** Resolves once it is known what was left by the sessions that have ended by now; never rejects. */
  noted(): Promise<void> {
    return this.#processes.noted();
  }

  /** Looks for what was left before this helper began; it takes its time, and never rejects. */
  recall(): Promise<void> {
    return this.#processes.recall();
  }

  /** Those that were killed with a session and live nevertheless; never rejects. */
  noteStubborn(id: string, processes: readonly ProcessRef[]): Promise<void> {
    return this.#processes.noteStubborn(id, processes);
  }

  dispose(): void {
    this.#processes.dispose();
  }

  /** Forgets what has ended since, and looks for hosts without a session; never rejects. */
  async look(): Promise<void> {
    try {
      await this.#processes.look();
      this.#hosts = await this.#findHosts();
    } catch (error) {
      this.#options.log.warn('What sessions left behind could not be looked for', { error });
    }
  }

  /**
   * Ends what was told of, as the user wants: gently, then firmly.
   *
   * @throws {HoldfastError} `SESSION_NOT_FOUND` where there is no such leftover any more; `TIMEOUT` where it does not end
   */
  async end(sessionId: string, pid: number): Promise<void> {
    const left = this.#processes.of(sessionId).find((one) => one.pid === pid);
    const host = this.#hosts.find((one) => one.sessionId === sessionId && one.pid === pid);
    if (left) await endProcess(left);
    else if (host) await this.#endHost(sessionId);
    else throw noLeftover(sessionId, pid);
    await this.look();
  }

  /**
   * Makes a session of a host that has none, of what its checkpoint holds of its record.
   *
   * @throws {HoldfastError} `SESSION_NOT_FOUND` where there is no such host, or nothing tells what its session was;
   *   `NAME_EXISTS`, `BRANCH_EXISTS`
   */
  async adopt(sessionId: string): Promise<SessionRecord> {
    const { registry, links, files } = this.#options;
    const host = this.#hosts.find((one) => one.sessionId === sessionId);
    const places = files.places(sessionId);
    const copy = host && (await readRecordCopy(places, sessionId));
    if (!copy) throw noLeftover(sessionId, host?.pid);
    const { deletedAt: _, ...record } = copy;
    await registry.restore([record as SessionRecord]);
    await links.noteMissingHost(sessionId);
    await this.look();
    return registry.require(sessionId);
  }

  async #endHost(sessionId: string): Promise<void> {
    const { files, token, epoch } = this.#options;
    const host = await files.readHost(sessionId);
    if (!host) return;
    const client = { kind: 'helper' as const, pid: process.pid };
    const link = await HostClient.connect({ socket: host.socket, token: token.current, client, epoch });
    const ended = new Promise<void>((resolve) => link.onClose(resolve));
    link.stop(graceTime);
    await withDeadline(ended, graceTime + killTime, () => doesNotEnd(host.pid)).finally(() => link.dispose());
  }

  async #findHosts(): Promise<Leftover[]> {
    const { registry, links, files } = this.#options;
    const live = new Set(
      registry
        .list()
        .records.filter(isLive)
        .map(({ id }) => id),
    );
    const found: HostFile[] = [];
    for (const id of (await files.list()).filter((one) => !live.has(one) && !links.get(one))) {
      const host = await files.readHost(id).catch(() => undefined);
      if (host && !host.exit) found.push({ ...host, sessionId: id });
    }
    const states = await Promise.all(found.map((host) => liveness(host)));
    return found.filter((_, index) => states[index] === 'alive').map(toLeftover);
  }
}

function daemon(sessionId: string, { pid, command, isStubborn }: LeftProcess): Leftover {
  const what = isStubborn ? `${command} (does not end)`.trimStart() : command;
  return { kind: 'daemon', sessionId, pid, what };
}

function toLeftover({ sessionId, pid }: HostFile): Leftover {
  return { kind: 'host', sessionId, pid, what: 'the host of a session that is not in the list' };
}

async function endProcess(left: ProcessRef): Promise<void> {
  await signalEach([left], 'SIGTERM');
  if ((await waitForEnds([left], graceTime)).length === 0) return;
  await signalEach([left], 'SIGKILL');
  if ((await waitForEnds([left], killTime)).length > 0) throw doesNotEnd(left.pid);
}

function doesNotEnd(pid: number): HoldfastError {
  return new HoldfastError('TIMEOUT', `Process ${pid} does not end.`, { advice: 'End it yourself.', data: { pid } });
}

function noLeftover(sessionId: string, pid: number | undefined): HoldfastError {
  const what =
    pid === undefined ? 'Nothing tells what that session was' : `Process ${pid} is none that a session left behind`;
  return new HoldfastError('SESSION_NOT_FOUND', `${what}. Nothing was changed.`, {
    advice: 'Look again: it may have ended meanwhile.',
    data: { id: sessionId, pid },
  });
}
