import assert from 'node:assert/strict';
import path from 'node:path';
import { HelperClient } from '../../src/client/helperClient.ts';
import { HelperConnection } from '../../src/client/helperConnection.ts';
import { HostClient } from '../../src/client/hostClient.ts';
import { startBackground } from '../../src/node/backgroundProcess.ts';
import { readJson } from '../../src/node/durableFile.ts';
import type { SessionPlaces } from '../../src/node/places.ts';
import { helperMethods } from '../../src/protocol/helperRpc.ts';
import { signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { dist, isRunningProcess, processEnd, program, readHostFile, type Scene, useScene } from './support/scene.ts';
import { SilentHelper } from './support/silentHelper.ts';
import { TestTerminal } from './support/terminal.ts';

/** How long the clients of these tests wait for an answer; milliseconds. */
const answerDeadline = 600;

describeOnUnix('a helper that lives but does not answer', () => {
  const scene = useScene();
  let stopped: number | undefined;
  afterEach(async () => {
    if (stopped === undefined) return;
    signal(stopped, 'SIGCONT');
    await processEnd(stopped);
    stopped = undefined;
  });

  /** Stops the helper that runs, which afterwards goes on. */
  async function stopHelper(): Promise<number> {
    stopped = await scene().helperPid();
    signal(stopped, 'SIGSTOP');
    return stopped;
  }

  it('is replaced without being killed; what it has acknowledged stays, and its sessions run on', async () => {
    const client = await connect(scene());
    const session = await scene().start(client, ['cat']);
    const { name } = await client.update(session.record, () => ({ name: 'acknowledged' }));
    const former = await stopHelper();
    const { records } = await client.list();
    const found = records.find(({ id }) => id === session.id);
    assert.deepEqual(
      {
        isNew: (await scene().helperPid()) !== former,
        formerLives: await isRunningProcess(former),
        record: [found?.name, found?.ptyPid, found?.status],
      },
      { isNew: true, formerLives: true, record: [name, session.record.ptyPid, 'active'] },
    );
  });

  it('is refused by the hosts once its successor has adopted them', async () => {
    const client = await connect(scene());
    const { places } = await scene().start(client, ['cat']);
    const before = await waitForEpoch(places);
    await stopHelper();
    await client.list();
    const after = await waitForEpoch(places, before);
    const { socket } = places;
    const hello = { socket, token: scene().token, client: { kind: 'helper' as const, pid: process.pid } };
    const { code } = await HostClient.connect({ ...hello, epoch: before }).catch((error) => error);
    assert.deepEqual([after, code], [await epochOf(scene()), 'STALE_EPOCH']);
  });

  it('is replaced while a terminal goes on as if nothing had happened', async () => {
    const client = await connect(scene());
    const session = await scene().start(client, program('numberedLines', '20000'));
    const terminal = await TestTerminal.open(scene(), session);
    await terminal.sees('line 0000100');
    await stopHelper();
    await client.list();
    await terminal.sees('all printed');
    assert.equal([...terminal.text.matchAll(/line \d{7}\r\n/g)].length, 20_000);
  });

  it('is replaced for a client that only joins one that runs', async () => {
    await connect(scene());
    const former = await stopHelper();
    const connection = await scene().launcher({ answerDeadline }).tryConnect();
    assert.deepEqual([connection?.isOpen, connection?.pid === former], [true, false]);
    connection?.dispose();
  });

  it('is replaced by one helper, however many clients find it so', async () => {
    await connect(scene());
    const before = await epochOf(scene());
    await stopHelper();
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(scene())));
    const pids = await Promise.all(clients.map(async (client) => (await client.status()).pid));
    assert.deepEqual(
      { pids: new Set(pids), epoch: await epochOf(scene()) },
      { pids: new Set([await scene().helperPid()]), epoch: before + 1 },
    );
  });

  it('does nothing more of what it was asked before, once it goes on, but ends', async () => {
    const client = await connect(scene());
    const session = await scene().start(client, ['cat']);
    const patient = await connectPatiently(scene());
    const former = await stopHelper();
    const { id, record } = session;
    const change = { requestId: 'late', id, baseRevision: record.revision, changes: { name: 'too late' } };
    const asked = [
      patient.request(helperMethods.update, change),
      patient.request(helperMethods.stop, { requestId: 'stop', id, graceMs: 0 }),
    ];
    const answers = Promise.all(asked.map((answer) => answer.catch((error) => error.code)));
    await client.update(record, () => ({ name: 'in time' }));
    const written = await readJson(scene().places.helperFile);
    signal(former, 'SIGCONT');
    await processEnd(former);
    const after = (await client.list()).records.find((found) => found.id === id);
    assert.deepEqual(
      {
        answers: await answers,
        session: [after?.name, after?.status, after?.ptyPid],
        helper: await readJson(scene().places.helperFile),
      },
      {
        answers: ['CONNECTION_LOST', 'CONNECTION_LOST'],
        session: ['in time', 'active', record.ptyPid],
        helper: written,
      },
    );
  });

  it('ends once it goes on also where its successor is gone by then', async () => {
    const client = await connect(scene());
    const former = await stopHelper();
    await client.list();
    const successor = await scene().helperPid();
    client.dispose();
    signal(successor, 'SIGKILL');
    await processEnd(successor);
    signal(former, 'SIGCONT');
    await processEnd(former);
    assert.notEqual((await (await connect(scene())).status()).pid, former);
  });
});

describeOnUnix('a helper whose greeting is late', () => {
  const scene = useScene();
  let helper: SilentHelper;
  afterEach(() => helper.end());

  const late: [what: string, answer: (greeting: number) => number | undefined, greetings: number][] = [
    ['but comes within the deadline', () => answerDeadline / 2, 1],
    ['once, but not a second time', (greeting) => (greeting === 1 ? undefined : 0), 2],
  ];
  for (const [what, answer, greetings] of late) {
    it(`${what} is not replaced`, async () => {
      helper = await SilentHelper.start(scene(), answer);
      const connection = await scene().launcher({ answerDeadline }).connectOrStart();
      assert.deepEqual([connection.pid, await helper.isOwner(), helper.greetings], [process.pid, true, greetings]);
      connection.dispose();
    });
  }

  it('is not replaced where it answers whoever is to replace it', async () => {
    // Two greetings of the client, one of the successor, and then the client's next.
    helper = await SilentHelper.start(scene(), (greeting) => (greeting <= 2 ? undefined : 0));
    const connection = await scene().launcher({ answerDeadline }).connectOrStart();
    assert.deepEqual([connection.pid, await helper.isOwner(), helper.greetings], [process.pid, true, 4]);
    connection.dispose();
  });

  it('is not replaced by a successor that was sent for an earlier one', async () => {
    helper = await SilentHelper.start(scene());
    const { report } = await startBackground({
      script: path.join(dist, 'helper.cjs'),
      args: [scene().key, 'nonce-of-an-earlier-one'],
      logFile: scene().places.helperLog,
      deadline: 10_000,
      errorCode: 'HELPER_START_FAILED',
    });
    assert.deepEqual([report, await helper.isOwner(), helper.greetings], [{ ready: false }, true, 0]);
  });

  it('and never comes is replaced', async () => {
    helper = await SilentHelper.start(scene());
    const connection = await scene().launcher({ answerDeadline }).connectOrStart();
    assert.deepEqual([connection.pid, await helper.isOwner()], [await scene().helperPid(), false]);
    connection.dispose();
  });
});

async function connect(scene: Scene): Promise<HelperClient> {
  const launcher = scene.launcher({ answerDeadline });
  const client = scene.own(new HelperClient({ launcher, replica: () => [] }));
  await client.connect();
  return client;
}

/** A connection that waits for its helper for as long as a test may take. */
async function connectPatiently(scene: Scene): Promise<HelperConnection> {
  const { helperSocket: socket } = scene.places;
  const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
  return scene.own(await HelperConnection.connect({ socket, token: scene.token, client, answerDeadline: 60_000 }));
}

/** The epoch that a host has noted, once it is another one than `former`. */
async function waitForEpoch(places: SessionPlaces, former?: number): Promise<number> {
  const read = async () => (await readHostFile(places))?.epoch;
  const epoch = await waitFor(read, (found) => found !== undefined && found !== former, { what: 'the host’s epoch' });
  return epoch as number;
}

async function epochOf({ places }: Scene): Promise<number> {
  return ((await readJson(places.helperFile)) as { epoch: number }).epoch;
}
