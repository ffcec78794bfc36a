import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from '../../src/node/sockets.ts';
import { signal } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';
import { program, readHostFile, type Scene, type TestSession, useScene } from './support/scene.ts';
import { TestTerminal } from './support/terminal.ts';

describe('several terminals on one session', () => {
  const scene = useScene();

  it('see the same output', async () => {
    const session = await scene().start(await scene().client(), ['cat']);
    const [one, two] = await Promise.all([TestTerminal.open(scene(), session), TestTerminal.open(scene(), session)]);
    one.type('typed in one\n');
    await Promise.all([one.sees(/typed in one\r\ntyped in one/), two.sees(/typed in one\r\ntyped in one/)]);
    assert.equal(one.output.toString(), two.output.toString());
  });

  it('give the program the size of the one that was used last', async () => {
    const session = await scene().start(await scene().client(), program('sizes'));
    const wide = await TestTerminal.open(scene(), session, { size: { cols: 120, rows: 40 } });
    await wide.sees('size 120x40');
    const small = await TestTerminal.open(scene(), session, { size: { cols: 60, rows: 20 } });
    await small.sees('size 60x20');
    wide.attachment.resize({ cols: 121, rows: 41 });
    wide.type(' ');
    await small.sees('size 121x41');
    wide.attachment.dispose();
    await small.sees('size 60x20');
    assert.deepEqual(small.sizes, [
      { cols: 60, rows: 20 },
      { cols: 121, rows: 41 },
      { cols: 60, rows: 20 },
    ]);
  });

  it('do not see questions of the program, which has its answer from the host', async () => {
    const session = await scene().start(await scene().client(), program('queries'));
    const terminal = await TestTerminal.open(scene(), session);
    await terminal.sees('ready');
    signal(session.record.ptyPid as number, 'SIGUSR2');
    await terminal.sees('answers:');
    assert.doesNotMatch(terminal.text, /\x1b\[6n|\x1b\[c|\x1b\]11;\?\x1b|\x1b\]7501;\?\x1b/);
  });

  for (const count of [0, 1, 2]) {
    it(`get a program ${count === 0 ? 'that nobody watches' : `watched by ${count}`} one answer to each question`, async () => {
      const session = await scene().start(await scene().client(), program('queries'));
      await outputHolds(scene(), session, 'ready');
      for (let number = 0; number < count; number++) await TestTerminal.open(scene(), session);
      signal(session.record.ptyPid as number, 'SIGUSR2');
      assert.match(await outputHolds(scene(), session, 'answers: '), /answers: 1 1 1 1 1/);
    });
  }
});

describe('attaching', () => {
  const scene = useScene();

  it('brings the bytes that a client lacks where the host still has them', async () => {
    const session = await scene().start(await scene().client(), program('numberedLines', '100'));
    const first = await TestTerminal.open(scene(), session);
    await first.sees('all printed');
    const host = await scene().connectHost(session);
    const output = new Promise<string>((resolve) => host.onOutput(({ seq, data }) => resolve(`${seq}: ${data}`)));
    await host.attach({ cols: 80, rows: 24, from: 14 * 99 });
    assert.equal(await output, `${14 * 99}: line 0000100\r\nall printed\r\n`);
  });

  it('brings a screen where the host no longer has those bytes', async () => {
    const session = await scene().start(await scene().client(), [
      'sh',
      '-c',
      'seq -f "line %07.0f" 1 100000; echo all printed; cat',
    ]);
    const first = await TestTerminal.open(scene(), session);
    await first.sees('all printed');
    const host = await scene().connectHost(session);
    const screen = new Promise<string>((resolve) => host.onScreen(({ text }) => resolve(text)));
    const { replay } = await host.attach({ cols: 80, rows: 24, from: 14, scrollback: 0 });
    assert.deepEqual([replay, (await screen).match(/line \d+/)?.[0]], ['snapshot', 'line 0099979']);
  });

  it('makes a full-screen program paint anew at the size it has', async () => {
    const session = await scene().start(await scene().client(), program('fullScreen'));
    const first = await TestTerminal.open(scene(), session);
    await first.sees(/paint \d at 80x24 end/);
    const second = await TestTerminal.open(scene(), session);
    assert.ok(await second.sees(/paint \d at 80x23 end[\s\S]*paint \d at 80x24 end/));
  });

  it('applies a size that was set while nobody was attached', async () => {
    const session = await scene().start(await scene().client(), program('sizes'));
    const first = await TestTerminal.open(scene(), session);
    await first.sees('size 80x24');
    first.attachment.dispose();
    const second = await TestTerminal.open(scene(), session, { size: { cols: 100, rows: 30 } });
    assert.ok(await second.sees('size 100x30'));
  });

  it('is not hurt by a connection that sends garbage', async () => {
    const session = await scene().start(await scene().client(), ['cat']);
    const terminal = await TestTerminal.open(scene(), session);
    const socket = await connect(session.places.socket);
    const closed = once(socket, 'close');
    socket.on('error', () => undefined).resume();
    socket.write(randomBytes(4096));
    await closed;
    terminal.type('still here\n');
    assert.ok(await terminal.sees('still here'));
  });

  it('ends, as lost, where the host is gone for good', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['cat']);
    const terminal = await TestTerminal.open(scene(), session, { patience: 100 });
    signal((await readHostFile(session.places))?.pid as number, 'SIGKILL');
    assert.deepEqual(await terminal.end, { kind: 'lost' });
  });

  it('refuses a wrong token', async () => {
    const session = await scene().start(await scene().client(), ['cat']);
    const attempt = TestTerminal.open(scene(), session, { token: '0'.repeat(64) });
    await assert.rejects(attempt, { code: 'UNAUTHORIZED' });
  });
});

/** Reads the session's screen from outside, without a terminal of its own, until it holds `text`. */
async function outputHolds(scene: Scene, session: TestSession, text: string): Promise<string> {
  const host = await scene.connectHost(session);
  try {
    return await waitFor(
      () => host.snapshot().then((screen) => screen.text),
      (screen) => screen.includes(text),
    );
  } finally {
    host.dispose();
  }
}
