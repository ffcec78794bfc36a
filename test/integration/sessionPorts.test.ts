import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { stateFolder } from '../../src/node/places.ts';
import { findPorts } from '../../src/node/portLeases.ts';
import { signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { hostPids, useProject } from './support/project.ts';
import { machine } from './support/scene.ts';

describeOnUnix('the ports of sessions', () => {
  const project = useProject();
  let window: SessionManager;
  let folder: string;
  beforeEach(async () => {
    window = await project().open();
    folder = await project().newFolder('told');
  });

  /** A session that writes down which port it was told. */
  const create = async (name: string) => {
    const command = ['sh', '-c', `printf '%s.' "$HOLDFAST_PORT" > '${path.join(folder, name)}'; exec cat`];
    const policy = { retry: 'onCrash' as const, retryDelay: 0.1, maxRetryDelay: 0.1 };
    return (await window.create({ name, command, policy })).record;
  };
  const told = (name: string) =>
    waitFor(
      () => readFile(path.join(folder, name), 'utf8').catch(() => ''),
      (text) => text.endsWith('.'),
      { what: `the port of ${name}` },
    );
  const leased = async (id: string) => `${await findPorts(stateFolder(machine), id)}.`;

  it('are told to their programs, and are no two sessions’', async () => {
    const [one, other] = [await create('one'), await create('other')];
    const ports = [await told('one'), await told('other')];
    assert.deepEqual(ports, [await leased(one.id), await leased(other.id)]);
    assert.deepEqual(ports, [`${one.port}.`, `${other.port}.`]);
    assert.notEqual(ports[0], ports[1]);
  });

  it('stay the same when one is restarted, and when it is started again after a crash', async () => {
    const { id } = await create('one');
    const before = await told('one');
    await rm(path.join(folder, 'one'));
    await window.restart(id);
    const restarted = await told('one');
    await rm(path.join(folder, 'one'));
    for (const pid of await hostPids(window)) signal(pid, 'SIGKILL');
    const again = await told('one');
    // Its program may be quicker than the record.
    await waitFor(
      () => window.get(id),
      (record) => record?.status === 'active' && record.attempts === 1,
      { what: 'the session to run again' },
    );
    assert.deepEqual([restarted, again], [before, before]);
  });

  it('are kept while it is stopped, and released once it is destroyed', async () => {
    const { id } = await create('one');
    const port = await told('one');
    await window.stop(id);
    const stopped = await leased(id);
    await window.destroy(id);
    assert.deepEqual([stopped, await leased(id)], [port, 'undefined.']);
  });
});
