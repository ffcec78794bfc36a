import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { HelperClient } from '../../src/client/helperClient.ts';
import { HostClient } from '../../src/client/hostClient.ts';
import { startBackground } from '../../src/node/backgroundProcess.ts';
import { writeJson } from '../../src/node/durableFile.ts';
import { readLock } from '../../src/node/lockOwner.ts';
import { identify } from '../../src/node/processIdentity.ts';
import { readToken } from '../../src/node/token.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { findMarked } from '../support/markedProcesses.ts';
import { signal } from '../support/processes.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { currentTestRun } from '../support/testRun.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { dist, processEnd, Scene, type TestSession } from './support/scene.ts';
import { TestTerminal } from './support/terminal.ts';

describeOnUnix('when the state folder is deleted while a session runs', () => {
  const running = useRunningSession(200, filesOf);

  it('all that tells of it and of the helper is written again', async () => {
    const { scene, session } = running();
    const pids = [await scene.helperPid(), await hostPid(running())];
    await deleteState(scene);
    await filesOf(running());
    const owners = [await readLock(scene.places.helperLock), await readLock(session.places.hostLock)];
    assert.deepEqual(
      { token: await readToken(scene.places.stateFolder), owners: owners.map((owner) => owner?.pid) },
      { token: scene.token, owners: pids },
    );
  });

  it('a new client sees it run in the same process, and it can be typed to', async () => {
    await deleteState(running().scene);
    await filesOf(running());
    assert.deepEqual(await look(running()), asBefore(running()));
  });

  it('a client that comes first, and so makes another token, is served as well', async () => {
    const { scene } = running();
    const pid = await scene.helperPid();
    signal(pid, 'SIGSTOP');
    await deleteState(scene);
    const token = await readToken(scene.places.stateFolder);
    signal(pid, 'SIGCONT');
    const seen = await look(running());
    await filesOf(running());
    const kept = await readToken(scene.places.stateFolder);
    assert.deepEqual(
      { seen, helper: await scene.helperPid(), isOther: token !== scene.token, kept },
      { seen: asBefore(running()), helper: pid, isOther: true, kept: token },
    );
  });

  it('together with the helper, the next one adopts it', async () => {
    const { scene, client } = running();
    await killHelper(scene, () => deleteState(scene));
    await client.list();
    await filesOf(running());
    assert.deepEqual(await look(running()), asBefore(running()));
  });

  it('and its socket too, it is adopted once its host has made both again', async () => {
    const { scene, client, session } = running();
    const host = await hostPid(running());
    signal(host, 'SIGSTOP');
    await killHelper(scene, () => deleteState(scene));
    await rm(session.places.socket);
    const find = async () => (await client.list()).records.find(({ id }) => id === session.id);
    const during = await find();
    signal(host, 'SIGCONT');
    await filesOf(running());
    const after = await waitFor(find, (record) => record?.status === 'active');
    assert.deepEqual([during?.status, after?.ptyPid], ['idle', session.record.ptyPid]);
  });

  it('the next helper knows also a session that never ran', async () => {
    const { scene, client } = running();
    const { id } = await client.create(scene.record(), null);
    await deleteState(scene);
    await waitFor(() => [scene.session(id).record, scene.places.helperFile].every((file) => existsSync(file)));
    await killHelper(scene);
    const { records } = await (await scene.client()).list();
    assert.equal(records.find((record) => record.id === id)?.status, 'idle');
  });

  it('its recording goes on, with all that was in it', async () => {
    const { scene, session } = running();
    const terminal = await TestTerminal.open(scene, session);
    terminal.attachment.input(Buffer.from('before\r'));
    await recorded(session, 'before');
    await deleteState(scene);
    await recorded(session, 'before');
    terminal.attachment.input(Buffer.from('after\r'));
    assert.match(await recorded(session, 'after'), /before/);
  });

  it('another helper that has the lock by then is left alone, and this one ends', async () => {
    const { scene, client } = running();
    const { helperLock, helperFile } = scene.places;
    const pid = await scene.helperPid();
    signal(pid, 'SIGSTOP');
    await deleteState(scene);
    await mkdir(path.dirname(helperLock), { recursive: true, mode: 0o700 });
    const theirs = [await lockOfThisProcess(), '{"of": "another helper"}'];
    await writeFile(helperLock, theirs[0] as string);
    await writeFile(helperFile, theirs[1] as string);
    signal(pid, 'SIGCONT');
    await processEnd(pid);
    const left = [await readFile(helperLock, 'utf8'), await readFile(helperFile, 'utf8')];
    await rm(helperLock);
    await client.list();
    assert.deepEqual(left, theirs);
  });
});

/** Nobody looks at the files for as long as a test takes. */
describeOnUnix('before the deleted files of a session’s host are written again', () => {
  const running = useRunningSession(60_000, async ({ scene, client, session }) => {
    await client.stop(session.id, 0);
    await scene.launcher().end();
  });

  it('a start finds it at its socket, and no second process comes of that', async () => {
    const { scene, session } = running();
    const client = await scene.client();
    await deleteState(scene);
    const { ptyPid } = await client.start(session.launch);
    assert.deepEqual({ ptyPid, hosts: (await hostsOf(session)).length }, { ptyPid: session.record.ptyPid, hosts: 1 });
  });

  it('a helper that ends has told the next one of sessions that no window knows', async () => {
    const { scene } = running();
    const client = await scene.client();
    const { id } = await client.create(scene.record(), null);
    await deleteState(scene);
    await client.restartHelper();
    assert.ok((await client.list()).records.some((record) => record.id === id));
  });

  it('the next helper adopts it by its socket, in spite of another token', async () => {
    const { scene, client, session } = running();
    await killHelper(scene, () => deleteState(scene));
    const record = (await client.list()).records.find(({ id }) => id === session.id);
    assert.deepEqual([record?.status, record?.ptyPid], ['active', session.record.ptyPid]);
  });

  it('a start is refused while somebody is there but does not answer', async () => {
    const { scene, client, session } = running();
    const host = await hostPid(running());
    signal(host, 'SIGSTOP');
    await killHelper(scene, () => deleteState(scene));
    const { code } = await client.start(session.launch).catch((error) => error);
    const hosts = await hostsOf(session);
    signal(host, 'SIGCONT');
    assert.deepEqual({ code, hosts }, { code: 'SESSION_RUNNING', hosts: [host] });
  });

  it('a second host that is started all the same refuses to run', async () => {
    const { scene, session } = running();
    await deleteState(scene);
    await writeJson(session.places.launch, session.launch);
    const { report } = await startBackground({
      script: path.join(dist, 'host.cjs'),
      args: [scene.key, session.id],
      logFile: session.places.log,
      deadline: 10_000,
      errorCode: 'HOST_START_FAILED',
    });
    assert.equal((report as { error: { code: string } }).error.code, 'SESSION_RUNNING');
  });
});

interface RunningSession {
  scene: Scene;
  /** Knows the session, as a window does. */
  client: HelperClient;
  session: TestSession;
}

/**
 * A session of its own for each test, whose processes look at their files every `interval` milliseconds; at its `end`
 * they must be found by their files or have ended.
 */
function useRunningSession(interval: number, end: (running: RunningSession) => Promise<unknown>): () => RunningSession {
  const dirs = useTempDirs();
  let running: RunningSession;
  beforeEach(async () => {
    process.env.HOLDFAST_SOCKET_CHECK_MS = String(interval);
    const scene = await Scene.make(await dirs.make());
    const replica: SessionRecord[] = [];
    const client = await scene.client(() => replica);
    const session = await scene.start(client, ['cat']);
    replica.push(session.record);
    running = { scene, client, session };
  });
  afterEach(async () => {
    delete process.env.HOLDFAST_SOCKET_CHECK_MS;
    await end(running).finally(() => running.scene.dispose());
  });
  return () => running;
}

/** What a new client finds of the session. */
async function look({ scene, session }: RunningSession): Promise<unknown> {
  const { records } = await (await scene.client()).list();
  const record = records.find(({ id }) => id === session.id);
  const host = await connectHost(scene, session);
  const text = `typed ${randomBytes(4).toString('hex')}`;
  host.input(Buffer.from(`${text}\r`));
  const read = async () => (await host.snapshot()).text;
  // Once by the terminal, once by the program.
  await waitFor(read, (screen) => screen.split(text).length > 2, { what: 'what was typed' });
  return { status: record?.status, ptyPid: record?.ptyPid, hosts: (await hostsOf(session)).length };
}

function asBefore({ session }: RunningSession): unknown {
  return { status: 'active', ptyPid: session.record.ptyPid, hosts: 1 };
}

async function killHelper(scene: Scene, meanwhile = async () => {}): Promise<void> {
  const pid = await scene.helperPid();
  signal(pid, 'SIGKILL');
  await meanwhile();
  await processEnd(pid);
}

async function hostPid({ scene, session }: RunningSession): Promise<number> {
  return (await (await connectHost(scene, session)).status()).pid;
}

async function deleteState(scene: Scene): Promise<void> {
  await rm(scene.places.stateFolder, { recursive: true, maxRetries: 10, retryDelay: 20 });
}

/** Waits until everything is there that a helper and a living host have on disk. */
async function filesOf({ scene: { places }, session }: RunningSession): Promise<void> {
  const { record, host, hostLock } = session.places;
  const files = [path.join(places.stateFolder, 'token'), places.helperLock, places.helperFile, record, host, hostLock];
  const missing = () => files.filter((file) => !existsSync(file));
  await waitFor(missing, (gone) => gone.length === 0, { what: 'the files' });
}

/** With the token that any new client would use. */
async function connectHost(scene: Scene, { places }: TestSession): Promise<HostClient> {
  const token = await readToken(scene.places.stateFolder);
  const client = { kind: 'test' as const, pid: process.pid };
  return scene.own(await HostClient.connect({ socket: places.socket, token, client }));
}

async function hostsOf({ id }: TestSession): Promise<number[]> {
  const processes = await findMarked(`HOLDFAST_TEST_RUN=${currentTestRun().id}`);
  return processes.filter(({ command }) => command.includes('host.cjs') && command.includes(id)).map(({ pid }) => pid);
}

/** The transcript, once it is one and holds the text. */
function recorded({ places }: TestSession, text: string): Promise<string> {
  const read = () => readFile(places.transcript, 'utf8').catch(() => '');
  return waitFor(read, (recording) => recording.startsWith('{"version":2') && recording.includes(text));
}

/** What a lock says that this process holds. */
async function lockOfThisProcess(): Promise<string> {
  return JSON.stringify({ ...(await identify(process.pid)), host: hostname(), nonce: 'of-another-helper' });
}
