import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { registerStorage } from '../../src/client/windowStorages.ts';
import { sealed } from '../../src/core/checksum.ts';
import { repositoryPlaces } from '../../src/node/places.ts';
import { signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { runCli } from './support/cli.ts';
import { helperPid, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

describeOnUnix('holdfast, where the state folder has lost something,', () => {
  const project = useProject();
  let window: SessionManager;
  let helper: number;
  beforeEach(async () => {
    window = await project().open();
    const { id } = (await window.create({ name: 'login', command: ['cat'] })).record;
    await window.stop(id);
    helper = await helperPid(window);
    await registerStorage(places(), window.options.storage);
  });

  const places = () => repositoryPlaces(machine, window.options.workplace.key);
  const run = (...args: string[]) => runCli(project().folder, ...args);
  const loseSessions = async () => {
    window.dispose();
    await signal(helper, 'SIGKILL');
    await processEnd(helper);
    await rm(places().sessionsFolder, { recursive: true });
  };

  it('knows the sessions of a window’s list', async () => {
    await loseSessions();
    const [planned, listed] = [await run('backups', 'list'), await run('ls', '--json')];
    assert.deepEqual(
      [
        planned.code,
        JSON.parse(listed.stdout).map(({ name, status }: { name: string; status: string }) => [name, status]),
      ],
      [0, [['login', 'cancelled']]],
    );
  });

  it('does not believe a list that is older than what the helper remembers', async () => {
    await loseSessions();
    const list = path.join(window.options.storage, 'sessions.json');
    const fields = JSON.parse(await readFile(list, 'utf8'));
    const savedAt = new Date(Date.now() - 31 * 24 * 3_600_000).toISOString();
    await writeFile(list, JSON.stringify(sealed({ ...fields, savedAt, sha256: '' })));
    await rm(path.join(window.options.storage, 'sessions.previous.json'), { force: true });
    assert.deepEqual(JSON.parse((await run('ls', '--json')).stdout), []);
  });

  it('asks the next helper where the one that runs does not answer', async () => {
    await signal(helper, 'SIGSTOP');
    try {
      const { code, stdout } = await run('ls', '--json');
      const names = JSON.parse(stdout).map(({ name }: { name: string }) => name);
      assert.deepEqual([code, names, (await helperPid(window)) === helper], [0, ['login'], false]);
    } finally {
      await signal(helper, 'SIGCONT');
    }
    await processEnd(helper);
  });
});
