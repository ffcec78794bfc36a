import assert from 'node:assert/strict';
import { cp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mock } from 'node:test';
import { HelperClient } from '../../src/client/helperClient.ts';
import { HelperConnection } from '../../src/client/helperConnection.ts';
import { announceSuccessor } from '../../src/client/helperUpgrade.ts';
import { stageRuntime } from '../../src/node/runtimeFolder.ts';
import { signal } from '../support/processes.ts';
import { tempDirs } from '../support/tempDirs.ts';
import { itOnUnix } from '../support/unix.ts';
import { dist, processEnd, type Scene, useScene } from './support/scene.ts';

describe('a client that is newer than the helper', () => {
  const scene = useScene();
  const dirs = tempDirs();
  let older: string;
  let newer: string;
  before(async () => {
    [older, newer] = [await build('0.9.0'), await build('0.10.0')] as [string, string];
  });
  after(() => dirs.remove());
  afterEach(() => endHelper(scene()));

  async function build(version: string): Promise<string> {
    const folder = path.join(await dirs.make('build'), 'dist');
    await cp(dist, folder, { recursive: true });
    await writeFile(path.join(folder, 'version.json'), JSON.stringify({ version }));
    return folder;
  }

  const open = (programs: string) => scene().client(() => [], programs);

  it('replaces it, and the sessions run on', async () => {
    const before = await open(older);
    const session = await scene().start(before, ['cat']);
    const after = await open(newer);
    const { records } = await after.list();
    assert.deepEqual(
      [(await after.status()).version, records.find(({ id }) => id === session.id)?.ptyPid],
      ['0.10.0', session.record.ptyPid],
    );
  });

  it('replaces it also where it only joins one that runs', async () => {
    const before = await open(older);
    await before.status();
    const connection = await scene().launcher({ dist: newer }).tryConnect();
    assert.equal(connection?.version, '0.10.0');
    connection?.dispose();
  });

  itOnUnix('replaces one that does not answer, which ends once it goes on', async () => {
    await (await open(older)).status();
    const former = await scene().helperPid();
    signal(former, 'SIGSTOP');
    const connection = await scene().launcher({ dist: newer, answerDeadline: 600 }).connectOrStart();
    signal(former, 'SIGCONT');
    await processEnd(former);
    assert.deepEqual(
      [connection.version, connection.isOpen, await scene().helperPid()],
      ['0.10.0', true, connection.pid],
    );
    connection.dispose();
  });

  it('takes the older clients along, which leave the newer helper alone', async () => {
    const olderOnes = [await open(older), await open(older)];
    const one = await open(newer);
    olderOnes.push(await open(older));
    const seen: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (const client of [...olderOnes, one]) seen.push(await helperOf(client));
    }
    assert.deepEqual(new Set(seen), new Set([await helperOf(one)]));
    assert.match(await helperOf(one), /^0\.10\.0 /);
  });

  it('replaces it together with any number of others', async () => {
    await (await open(older)).status();
    const clients = await Promise.all(Array.from({ length: 6 }, () => open(newer)));
    const seen = await Promise.all(clients.map(helperOf));
    assert.deepEqual(new Set(seen), new Set([`0.10.0 ${await scene().helperPid()}`]));
  });

  it('is not outrun by an older client that starts a helper in the middle of it', async () => {
    const client = await open(older);
    await client.status();
    const next = await stageRuntime(newer, scene().places.stateFolder);
    await announceSuccessor(scene().places.helperFile, next);
    await endHelper(scene());
    assert.equal((await client.status()).version, '0.10.0');
  });

  it('leaves nothing that would keep a user from going back to the older version', async () => {
    (await open(newer)).dispose();
    await endHelper(scene());
    assert.equal((await (await open(older)).status()).version, '0.9.0');
  });

  it('keeps it where the newer one cannot be set up', async () => {
    const client = await open(older);
    const broken = await build('0.11.0');
    await rm(path.join(broken, 'host.cjs'));
    const { pid } = await client.status();
    assert.deepEqual([(await (await open(broken)).status()).pid, (await client.status()).pid], [pid, pid]);
  });
});

describe('a helper that ends while a client connects to it', () => {
  const scene = useScene();
  afterEach(() => mock.restoreAll());

  it('counts as told to end', async () => {
    await (await scene().client()).status();
    const { helperSocket: socket } = scene().places;
    const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
    const connection = await HelperConnection.connect({ socket, token: scene().token, client });
    const closed = new Promise<void>((resolve) => connection.onClose(resolve));
    await endHelper(scene());
    await closed;
    await connection.shutdown();
    assert.equal(connection.isOpen, false);
  });

  for (const [what, method] of [
    ['connects', 'connectOrStart'],
    ['joins it', 'tryConnect'],
  ] as const) {
    it(`is followed by the next one for a client that ${what}`, async () => {
      const former = (await (await scene().client()).status()).pid;
      const launcher = scene().launcher();
      const reach = launcher[method].bind(launcher);
      const reachEnding = async () => {
        const connection = await reach();
        await endHelper(scene());
        return connection as HelperConnection;
      };
      mock.method(launcher, method, reachEnding, { times: 1 });
      const client = scene().own(new HelperClient({ launcher, replica: () => [] }));
      await (method === 'tryConnect' ? client.join() : client.connect());
      assert.notEqual((await client.status()).pid, former);
    });
  }
});

describe('a helper whose own folder was removed', () => {
  const scene = useScene();

  it('hands over to the next one, which starts the session', async () => {
    const client = await scene().client();
    const running = await scene().start(client, ['cat']);
    const before = await client.status();
    await rm(path.join(scene().places.stateFolder, 'runtime'), { recursive: true });
    const session = await scene().start(client, ['cat']);
    const { records } = await client.list();
    assert.deepEqual(
      {
        isNew: (await client.status()).pid !== before.pid,
        started: session.record.status,
        untouched: records.find(({ id }) => id === running.id)?.ptyPid,
      },
      { isNew: true, started: 'active', untouched: running.record.ptyPid },
    );
  });
});

async function helperOf(client: HelperClient): Promise<string> {
  const { version, pid } = await client.status();
  return `${version} ${pid}`;
}

async function endHelper(scene: Scene): Promise<void> {
  const pid = await scene.helperPid();
  signal(pid, 'SIGTERM');
  await processEnd(pid);
}
