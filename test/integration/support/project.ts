import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { HelperLauncher } from '../../../src/client/helperLauncher.ts';
import { HostClient } from '../../../src/client/hostClient.ts';
import { type ManagerSettings, SessionManager } from '../../../src/client/sessionManager.ts';
import { isGoingOn, isLive } from '../../../src/core/sessionRecord.ts';
import { defaultSettings } from '../../../src/core/supervisionPolicy.ts';
import { readJson } from '../../../src/node/durableFile.ts';
import { type RepositoryPlaces, repositoryPlaces, sessionPlaces } from '../../../src/node/places.ts';
import { findWorkplace } from '../../../src/node/repository.ts';
import { readToken } from '../../../src/node/token.ts';
import { helperMethods } from '../../../src/protocol/helperRpc.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { findMarked } from '../../support/markedProcesses.ts';
import { git, makeRepository, type RepositoryOptions } from '../../support/repository.ts';
import { tempDirs } from '../../support/tempDirs.ts';
import { currentTestRun } from '../../support/testRun.ts';
import { waitFor } from '../../support/waitFor.ts';
import { dist, machine } from './scene.ts';

/** `folder` is one without git. */
export type ProjectKind = RepositoryOptions | 'folder';

export interface WindowOptions {
  /** What the window is opened on; the project's own folder if left out. */
  folder?: string;
  /** Where the window keeps its session list; a new folder if left out. */
  storage?: string;
  dist?: string;
  settings?: Partial<ManagerSettings>;
}

/** Of a window whose user has set nothing. */
export const quietSettings: ManagerSettings = {
  maxSessions: null,
  worktreesFolder: '.worktrees',
  scrollback: 1000,
  theme: 'dark',
  shell: process.platform === 'win32' ? 'cmd.exe' : '/bin/sh',
  surviveLogout: true,
  supervision: defaultSettings,
};

/** A folder and the windows that are open on it, without VS Code. */
export class Project {
  readonly folder: string;
  readonly #newFolder: (name: string) => Promise<string>;
  readonly #windows: SessionManager[] = [];
  readonly #keys = new Set<string>();

  private constructor(folder: string, newFolder: (name: string) => Promise<string>) {
    this.folder = folder;
    this.#newFolder = newFolder;
  }

  static async make(kind: ProjectKind, newFolder: (name: string) => Promise<string>): Promise<Project> {
    const folder = await newFolder('project');
    if (kind !== 'folder') await makeRepository(folder, kind);
    return new Project(folder, newFolder);
  }

  newFolder(name: string): Promise<string> {
    return this.#newFolder(name);
  }

  git(...args: string[]): Promise<string> {
    return git(this.folder, ...args);
  }

  /** Opens a window, as activation does. */
  async open(options: WindowOptions = {}): Promise<SessionManager> {
    const { folder = this.folder, storage = await this.#newFolder('storage') } = options;
    const workplace = await findWorkplace(folder);
    this.#keys.add(workplace.key);
    const manager = new SessionManager({
      machine,
      workplace,
      folder,
      dist: options.dist ?? dist,
      storage,
      client: { kind: 'test', pid: process.pid, version: '0.0.0' },
      settings: () => ({ ...quietSettings, ...options.settings }),
    });
    this.#windows.push(manager);
    await manager.load();
    await manager.restore();
    return manager;
  }

  /** Everything that sessions of this project are made of, as a person would look for it. */
  async traces(window: SessionManager): Promise<Traces> {
    const { key, kind } = window.options.workplace;
    const isGit = kind === 'git';
    return {
      branches: isGit ? lines(await this.git('branch', '--all', '--format=%(refname)')) : [],
      worktrees: isGit ? lines(await this.git('worktree', 'list')).map((line) => line.replace(/ +/, ' ')) : [],
      folders: await namesIn(path.join(this.folder, '.worktrees')),
      settings: isGit ? await this.git('config', '--local', '--list') : '',
      status: isGit ? await this.git('status', '--porcelain', '--branch') : '',
      sessions: window.list().map(({ name }) => name),
      saved: await savedNames(window),
      hosts: (await hostProcesses(key)).length,
    };
  }

  async dispose(): Promise<void> {
    for (const window of this.#windows.splice(0)) window.dispose();
    for (const key of this.#keys) await endAll(key);
  }
}

export interface Traces {
  branches: string[];
  worktrees: string[];
  folders: string[];
  settings: string;
  status: string;
  sessions: string[];
  saved: string[];
  hosts: number;
}

/** A new project for each test of the surrounding suite. */
export function useProject(kind: ProjectKind = {}): () => Project {
  const dirs = tempDirs();
  let project: Project | undefined;
  beforeEach(async () => {
    project = await Project.make(kind, (name) => dirs.make(name));
  });
  afterEach(async () => {
    await project?.dispose();
    await dirs.remove();
  });
  return () => project as Project;
}

/** The sessions that a window's storage holds, destroyed ones apart. */
export async function savedNames({ options }: SessionManager): Promise<string[]> {
  const text = await readFile(path.join(options.storage, 'sessions.json'), 'utf8').catch(() => '{"sessions":[]}');
  const { sessions } = JSON.parse(text) as { sessions: { name: string; deletedAt?: string }[] };
  return sessions.filter(({ deletedAt }) => deletedAt === undefined).map(({ name }) => name);
}

/** A running session's screen, once it is as wanted. */
export async function screenOf({ options }: SessionManager, { id }: SessionRecord, wanted: RegExp): Promise<string> {
  const { key } = options.workplace;
  const { socket } = sessionPlaces(machine, key, id);
  const token = await readToken(repositoryPlaces(machine, key).stateFolder);
  const host = await HostClient.connect({ socket, token, client: { kind: 'test', pid: process.pid } });
  try {
    const read = async () => (await host.snapshot()).text;
    return await waitFor(read, (text) => wanted.test(text), { what: `${wanted}` });
  } finally {
    host.dispose();
  }
}

/** Process ids of the session hosts of the window's repository. */
export async function hostPids({ options }: SessionManager): Promise<number[]> {
  return hostProcesses(options.workplace.key);
}

export async function helperPid({ options }: SessionManager): Promise<number> {
  const { helperFile } = repositoryPlaces(machine, options.workplace.key);
  return ((await readJson(helperFile)) as { pid: number }).pid;
}

async function hostProcesses(key: string): Promise<number[]> {
  const processes = await findMarked(`HOLDFAST_TEST_RUN=${currentTestRun().id}`);
  const hosts = processes.filter(({ command }) => command.includes('host.cjs') && command.includes(key));
  return hosts.map(({ pid }) => pid);
}

/** Runs `task` with some variables of this process set, or with undefined removed. */
export async function withEnvironment<T>(changes: NodeJS.ProcessEnv, task: () => Promise<T>): Promise<T> {
  const before = Object.fromEntries(Object.keys(changes).map((name) => [name, process.env[name]]));
  setEnvironment(changes);
  try {
    return await task();
  } finally {
    setEnvironment(before);
  }
}

function setEnvironment(values: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

/** A helper that was killed is replaced first, so that its sessions can be ended by asking. */
async function endAll(key: string): Promise<void> {
  const places = repositoryPlaces(machine, key);
  const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
  const helper = await new HelperLauncher({ machine, key, dist, client }).connectOrStart();
  const { records } = await helper.request0(helperMethods.list);
  // One that is to be started again may be so before the helper has ended.
  const running = records.filter((record) => isLive(record) && isGoingOn(record));
  await Promise.all(
    running.map(({ id }) => helper.request(helperMethods.stop, { requestId: `end-${id}`, id, graceMs: 0 })),
  ).catch(async (error) => {
    const log = await readFile(places.helperLog, 'utf8').catch(() => '');
    throw new Error(`A session could not be ended. The helper’s log ends so:\n${lines(log).slice(-20).join('\n')}`, {
      cause: error,
    });
  });
  await helper.shutdown();
  await waitFor(
    () => hostProcesses(key),
    (pids) => pids.length === 0,
    { what: 'the end of all session hosts' },
  );
  await removeSockets(places, await namesIn(places.sessionsFolder));
}

/** A host that was killed leaves its socket. */
async function removeSockets({ key }: RepositoryPlaces, ids: string[]): Promise<void> {
  for (const id of ids) await rm(sessionPlaces(machine, key, id).socket, { force: true });
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}
