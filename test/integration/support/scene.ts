import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { HelperClient } from '../../../src/client/helperClient.ts';
import { HelperLauncher, type HelperLauncherOptions } from '../../../src/client/helperLauncher.ts';
import { HostClient } from '../../../src/client/hostClient.ts';
import { sessionEnvironment } from '../../../src/core/launchCommand.ts';
import { newRecord } from '../../../src/core/sessionRecord.ts';
import type { SupervisionSettings } from '../../../src/core/supervisionPolicy.ts';
import { readJson } from '../../../src/node/durableFile.ts';
import {
  type RepositoryPlaces,
  repositoryPlaces,
  type SessionPlaces,
  sessionPlaces,
  thisMachine,
} from '../../../src/node/places.ts';
import { liveness, processTable } from '../../../src/node/processIdentity.ts';
import { findWorkplace } from '../../../src/node/repository.ts';
import { readToken } from '../../../src/node/token.ts';
import { type HostFile, hostFileSchema, type LaunchSpec } from '../../../src/protocol/hostMessages.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { projectNode, repositoryRoot } from '../../support/paths.ts';
import { signal } from '../../support/processes.ts';
import { makeRepository } from '../../support/repository.ts';
import { tempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';

export const dist = path.join(repositoryRoot, 'dist');
export const machine = thisMachine();

export interface SessionOptions {
  cols?: number;
  rows?: number;
  scrollback?: number;
  env?: Record<string, string>;
  policy?: SessionRecord['policy'];
}

/** A session whose process was started. */
export interface TestSession {
  id: string;
  record: SessionRecord;
  launch: LaunchSpec;
  places: SessionPlaces;
}

/** One repository with its helper, its sessions and their clients. */
export class Scene {
  readonly folder: string;
  readonly key: string;
  readonly places: RepositoryPlaces;
  readonly token: string;
  readonly #clients: { dispose(): void }[] = [];

  private constructor(folder: string, key: string, token: string) {
    this.folder = folder;
    this.key = key;
    this.places = repositoryPlaces(machine, key);
    this.token = token;
  }

  static async make(folder: string): Promise<Scene> {
    const { key } = await findWorkplace(await makeRepository(folder));
    return new Scene(folder, key, await readToken(repositoryPlaces(machine, key).stateFolder));
  }

  launcher(options: Partial<HelperLauncherOptions> = {}): HelperLauncher {
    const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
    return new HelperLauncher({ machine, key: this.key, dist, client, ...options });
  }

  /** A client of the helper, which is started where none runs. */
  async client(replica: () => SessionRecord[] = () => [], programs = dist): Promise<HelperClient> {
    const launcher = this.launcher({ dist: programs });
    const client = this.own(new HelperClient({ launcher, replica }));
    await client.connect();
    return client;
  }

  /** A client with settings, which hold from when this resolves. */
  async configured(settings: SupervisionSettings): Promise<HelperClient> {
    const launcher = this.launcher();
    const client = this.own(new HelperClient({ launcher, replica: () => [], settings: () => settings }));
    await client.connect();
    await client.configure();
    return client;
  }

  /** Disposed with the scene. */
  own<T extends { dispose(): void }>(item: T): T {
    this.#clients.push(item);
    return item;
  }

  record(name: string = randomUUID()): SessionRecord {
    return newRecord({
      id: randomUUID(),
      name,
      branch: '',
      baseBranch: '',
      worktreePath: this.folder,
      command: null,
      now: new Date(),
    });
  }

  launch(id: string, [file = '', ...args]: string[], options: SessionOptions = {}): LaunchSpec {
    const { cols = 80, rows = 24, scrollback = 1000, env } = options;
    return {
      sessionId: id,
      file,
      args,
      cwd: this.folder,
      env: sessionEnvironment(process.env, { ...env, HOLDFAST_SESSION_ID: id }),
      cols,
      rows,
      scrollback,
    };
  }

  /** Creates a session and starts `command` in it. */
  async start(client: HelperClient, command: string[], options?: SessionOptions): Promise<TestSession> {
    const { policy } = options ?? {};
    const { id } = await client.create({ ...this.record(), ...(policy ? { policy } : {}) }, null);
    const launch = this.launch(id, command, options);
    return { id, launch, record: await client.start(launch), places: this.session(id) };
  }

  session(id: string): SessionPlaces {
    return sessionPlaces(machine, this.key, id);
  }

  connectHost({ places }: { places: SessionPlaces }): Promise<HostClient> {
    const client = { kind: 'test' as const, pid: process.pid };
    return HostClient.connect({ socket: places.socket, token: this.token, client }).then((host) => this.own(host));
  }

  async helperPid(): Promise<number> {
    return ((await readJson(this.places.helperFile)) as { pid: number }).pid;
  }

  /** Ends every process of the scene and removes what a killed one could not. */
  async dispose(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.dispose();
    await this.#endHelper();
    const ids = await readdir(this.places.sessionsFolder).catch(() => []);
    await Promise.all(ids.map((id) => this.#endSession(id)));
  }

  async #endHelper(): Promise<void> {
    const pid = await this.helperPid().catch(() => undefined);
    if (pid !== undefined && (await isRunningProcess(pid))) {
      signal(pid, 'SIGCONT');
      signal(pid, 'SIGTERM');
      await processEnd(pid);
    }
    await rm(this.places.helperSocket, { force: true });
  }

  async #endSession(id: string): Promise<void> {
    const places = this.session(id);
    const host = await readHostFile(places);
    if (host && (await liveness(host)) === 'alive') {
      signal(host.pid, 'SIGCONT');
      await this.#stopHost(places).catch(() => signal(host.pid, 'SIGKILL'));
      await processEnd(host.pid);
    }
    await rm(places.socket, { force: true });
  }

  async #stopHost(places: SessionPlaces): Promise<void> {
    const host = await this.connectHost({ places });
    const closed = new Promise<void>((resolve) => host.onClose(resolve));
    host.stop(0);
    await closed;
  }
}

/** A scene for the surrounding suite, gone when that has run. */
export function useScene(): () => Scene {
  const dirs = tempDirs();
  let scene: Scene | undefined;
  before(async () => {
    scene = await Scene.make(await dirs.make('repository'));
  });
  after(async () => {
    await scene?.dispose();
    await dirs.remove();
  });
  return () => scene as Scene;
}

/** The command line of one of the programs in `../programs`. */
export function program(name: string, ...args: string[]): string[] {
  return [projectNode, programFile(name), ...args];
}

export function programFile(name: string): string {
  return path.join(import.meta.dirname, '..', 'programs', `${name}.ts`);
}

export async function readHostFile(places: SessionPlaces): Promise<HostFile | undefined> {
  const file = v.safeParse(hostFileSchema, await readJson(places.host));
  return file.success ? file.output : undefined;
}

/** A zombie does not count: it has ended. */
export async function isRunningProcess(pid: number): Promise<boolean> {
  return (await processTable().startTime(pid)) !== undefined;
}

/** Resolves once the process has ended, which only its parent is told of. */
export async function processEnd(pid: number): Promise<void> {
  await waitFor(
    () => isRunningProcess(pid),
    (running) => !running,
    { what: `the end of process ${pid}` },
  );
}
