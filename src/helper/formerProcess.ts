import { HoldfastError, systemErrorCode } from '../base/errors.ts';
import type { Log } from '../node/log.ts';
import { lookUntil } from '../node/processEnd.ts';
import { liveness, type ProcessIdentity } from '../node/processIdentity.ts';
import type { SessionFiles } from './sessionFiles.ts';

/** How long a process whose terminal is gone gets to end by itself, after the hangup that the system sent it. */
const ownTime = 2_000;

/** The same after it was told again, and after it was killed; milliseconds. */
const graceTime = 5_000;

export interface FormerProcessOptions {
  files: Pick<SessionFiles, 'readHost'>;
  log: Log;
  /** Milliseconds. */
  ownTime?: number;
  graceTime?: number;
}

/**
 * What is left of a session whose host was killed: its process has lost its terminal, and mostly ends by that. Two of
 * them would work in one worktree, so that it is gone before the session is started again.
 */
export class FormerProcess {
  readonly #options: Required<FormerProcessOptions>;

  constructor(options: FormerProcessOptions) {
    this.#options = { ownTime, graceTime, ...options };
  }

  /** @throws {HoldfastError} `SESSION_RUNNING` where it does not end, and nothing may be started. */
  async end(id: string): Promise<void> {
    const process = await this.#find(id);
    if (!process || (await hasEnded(process, this.#options.ownTime))) return;
    for (const signal of ['SIGHUP', 'SIGKILL'] as const) {
      const state = await liveness(process);
      if (state === 'gone') return;
      // It may be another one of the same number.
      if (state === 'unknown') break;
      this.#options.log.warn('What is left of a killed host is ended', { id, pid: process.pid, signal });
      signalGroup(process.pid, signal);
      if (await hasEnded(process, this.#options.graceTime)) return;
    }
    throw new HoldfastError('SESSION_RUNNING', `Process ${process.pid} of its earlier life does not end.`, {
      advice: 'Nothing was started, for two would work in one worktree. End it yourself and try again.',
      data: { id, pid: process.pid },
    });
  }

  /** Undefined where it cannot be told from another process of the same number. */
  async #find(id: string): Promise<ProcessIdentity | undefined> {
    const host = await this.#options.files.readHost(id);
    if (!host || host.exit || host.ptyStartTime === undefined || (await liveness(host)) !== 'gone') return undefined;
    return { pid: host.ptyPid, startTime: host.ptyStartTime, bootId: host.bootId };
  }
}

function hasEnded(process: ProcessIdentity, patience: number): Promise<boolean> {
  return lookUntil(async () => (await liveness(process)) === 'gone', patience);
}

/** It leads its terminal's session, and so a group of its own. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}
