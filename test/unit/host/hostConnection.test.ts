import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { mock } from 'node:test';
import { Deferred } from '../../../src/base/async.ts';
import { Emitter } from '../../../src/base/event.ts';
import { HelperEpoch } from '../../../src/host/helperEpoch.ts';
import { type ConnectionContext, HostConnection } from '../../../src/host/hostConnection.ts';
import type { PtyExit } from '../../../src/host/pty.ts';
import { Screen } from '../../../src/host/screen.ts';
import { SessionHost } from '../../../src/host/sessionHost.ts';
import { Transcript } from '../../../src/host/transcript.ts';
import { FrameSocket } from '../../../src/node/frameSocket.ts';
import { silentLog } from '../../../src/node/log.ts';
import { connect, listen } from '../../../src/node/sockets.ts';
import { ServerToken } from '../../../src/node/token.ts';
import { type Frame, type FrameType, frameType, readJson } from '../../../src/protocol/frames.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';

const token = 'f'.repeat(64);
const greeting = { protocol: { min: 1, max: 1 }, token, client: { kind: 'test', pid: 1 } };
const launch = {
  sessionId: 'id',
  file: 'cat',
  args: [],
  cwd: '/',
  env: { BIG: 'x'.repeat(100_000) },
  cols: 80,
  rows: 24,
  scrollback: 10,
};
const size = { cols: 80, rows: 24 };

describe('a client’s connection to a session host', () => {
  const dirs = useTempDirs();
  let folder: string;
  let server: net.Server;
  let context: ConnectionContext;
  let client: FrameSocket;
  let connection: HostConnection;
  let log: string[];
  let pty: { onData: Emitter<Buffer>; onExit: Emitter<PtyExit>; calls: string[]; taken: Promise<void> };
  let parts: Buffer[];
  let transcript: Transcript;

  beforeEach(async () => {
    folder = await dirs.make();
    pty = { onData: new Emitter(), onExit: new Emitter(), calls: [], taken: Promise.resolve() };
    parts = [];
    transcript = new Transcript({ ...size, file: path.join(folder, 'x.cast'), log: silentLog, flushAfter: 0 });
    const screen = new Screen({ ...size, scrollback: 10, theme: 'dark' });
    const host = new SessionHost({ sessionId: 'id', pty: fakePty(), screen, transcript });
    const epoch = new HelperEpoch();
    context = {
      launch,
      epoch,
      status: (clients) => host.status(clients),
      token: new ServerToken(folder, token),
      sessionId: 'id',
      host,
      connections: new Set(),
      sizeOwner: undefined,
    };
    const file = process.platform === 'win32' ? '\\\\.\\pipe\\holdfast-connection' : path.join(folder, 's');
    server = net.createServer();
    await listen(server, file);
    const accepted = once(server, 'connection');
    mockTimers();
    client = new FrameSocket(await connect(file));
    log = [];
    client.onFrame((frame) => log.push(describeFrame(frame)));
    client.onFrame(({ type, payload }) => type === frameType.launchReply && parts.push(Buffer.from(payload)));
    client.onClose(() => log.push('closed'));
    connection = new HostConnection(new FrameSocket((await accepted)[0] as net.Socket), context);
    context.connections.add(connection);
  });

  afterEach(async () => {
    mock.timers.reset();
    client.dispose();
    await waitFor(() => context.connections.size === 0);
    server.close();
    await transcript.close();
  });

  it('stays open long after the time in which it had to say hello', async () => {
    await greet();
    mock.timers.tick(60_000);
    client.send(frameType.ping, 2);
    assert.deepEqual(await logged(2), ['welcome 1', 'pong 2']);
  });

  it('is closed where nobody says hello in time', async () => {
    mock.timers.tick(5_000);
    assert.deepEqual(await logged(1), ['closed']);
  });

  it('is served with another token once that is the one in the file', async () => {
    const other = '0'.repeat(64);
    await writeFile(path.join(folder, 'token'), other, { mode: 0o600 });
    client.sendJson(frameType.hello, 1, { ...greeting, token: other });
    assert.deepEqual(await logged(1), ['welcome 1']);
  });

  for (const [what, type, hello, error] of [
    ['a wrong token', frameType.hello, { ...greeting, token: '0'.repeat(64) }, 'UNAUTHORIZED'],
    ['no version in common', frameType.hello, { ...greeting, protocol: { min: 2, max: 3 } }, 'PROTOCOL_MISMATCH'],
    ['another verb first', frameType.status, {}, 'INVALID_ARGUMENT'],
    ['no JSON', frameType.hello, undefined, 'INVALID_ARGUMENT'],
  ] as const) {
    it(`is refused with ${what}, and deaf from then on`, async () => {
      client.sendJson(type as FrameType, 1, hello ?? null);
      client.sendJson(frameType.hello, 2, greeting);
      assert.deepEqual(await logged(2), [`error 1 ${error}`, 'closed']);
    });
  }

  it('does nothing for a client that was refused, even if it then says the right hello', async () => {
    client.sendJson(frameType.hello, 1, { ...greeting, token: '0'.repeat(64) });
    client.sendJson(frameType.hello, 2, greeting);
    client.sendJson(frameType.stop, 3, { graceMs: 0 });
    await logged(2);
    assert.deepEqual(pty.calls, []);
  });

  it('answers what it does not know with an error and goes on', async () => {
    await greet();
    client.send(77 as FrameType, 2);
    client.sendJson(frameType.resize, 3, { cols: 0, rows: 24 });
    client.send(frameType.ping, 4);
    assert.deepEqual((await logged(4)).slice(1), ['error 2 INVALID_ARGUMENT', 'error 3 INVALID_ARGUMENT', 'pong 4']);
  });

  it('hears how the session ended, after its last output, even while it was attaching', async () => {
    await greet();
    pty.onData.fire(Buffer.from('last words'));
    client.sendJson(frameType.attach, 2, size);
    await waitFor(() => context.sizeOwner !== undefined);
    context.host.onExit((exit) => void connection.finish(exit));
    pty.onExit.fire({ code: 3, signal: null });
    assert.deepEqual((await logged(5)).slice(1), ['attached 2', 'screen 10 last words\x1b[1;11H', 'exit 10', 'closed']);
  });

  it('acknowledges input only once the program’s terminal has taken it', async () => {
    await greet();
    client.send(frameType.input, 0, Buffer.from('abc'));
    client.send(frameType.input, 3, Buffer.from('de'));
    assert.deepEqual((await logged(3)).slice(1), ['inputAck 3', 'inputAck 5']);
  });

  it('sets the size that it attaches with, and hands it on when it goes', async () => {
    await greet();
    client.sendJson(frameType.attach, 2, { cols: 100, rows: 30 });
    await logged(2);
    const owned = context.sizeOwner === connection;
    connection.dispose();
    assert.deepEqual([pty.calls, owned, context.sizeOwner], [['resize 100x30'], true, undefined]);
  });

  it('tells what the session was started with, however much that is', async () => {
    await greet();
    client.send(frameType.launch, 2);
    await logged(3);
    assert.deepEqual(JSON.parse(Buffer.concat(parts).toString()), launch);
  });

  it('tells since when input waits, and that none waits any more', async () => {
    await greet();
    const answers = [facts()];
    const taken = new Deferred<void>();
    pty.taken = taken.promise;
    client.send(frameType.input, 0, Buffer.from('abc'));
    await waitFor(() => context.status(0).inputPending === 3);
    answers.push(facts());
    taken.resolve();
    await logged(2);
    answers.push(facts());
    assert.deepEqual(answers, ['none, 0 wait', 'some, 3 wait since then', 'some, 0 wait']);

    function facts(): string {
      const { lastInputAt, inputPending, inputPendingSince } = context.status(0);
      return `${lastInputAt ? 'some' : 'none'}, ${inputPending} wait${inputPendingSince ? ' since then' : ''}`;
    }
  });

  it('tells since when its process has been told to end, which asking again does not change', async () => {
    await greet();
    const before = context.status(0).stoppingSince;
    client.sendJson(frameType.stop, 2, { graceMs: 500 });
    const first = await waitFor(() => context.status(0).stoppingSince);
    client.sendJson(frameType.stop, 3, { graceMs: 500 });
    await waitFor(() => pty.calls.length === 2);
    assert.deepEqual([before, context.status(0).stoppingSince], [null, first]);
  });

  it('tells of a process that not even a kill ends that it is to end, not that it has', async () => {
    await greet();
    client.sendJson(frameType.stop, 2, { graceMs: 500 });
    await waitFor(() => pty.calls.length === 1);
    mock.timers.tick(3_600_000);
    const { stoppingSince, exit } = context.status(0);
    assert.deepEqual([pty.calls.at(-1), stoppingSince !== null, exit], ['signal SIGKILL', true, null]);
  });

  describe('of a helper', () => {
    const helper = { ...greeting, client: { kind: 'helper', pid: 1 } };

    it('is refused where a newer one has spoken before, also without an epoch', async () => {
      context.epoch.admit(3);
      client.sendJson(frameType.hello, 1, { ...helper, epoch: 2 });
      assert.deepEqual(await logged(2), ['error 1 STALE_EPOCH', 'closed']);
      assert.throws(() => context.epoch.admit(0), { code: 'STALE_EPOCH' });
    });

    it('is served beside another of the same epoch', async () => {
      context.epoch.admit(3);
      client.sendJson(frameType.hello, 1, { ...helper, epoch: 3 });
      assert.deepEqual(await logged(1), ['welcome 1']);
    });

    it('counts as the oldest without an epoch', async () => {
      client.sendJson(frameType.hello, 1, helper);
      await logged(1);
      assert.deepEqual([connection.isHelperBefore(0), connection.isHelperBefore(1)], [false, true]);
    });

    it('does not keep others out, whatever epoch they name', async () => {
      context.epoch.admit(3);
      client.sendJson(frameType.hello, 1, { ...greeting, epoch: 2 });
      assert.deepEqual([await logged(1), connection.isHelperBefore(4)], [['welcome 1'], false]);
    });
  });

  it('hangs up, and kills what has not ended after the grace', async () => {
    await greet();
    client.sendJson(frameType.stop, 2, { graceMs: 500 });
    await waitFor(() => pty.calls.length === 1);
    mock.timers.tick(500);
    assert.deepEqual(pty.calls, ['hangUp', 'signal SIGKILL']);
  });

  it('kills again until it has ended, and not after', async () => {
    await greet();
    client.sendJson(frameType.stop, 2, { graceMs: 0 });
    await waitFor(() => pty.calls.length === 1);
    mock.timers.tick(0);
    mock.timers.tick(1_000);
    pty.onExit.fire({ code: null, signal: 9 });
    mock.timers.tick(5_000);
    assert.deepEqual(pty.calls, ['hangUp', 'signal SIGKILL', 'signal SIGKILL']);
  });

  async function greet(): Promise<void> {
    client.sendJson(frameType.hello, 1, greeting);
    await logged(1);
  }

  /** The headless terminal interprets what it is fed in timers without a delay. */
  async function logged(count: number): Promise<string[]> {
    const read = () => {
      mock.timers.tick(1);
      return log;
    };
    return waitFor(read, ({ length }) => length >= count);
  }

  function fakePty() {
    const { calls, onData, onExit } = pty;
    return {
      pid: 42,
      onData: onData.event,
      onExit: onExit.event,
      write: () => pty.taken,
      resize: (cols: number, rows: number) => void calls.push(`resize ${cols}x${rows}`),
      signal: (name: string) => void calls.push(`signal ${name}`),
      hangUp: () => void calls.push('hangUp'),
      pause: () => undefined,
      resume: () => undefined,
    };
  }
});

/** The mocked queue would lose a timer without a delay, as the terminal uses them, behind one with a delay. */
function mockTimers(): void {
  mock.timers.enable({ apis: ['setTimeout'] });
  const mocked = globalThis.setTimeout;
  const withDelay = (callback: () => void, delay = 0) => mocked(callback, delay);
  globalThis.setTimeout = Object.assign(withDelay, { __promisify__: mocked.__promisify__ }) as typeof setTimeout;
}

function describeFrame({ type, seq, payload }: Frame): string {
  const name = Object.entries(frameType).find(([, number]) => number === type)?.[0];
  if (type === frameType.error) return `${name} ${seq} ${(readJson(payload) as { code: string }).code}`;
  if (type === frameType.screen) return `${name} ${seq} ${payload.toString('utf8', 4)}`;
  return `${name} ${seq}`;
}
