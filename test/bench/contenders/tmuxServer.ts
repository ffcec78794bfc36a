import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sessionEnvironment } from '../environment.ts';
import { tmux } from '../figures.ts';
import {
  createAndAttach,
  type DetachableContender,
  type DetachableSession,
  type OpenSession,
  type OutputListener,
  type Program,
  scrollback,
  terminalSize,
} from './contender.ts';
import { openPty } from './nodePty.ts';

const run = promisify(execFile);

/** Nothing on the screen but the program, and no waiting for what an escape may turn into. */
const configuration = `
set -g status off
set -s escape-time 0
set -g history-limit ${scrollback}
set -g default-terminal screen-256color
set -s exit-empty off
`;

/** The version, such as `tmux 3.4`; undefined where tmux is not installed. */
export async function tmuxVersion(): Promise<string | undefined> {
  return run('tmux', ['-V']).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

/** A tmux server of our own, with its socket in `folder`, and clients on pseudoterminals of this process. */
export class TmuxServer implements DetachableContender {
  readonly name = tmux;
  readonly #folder: string;
  #sessions = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts the server, so that the first session finds it running. */
  async start(): Promise<void> {
    await writeFile(this.#configurationFile, configuration);
    await this.#command('start-server');
  }

  async pid(): Promise<number> {
    return Number(await this.#command('display-message', '-p', '#{pid}'));
  }

  async create({ file, args }: Program): Promise<DetachableSession> {
    const name = this.#nextName();
    const { cols, rows } = terminalSize;
    await this.#command('new-session', '-d', '-s', name, '-x', `${cols}`, '-y', `${rows}`, file, ...args);
    return {
      attach: async (onOutput) => openPty(this.#program('attach-session', '-t', name), onOutput),
      end: () => this.#end(name),
    };
  }

  open(program: Program, onOutput: OutputListener): Promise<OpenSession> {
    return createAndAttach(this, program, onOutput);
  }

  /** As a user starts one: a client that creates its session. */
  openAtOnce({ file, args }: Program, onOutput: OutputListener): OpenSession {
    const name = this.#nextName();
    const client = openPty(this.#program('new-session', '-s', name, file, ...args), onOutput);
    return {
      client,
      end: async () => {
        await this.#end(name);
        await client.ended;
      },
    };
  }

  async close(): Promise<void> {
    await this.#command('kill-server').catch(() => undefined);
  }

  get #configurationFile(): string {
    return join(this.#folder, 'tmux.conf');
  }

  #nextName(): string {
    return `bench${++this.#sessions}`;
  }

  #program(...command: readonly string[]): Program {
    return { file: 'tmux', args: ['-S', join(this.#folder, 'tmux.sock'), '-f', this.#configurationFile, ...command] };
  }

  async #command(...command: readonly string[]): Promise<string> {
    const { file, args } = this.#program(...command);
    return (await run(file, args, { env: sessionEnvironment() })).stdout;
  }

  async #end(name: string): Promise<void> {
    await this.#command('kill-session', '-t', name).catch(() => undefined);
  }
}
