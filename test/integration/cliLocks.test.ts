import assert from 'node:assert/strict';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { registerStorage, storageLocks } from '../../src/client/windowStorages.ts';
import { creationLockFile } from '../../src/node/creationLocks.ts';
import { tryLock } from '../../src/node/lockFile.ts';
import { type RepositoryPlaces, repositoryPlaces, sessionPlaces } from '../../src/node/places.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { CliTerminal, runCli } from './support/cli.ts';
import { helperPid, hostPids, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

interface PrintedLock {
  kind: string;
  state: string;
  file: string;
  since: string;
  owner: { pid: number; host: string } | null;
  session: { id: string; name: string | null } | null;
}

describeOnUnix('holdfast locks', () => {
  const project = useProject();

  /** Of this repository alone: other tests' processes run from the same copy of the programs. */
  async function ownLocks(): Promise<PrintedLock[]> {
    const { stdout } = await runCli(project().folder, 'locks', '--json');
    return (JSON.parse(stdout) as PrintedLock[]).filter(({ kind }) => kind !== 'runtime');
  }

  async function places(): Promise<RepositoryPlaces> {
    return repositoryPlaces(machine, (await findWorkplace(project().folder)).key);
  }

  async function killHelper(window: SessionManager): Promise<number> {
    const pid = await helperPid(window);
    window.dispose();
    process.kill(pid, 'SIGKILL');
    await processEnd(pid);
    return pid;
  }

  it('lists who holds the helper’s lock and each host’s, and of which session', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'one' });
    const [hostPid] = await hostPids(window);
    const locks = await ownLocks();
    assert.deepEqual(
      locks.map(({ kind, state, owner, session, file }) => ({ kind, state, pid: owner?.pid, session, file })),
      [
        {
          kind: 'helper',
          state: 'held',
          pid: await helperPid(window),
          session: null,
          file: (await places()).helperLock,
        },
        {
          kind: 'host',
          state: 'held',
          pid: hostPid,
          session: { id: record.id, name: 'one' },
          file: sessionPlaces(machine, window.options.workplace.key, record.id).hostLock,
        },
      ],
    );
  });

  it('lists who writes to a window’s storage, and to its journal', async () => {
    const storage = await project().newFolder('storage');
    await registerStorage(await places(), storage);
    const files = storageLocks(storage);
    const attempts = await Promise.all(files.map((file) => tryLock(file)));
    const locks = await ownLocks();
    for (const attempt of attempts) if ('lock' in attempt) await attempt.lock.release();
    assert.deepEqual(
      locks.map(({ kind, state, owner, file }) => [kind, state, owner?.pid, file]),
      files.map((file) => ['storage', 'held', process.pid, file]),
    );
  });

  it('lists the processes that run from copies of the programs', async () => {
    const window = await project().open();
    await window.create({ name: 'one' });
    const { stdout } = await runCli(project().folder, 'locks', '--json');
    const pids = [await helperPid(window), ...(await hostPids(window))];
    const uses = (JSON.parse(stdout) as PrintedLock[]).filter(({ owner }) => owner && pids.includes(owner.pid));
    assert.deepEqual(
      uses
        .filter(({ kind }) => kind === 'runtime')
        .map(({ state, owner }) => [state, owner?.pid])
        .sort(),
      pids.map((pid) => ['held', pid]).sort(),
    );
  });

  it('tells that the lock of a killed helper is stale, starts none, and changes nothing', async () => {
    const window = await project().open();
    await window.create({ name: 'one' });
    const pid = await killHelper(window);
    const { folder } = await places();
    const before = await listing(folder);
    const [helper] = await ownLocks();
    assert.deepEqual([helper?.state, helper?.owner?.pid], ['stale', pid]);
    assert.deepEqual(await listing(folder), before);
  });

  it('tells that nothing is known of an owner on another machine', async () => {
    const { folder } = await places();
    const owner = { pid: 4711, startTime: '1', bootId: 'other', host: 'elsewhere.invalid', nonce: 'n'.repeat(36) };
    await mkdir(folder, { recursive: true });
    await writeFile(creationLockFile(folder, 'some-id'), JSON.stringify(owner));
    const [{ kind, state, owner: shown, session } = {} as PrintedLock] = await ownLocks();
    assert.deepEqual(
      { kind, state, shown, session },
      {
        kind: 'creation',
        state: 'unknown',
        shown: { pid: 4711, host: 'elsewhere.invalid' },
        session: { id: 'some-id', name: null },
      },
    );
  });

  it('prints a table with a line for each lock', async () => {
    const window = await project().open();
    await window.create({ name: 'one' });
    const { stdout } = await runCli(project().folder, 'locks');
    const [heading = '', ...lines] = stdout.trimEnd().split('\n');
    assert.match(heading, /^KIND +STATE +SESSION +PID +HOST +AGE +FILE$/);
    assert.match(
      lines.find((line) => line.startsWith('helper')) ?? '',
      /^helper +held +- +\d+ +\S+ +now +\S+helper\.lock$/,
    );
    assert.match(
      lines.find((line) => line.startsWith('host')) ?? '',
      /^host +held +one +\d+ +\S+ +now +\S+host\.lock$/,
    );
  });

  it('keeps each lock on one line of a narrow terminal', async () => {
    const window = await project().open();
    await window.create({ name: 'one' });
    const terminal = new CliTerminal(project().folder, ['locks'], { cols: 40, before: 'export NO_COLOR=1' });
    await terminal.exit();
    const lines = terminal.output.trim().split('\r\n');
    assert.deepEqual(
      lines.filter((line) => line.length > 40),
      [],
    );
  });
});

/** Every file below a folder with the time it was last written, sockets and logs of running hosts apart. */
/** What a host writes of its own accord is not among it. */
async function listing(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => !/^sessions|\.log/.test(name));
  const times = await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).mtimeMs));
  return names.map((name, index) => `${name} ${times[index]}`).sort();
}
