import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type IPty, spawn } from 'node-pty';
import { vscodeServerMain } from '../support/codeServer.ts';
import { cleanEnvironment } from '../support/environment.ts';
import { findMarked } from '../support/markedProcesses.ts';
import { cacheDir, projectNode, repositoryRoot } from '../support/paths.ts';
import { pins } from '../support/pins.ts';
import { makeRepository } from '../support/repository.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { currentTestRun } from '../support/testRun.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';

const startScript = join(repositoryRoot, 'test', 'support', 'start.mjs');
const farewell = 'The editor has ended. Sessions that were running keep running.';

describeOnUnix('npm start', () => {
  const temp = useTempDirs();
  let newcomer: Newcomer;
  let started: Started;

  before(async function () {
    this.timeout(10 * 60_000);
    await vscodeServerMain();
  });

  beforeEach(async () => {
    newcomer = await makeNewcomer(await temp.make('start'));
  });

  afterEach(() => started.end());

  it('opens a demo repository in the browser until Ctrl+C, and then says how to see the sessions', async () => {
    started = new Started([], newcomer.env);
    const url = await started.address();
    const { status } = await fetch(url);
    const demo = new URL(url).searchParams.get('folder');
    await waitFor(() => existsSync(newcomer.opened), Boolean, { what: 'the browser' });
    started.type('\x03');
    const code = await started.exit;
    const seen = {
      end: [code, started.output.includes(farewell)],
      page: [status, await readFile(newcomer.opened, 'utf8')],
      sessions: await inShell(started.advice(), newcomer.env),
      left: await serversLeft(),
    };
    assert.deepEqual(seen, { end: [0, true], page: [200, url], sessions: `No sessions in ${demo}.\n`, left: [] });
  });

  it('opens the folder it is given, and ends the editor when it alone is sent SIGINT', async () => {
    const repository = await makeRepository(join(newcomer.home, 'my repository'));
    started = new Started([repository], newcomer.env);
    const asked = new URL(await started.address()).searchParams.get('folder');
    started.signal('SIGINT');
    const code = await started.exit;
    const sessions = await inShell(started.advice(), newcomer.env);
    const seen = { asked, code, sessions, left: await serversLeft() };
    assert.deepEqual(seen, { asked: repository, code: 0, sessions: `No sessions in ${repository}.\n`, left: [] });
  });

  it('leaves no editor behind when it alone is sent SIGTERM before that is there', async () => {
    started = new Started([], newcomer.env);
    await waitFor(serversLeft, ({ length }) => length > 0, { what: 'the server to start' });
    started.signal('SIGTERM');
    const code = await started.exit;
    assert.deepEqual({ code, left: await serversLeft() }, { code: 0, left: [] });
  });
});

/** Somebody with an empty home, a downloaded editor, no desktop `code`, and a browser that notes what it is to show. */
interface Newcomer {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** The file that holds the address which the browser was given. */
  readonly opened: string;
}

async function makeNewcomer(home: string): Promise<Newcomer> {
  const [bin, cache, tmp] = [join(home, 'bin'), join(home, 'cache'), join(home, 'tmp')];
  for (const folder of [bin, cache, tmp]) await mkdir(folder);
  const server = `code-server-${pins.codeServer}`;
  await symlink(join(cacheDir(), server), join(cache, server));
  const opened = join(home, 'opened');
  const browser = `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`;
  for (const name of ['open', 'xdg-open']) await writeFile(join(bin, name), browser, { mode: 0o755 });
  const path = [bin, dirname(projectNode), process.env.PATH].join(delimiter);
  const own = { HOME: home, TMPDIR: tmp, PATH: path, DISPLAY: ':0' };
  return { home, opened, env: { ...cleanEnvironment(), ...own, HOLDFAST_CACHE_DIR: cache, HOLDFAST_EDITOR: 'server' } };
}

/** What `npm start` runs, on a terminal of its own. */
class Started {
  readonly #pty: IPty;
  readonly exit: Promise<number>;
  #output = '';
  #hasExited = false;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#pty = spawn(projectNode, [startScript, ...args], { cwd: repositoryRoot, env });
    this.#pty.onData((text) => {
      this.#output += text;
    });
    this.exit = new Promise((resolve) =>
      this.#pty.onExit(({ exitCode }) => {
        this.#hasExited = true;
        resolve(exitCode);
      }),
    );
  }

  get output(): string {
    return this.#output;
  }

  /** The address of the editor, once that can be used. */
  async address(): Promise<string> {
    const output = await waitFor(
      () => this.#output,
      (text) => text.includes('Ctrl+C ends it.'),
      { timeout: 40_000 },
    );
    return /^ {2}(http:\S+)/m.exec(output)?.[1] ?? '';
  }

  /** The command that is said to show the sessions. */
  advice(): string {
    return /^ {2}(cd .+ ls)\s*$/m.exec(this.#output)?.[1] ?? '';
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  /** Signals this process and none of its children. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.#pty.pid, name);
  }

  async end(): Promise<void> {
    if (!this.#hasExited) this.signal('SIGTERM');
    await this.exit;
  }
}

async function inShell(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { cwd: '/', env });
  return stdout;
}

async function serversLeft(): Promise<string[]> {
  const processes = await findMarked(`HOLDFAST_TEST_RUN=${currentTestRun().id}`);
  return processes.map(({ command }) => command).filter((command) => command.includes('server-main'));
}
