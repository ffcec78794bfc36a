import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { vscodeServerMain } from './codeServer.ts';
import { cleanEnvironment } from './environment.ts';
import { projectNode } from './paths.ts';
import { endGroup } from './processes.ts';

export interface ServerOptions {
  /** Settings, workspace storage, logs and extensions: start again with the same folder to come back. */
  readonly dataFolder: string;
  /** Variables that the server and every extension host, terminal and helper under it get on top of this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Any free one if left out. */
  readonly port?: number;
  /** Needed to load a development extension or a test suite through the page's address; hides notification toasts. */
  readonly smokeTestDriver?: boolean;
  /** How long an extension host outlives its page, in seconds; VS Code's default is three hours. */
  readonly reconnectionGraceTime?: number;
}

export type Payload = readonly (readonly [name: string, value: string])[];

/** VS Code's own server and workbench on a free port of 127.0.0.1. */
export class VscodeServer {
  readonly #process: ChildProcess;
  readonly port: number;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  /** Resolves when the server listens. */
  static async start(options: ServerOptions): Promise<VscodeServer> {
    const child = spawn(projectNode, [await vscodeServerMain(), ...serverArguments(options)], {
      env: { ...cleanEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
    });
    try {
      return new VscodeServer(child, await listeningPort(child));
    } catch (error) {
      await endGroup(child);
      throw error;
    }
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The address of a window on a folder or a `.code-workspace` file. */
  url(place: string, payload: Payload = []): string {
    const parameter = place.endsWith('.code-workspace') ? 'workspace' : 'folder';
    // The page takes the parameter as a path, with nothing in it escaped.
    const query = new URLSearchParams({ [parameter]: decodeURIComponent(pathToFileURL(place).pathname) });
    if (payload.length > 0) query.set('payload', JSON.stringify(payload));
    return `http://127.0.0.1:${this.port}/?${query.toString()}`;
  }

  /** A path on this machine as the workbench's address for it. */
  remoteUri(path: string): string {
    return `vscode-remote://127.0.0.1:${this.port}${pathToFileURL(path).pathname}`;
  }

  onExit(listener: () => void): void {
    this.#process.once('exit', listener);
  }

  /** Ends the server, its extension hosts and its terminals; detached processes live on. */
  async stop(): Promise<void> {
    await endGroup(this.#process);
  }
}

export function extensionsFolder(dataFolder: string): string {
  return join(dataFolder, 'extensions');
}

function serverArguments(options: ServerOptions): string[] {
  const fixed = [
    '--host=127.0.0.1',
    `--port=${options.port ?? 0}`,
    '--without-connection-token',
    '--accept-server-license-terms',
  ];
  const quiet = ['--disable-telemetry', '--disable-workspace-trust', '--disable-update-check'];
  const folders = [
    `--server-data-dir=${options.dataFolder}`,
    `--extensions-dir=${extensionsFolder(options.dataFolder)}`,
  ];
  const driver = options.smokeTestDriver ? ['--enable-smoke-test-driver'] : [];
  const grace = options.reconnectionGraceTime;
  return [...fixed, ...quiet, ...folders, ...driver, ...(grace ? [`--reconnection-grace-time=${grace}`] : [])];
}

function listeningPort(child: ChildProcess): Promise<number> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    const listen = (line: string) => {
      said.push(line);
      const port = /agent listening on (\d+)/.exec(line)?.[1];
      if (port) resolve(Number(port));
    };
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', listen);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`The VS Code server did not start:\n${said.join('\n')}`)));
  });
}
