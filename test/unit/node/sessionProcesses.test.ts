import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startBackground } from '../../../src/node/backgroundProcess.ts';
import { countOpenFiles } from '../../../src/node/openFiles.ts';
import { isOwnProgram } from '../../../src/node/ownProgram.ts';
import { processTable } from '../../../src/node/processIdentity.ts';
import { findAllSessionProcesses, findSessionProcesses } from '../../../src/node/sessionProcesses.ts';
import { endGroup, signal } from '../../support/processes.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';

const isLinux = process.platform === 'linux';

describe('what a session has left', () => {
  const id = randomUUID();
  const dirs = useTempDirs();
  const children: ChildProcess[] = [];
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => endGroup(child)));
    for (const { pid } of (await findSessionProcesses(id)) ?? []) signal(pid, 'SIGKILL');
  });

  it('is not known where the system does not show it', async () => {
    if (!isLinux) assert.equal(await findSessionProcesses(id), undefined);
  });

  it('is nothing where nothing runs', async () => {
    if (isLinux) assert.deepEqual(await findSessionProcesses(id), []);
  });

  it('is each of its processes, also one that no parent leads to', async () => {
    if (!isLinux) return;
    const child = start(['sh', '-c', '(setsid sleep 601 &); exec cat'], { HOLDFAST_SESSION_ID: id });
    const found = await waitFor(
      async () => (await findSessionProcesses(id)) ?? [],
      (seen) =>
        seen
          .map(({ command }) => command.join(' '))
          .sort()
          .join() === 'cat,sleep 601',
    );
    const daemon = found.find(({ command }) => command[0] === 'sleep');
    assert.equal(daemon?.startTime, await processTable().startTime(daemon?.pid ?? 0));
    signal(daemon?.pid ?? 0, 'SIGKILL');
    await waitFor(async () => (await findSessionProcesses(id))?.length === 1, Boolean);
    assert.equal((await findSessionProcesses(id))?.[0]?.pid, child.pid);
  });

  it('is not a process of another session, nor one that has the id elsewhere', async () => {
    if (!isLinux) return;
    start(['cat'], { HOLDFAST_SESSION_ID: `${id}-2`, OLD_HOLDFAST_SESSION_ID: id, X: `HOLDFAST_SESSION_ID=${id}` });
    start(['sh', '-c', 'read line', `HOLDFAST_SESSION_ID=${id}`], {});
    assert.deepEqual(await findSessionProcesses(id), []);
  });

  it('is found for all sessions at once', async () => {
    if (!isLinux) return;
    const ids = [id, randomUUID()];
    const own = ids.map((one, index) => start(['cat'], { ...(index ? { X: 'y' } : {}), HOLDFAST_SESSION_ID: one }));
    start(['cat'], { HOLDFAST_SESSION_NAME: id });
    const found = await findAllSessionProcesses();
    assert.deepEqual(
      ids.map((one) => found?.get(one)?.map(({ pid }) => pid)),
      own.map(({ pid }) => [pid]),
    );
  });

  it('is not one of Holdfast’s own programs, though it was started there', async () => {
    const folder = await dirs.make();
    const script = path.join(folder, 'helper.cjs');
    await writeFile(script, 'console.log(JSON.stringify(Object.keys(process.env)))');
    process.env.HOLDFAST_SESSION_ID = id;
    process.env.HOLDFAST_SESSION_NAME = 'one';
    try {
      const logFile = path.join(folder, 'log');
      const { report } = await startBackground({
        script,
        args: [],
        logFile,
        deadline: 10_000,
        errorCode: 'HELPER_START_FAILED',
      });
      const names = report as string[];
      assert.deepEqual(
        names.filter((name) => name.startsWith('HOLDFAST_SESSION')),
        [],
      );
    } finally {
      delete process.env.HOLDFAST_SESSION_ID;
      delete process.env.HOLDFAST_SESSION_NAME;
    }
  });

  it('leaves out a helper that has the id nevertheless', async () => {
    if (!isLinux) return;
    const folder = await runtimeFolder();
    const script = path.join(folder, 'helper.cjs');
    await writeFile(script, 'process.stdin.resume()');
    const helper = start([process.execPath, script], { HOLDFAST_SESSION_ID: id });
    await waitFor(() => isOwnProgram({ pid: helper.pid as number }));
    assert.deepEqual(await findSessionProcesses(id), []);
  });

  it('tells a helper and a host from all others', async () => {
    if (!isLinux) return;
    const [folder, users] = [await runtimeFolder(), await dirs.make()];
    const own = ['helper.cjs', 'host.cjs', 'other.cjs'].map((name) => path.join(folder, name));
    const scripts = [...own, path.join(users, 'helper.cjs')];
    for (const script of scripts) await writeFile(script, 'process.stdin.resume()');
    const pids = scripts.map((script) => start([process.execPath, '--no-warnings', script, 'key'], {}).pid as number);
    await waitFor(() => pids.map((pid) => isOwnProgram({ pid })).join() === 'true,true,false,false');
    assert.equal(isOwnProgram({ pid: process.pid }), false);
  });

  for (const [command, isOwn] of [
    [
      '/usr/bin/node --v8-pool-size=1 /Users/a b/Library/Application Support/holdfast/runtime/0.1.0-1a/helper.cjs key',
      true,
    ],
    ['"C:\\node.exe" "C:\\Users\\a\\AppData\\Local\\holdfast\\runtime\\0.1.0-1a\\host.cjs" key', true],
    ['node /repo/dist/host.cjs', false],
    ['node /repo/runtime/1/host.cjs.map', false],
  ] as const) {
    it(`is ${isOwn ? '' : 'not '}told to be one of them by the command line ${command}`, () => {
      assert.equal(isOwnProgram({ pid: process.pid, command }), isOwn);
    });
  }

  async function runtimeFolder(): Promise<string> {
    const folder = path.join(await dirs.make(), 'runtime', '0.1.0-1a');
    await mkdir(folder, { recursive: true });
    return folder;
  }

  function start([file = '', ...args]: string[], env: Record<string, string>): ChildProcess {
    const options = { detached: true, stdio: ['pipe', 'ignore', 'ignore'] as ['pipe', 'ignore', 'ignore'] };
    const child = spawn(file, args, { ...options, env: { PATH: process.env.PATH, ...env } });
    children.push(child);
    return child;
  }
});

describe('open files', () => {
  const children: ChildProcess[] = [];
  afterEach(() => Promise.all(children.splice(0).map((child) => endGroup(child))));

  it('are counted over several processes, of which those that have ended have none', async () => {
    if (!isLinux) return;
    const child = start('echo; read go; exec 7</dev/null 8</dev/null; echo; read end');
    const count = async () => {
      await once(child.stdout as NodeJS.ReadableStream, 'data');
      return (await countOpenFiles([child.pid as number, child.pid as number, 2 ** 22 + 1])) ?? 0;
    };
    const before = await count();
    child.stdin?.write('go\n');
    assert.deepEqual([before > 0, (await count()) - before], [true, 4]);
  });

  it('are not known of what may not be looked at', async () => {
    const hidden = isLinux && process.getuid?.() !== 0 ? 1 : undefined;
    if (hidden !== undefined) assert.equal(await countOpenFiles([process.pid, hidden]), undefined);
    if (!isLinux) assert.equal(await countOpenFiles([process.pid]), undefined);
  });

  function start(script: string): ChildProcess {
    const child = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
    children.push(child);
    return child;
  }
});
