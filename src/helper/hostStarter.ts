import { fromErrorShape, HoldfastError } from '../base/errors.ts';
import { startBackground } from '../node/backgroundProcess.ts';
import type { Log } from '../node/log.ts';
import type { LaunchSpec } from '../protocol/hostMessages.ts';
import type { SessionFiles } from './sessionFiles.ts';

/** How long a session host may take to report that its process runs; milliseconds. */
const startDeadline = 15_000;

/** V8 settings that keep a mostly idle program small. */
const hostFlags = ['--max-semi-space-size=1', '--v8-pool-size=1'];

/** Makes glibc give freed memory back, which is 2 MB of an idle host; other systems do not look at it. */
const hostEnv = { MALLOC_TRIM_THRESHOLD_: String(256 * 1024) };

export interface HostStarterOptions {
  key: string;
  /** The bundle of the session host. */
  hostScript: string;
  files: SessionFiles;
  log: Log;
}

/** Starts a session’s host, and with it the session’s process. */
export class HostStarter {
  readonly #options: HostStarterOptions;

  constructor(options: HostStarterOptions) {
    this.#options = options;
  }

  /**
   * Returns the pid of the session's process.
   *
   * @throws {HoldfastError} `HOST_START_FAILED` and what the host itself reports, such as `SESSION_RUNNING`;
   *   `DISK_FULL`, `STORAGE_NOT_WRITABLE`
   */
  async start(launch: LaunchSpec): Promise<number> {
    const { files, log } = this.#options;
    const id = launch.sessionId;
    try {
      await files.saveLaunch(launch);
      return await this.#spawn(id);
    } finally {
      // A host that did not get as far as reading it has left it whole.
      await files
        .removeEnvironment(id)
        .catch((error) => log.warn('The environment may still be in the launch file', { id, error }));
    }
  }

  async #spawn(id: string): Promise<number> {
    const { files, key, hostScript, log } = this.#options;
    const { report, pid } = await startBackground({
      script: hostScript,
      args: [key, id],
      flags: hostFlags,
      env: hostEnv,
      logFile: files.places(id).log,
      deadline: startDeadline,
      errorCode: 'HOST_START_FAILED',
    });
    const { error, ptyPid } = (report ?? {}) as { error?: unknown; ptyPid?: number };
    if (error) throw fromErrorShape(error);
    if (!ptyPid) {
      throw new HoldfastError('HOST_START_FAILED', 'The session host ended before its process ran.', {
        advice: `Its log is ${files.places(id).log}.`,
        data: { id, log: files.places(id).log },
      });
    }
    log.info('Started a session host', { id, host: pid, ptyPid });
    return ptyPid;
  }
}
