import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type net from 'node:net';
import { connect } from '../../src/node/sockets.ts';
import { encodeFrame, encodeJsonFrame, frameType } from '../../src/protocol/frames.ts';
import { hostProtocol } from '../../src/protocol/versions.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { program, type Scene, type TestSession, useScene } from './support/scene.ts';
import { TestTerminal } from './support/terminal.ts';

const megabyte = 1024 * 1024;

/** Of all systems only Linux says how much of a process's memory is its own. */
const itOnLinux = process.platform === 'linux' ? it : it.skip;
const flood = `yes ${'x'.repeat(70)}\n`;

describeOnUnix('a flood of output', () => {
  const scene = useScene();
  let session: TestSession;
  let terminal: TestTerminal;

  beforeEach(async () => {
    session = await scene().start(await scene().client(), shell, { env: { PS1: '$ ' } });
    terminal = await TestTerminal.open(scene(), session);
    await terminal.sees('$ ');
  });

  afterEach(() => terminal.type('\x03'));

  itOnLinux(
    'costs the host no more memory the longer a terminal does not keep up (measured on Linux alone)',
    async () => {
      terminal.acknowledge = 'never';
      terminal.type(flood);
      await printed(scene(), session, 20 * megabyte);
      const before = await hostMemory(scene(), session);
      await printed(scene(), session, 80 * megabyte);
      const grown = (await hostMemory(scene(), session)) - before;
      assert.ok(grown < 30 * megabyte, `60 MB of output made it grow by ${(grown / megabyte).toFixed(1)} MB`);
    },
  );

  it('stops being sent to a terminal that shows nothing of it', async () => {
    terminal.acknowledge = 'never';
    terminal.type(flood);
    await printed(scene(), session, 5 * megabyte);
    const sent = terminal.output.length;
    assert.ok(sent < 200_000, `${sent} bytes were sent unacknowledged`);
  });

  it('reaches a terminal that has caught up as a fresh screen instead of the backlog', async () => {
    terminal.acknowledge = 'never';
    terminal.type(flood);
    await printed(scene(), session, 5 * megabyte);
    const { length } = terminal.screens;
    terminal.acknowledge = 'always';
    terminal.attachment.acknowledge(terminal.shownTo);
    await waitFor(() => terminal.screens.length > length);
    assert.match(terminal.screens.at(-1) ?? '', /^(x{70}\r\n){20}/m);
  });

  it('ends at once at Ctrl+C, with the prompt back', async () => {
    terminal.type('yes\n');
    await printed(scene(), session, 5 * megabyte);
    const pressed = performance.now();
    terminal.type('\x03');
    await terminal.sees(/\^C[\s\S]*\$ $/);
    const took = performance.now() - pressed;
    assert.ok(took < 1_000, `took ${took.toFixed(0)} ms`);
  });
});

describeOnUnix('a paste of 1 MB', () => {
  const scene = useScene();
  const paste = randomBytes(megabyte);
  const digest = createHash('sha256').update(paste).digest('hex');

  it('arrives whole', async () => {
    const session = await scene().start(await scene().client(), program('hashInput', String(paste.length)));
    const terminal = await TestTerminal.open(scene(), session);
    await terminal.sees('ready');
    terminal.type(paste);
    assert.equal((await terminal.sees(/sha256 (\w+)/))[1], digest);
  });

  it('arrives whole at a program that reads slowly', async () => {
    const slowly = program('hashInput', String(paste.length), '4096', '5');
    const session = await scene().start(await scene().client(), slowly);
    const terminal = await TestTerminal.open(scene(), session);
    await terminal.sees('ready');
    terminal.type(paste);
    assert.equal((await terminal.sees(/sha256 (\w+)/))[1], digest);
  });

  it('is known to wait while the program reads nothing', async () => {
    const session = await scene().start(await scene().client(), ['sh', '-c', 'stty raw; echo ready; sleep 600']);
    const host = await scene().connectHost(session);
    host.input(paste);
    await waitFor(() => host.inputDelay > 100);
    assert.ok(host.isOpen);
  });
});

describeOnUnix('a client that sends but never reads', () => {
  const scene = useScene();

  itOnLinux('does not make the host hold its answers without bound (measured on Linux alone)', async () => {
    const session = await scene().start(await scene().client(), ['cat']);
    const before = await hostMemory(scene(), session);
    const socket = await floodWithRequests(scene(), session);
    const grown = (await hostMemory(scene(), session)) - before;
    socket.destroy();
    assert.ok(grown < 16 * megabyte, `grew by ${(grown / megabyte).toFixed(1)} MB`);
  });
});

/** Asks 200,000 times for the status, worth 60 MB of answers, and lets the host come to what it can take in. */
async function floodWithRequests(scene: Scene, session: TestSession): Promise<net.Socket> {
  const socket = await connect(session.places.socket);
  const client = { kind: 'test', pid: process.pid };
  socket.write(encodeJsonFrame(frameType.hello, 1, { protocol: hostProtocol, token: scene.token, client }));
  socket.write(Buffer.concat(Array.from({ length: 200_000 }, (_, index) => encodeFrame(frameType.status, index + 2))));
  const other = await scene.connectHost(session);
  for (let turn = 0; turn < 200; turn++) await other.ping();
  other.dispose();
  return socket;
}

const shell = ['bash', '--norc', '--noprofile', '-i'];

async function printed(scene: Scene, session: TestSession, bytes: number): Promise<void> {
  const host = await scene.connectHost(session);
  await waitFor(
    () => host.status().then(({ seq }) => seq),
    (seq) => seq > bytes,
    { timeout: 30_000 },
  );
  host.dispose();
}

/** Resident bytes that no other process shares. */
async function hostMemory(scene: Scene, session: TestSession): Promise<number> {
  const host = await scene.connectHost(session);
  const { pid } = await host.status();
  host.dispose();
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = [...rollup.matchAll(/^Private_\w+:\s+(\d+) kB/gm)].map(([, number]) => Number(number));
  return kilobytes.reduce((sum, number) => sum + number, 0) * 1024;
}
