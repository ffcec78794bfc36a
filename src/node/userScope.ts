import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { describeError } from '../base/errors.ts';
import { isListenedAt } from './sockets.ts';

/** How long a scope with nothing in it may take to begin and end; milliseconds. */
const trialDeadline = 2_000;

/** The environment in which nothing that is started gets a scope. */
export const withoutScopes = { HOLDFAST_SCOPE: 'off' };

export interface UserScopesOptions {
  env?: NodeJS.ProcessEnv;
  platform?: NodeJS.Platform;
}

/**
 * Scopes of the user's service manager. At a logout systemd-logind may end all that belongs to the login session
 * (`KillUserProcesses`); a scope belongs to the user instead. The program keeps its pid, its parent and its files, for
 * systemd-run executes it in its own place.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/systemd-run.html
 */
export class UserScopes {
  readonly #env: NodeJS.ProcessEnv;
  readonly #platform: NodeJS.Platform;
  #obstacle: Promise<string | undefined> | undefined;
  #isTold = false;

  constructor({ env = process.env, platform = process.platform }: UserScopesOptions = {}) {
    this.#env = env;
    this.#platform = platform;
  }

  /** Whether the system can have them, and nobody has turned them off. */
  get areWanted(): boolean {
    return this.#platform === 'linux' && allowsScopes(this.#env);
  }

  /** What is to stand before the command line of a program that is to have a scope; undefined where it gets none. */
  async prefix(commandLine: readonly string[], name: string): Promise<string[] | undefined> {
    // Later versions replace what looks like a variable, and earlier ones do not know the option against that.
    if (!this.areWanted || commandLine.some((part) => part.includes('$'))) return undefined;
    return (await this.#findObstacle()) === undefined ? scopeCommand(name) : undefined;
  }

  /** Why programs get no scopes; told once, and undefined where they get them or nobody wants them. */
  async takeObstacle(): Promise<string | undefined> {
    if (!this.areWanted || this.#isTold) return undefined;
    const obstacle = await this.#findObstacle();
    this.#isTold = obstacle !== undefined;
    return obstacle;
  }

  /** Nothing gets a scope any more, for one could not be had. */
  giveUp(obstacle: string): void {
    this.#obstacle = Promise.resolve(obstacle);
  }

  /** Found out once: each trial is a program of its own. */
  #findObstacle(): Promise<string | undefined> {
    this.#obstacle ??= this.#try().catch(describeError);
    return this.#obstacle;
  }

  async #try(): Promise<string | undefined> {
    const runtimeFolder = this.#env.XDG_RUNTIME_DIR;
    if (!runtimeFolder) return 'XDG_RUNTIME_DIR is not set';
    if (!(await isListenedAt(path.join(runtimeFolder, 'bus')))) return 'the user’s bus does not answer';
    const [file = '', ...args] = [...scopeCommand('trial'), 'true'];
    const end = await endOf(spawn(file, args, { env: this.#env, stdio: 'ignore' }));
    return end === 0 ? undefined : `systemd-run ended with ${end} in a trial`;
  }
}

/** Those of the user whom this process belongs to. */
export const userScopes = new UserScopes();

export function allowsScopes(env: NodeJS.ProcessEnv): boolean {
  return env.HOLDFAST_SCOPE !== withoutScopes.HOLDFAST_SCOPE;
}

function scopeCommand(name: string): string[] {
  const unit = `holdfast-${name}-${process.pid}-${randomBytes(4).toString('hex')}`;
  return ['systemd-run', '--user', '--scope', '--quiet', '--collect', `--unit=${unit}`, '--'];
}

/** The exit code, or the signal that ended it, as after the deadline. */
function endOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), trialDeadline);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(code ?? signal);
    });
  });
}
