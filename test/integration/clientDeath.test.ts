import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { projectNode } from '../support/paths.ts';
import { program, programFile, type Scene, type TestSession, useScene } from './support/scene.ts';
import { TestTerminal } from './support/terminal.ts';

const lines = 10_000;
/** `line 0000001\r\n` */
const lineLength = 14;

describe('when a client is killed during output', () => {
  const scene = useScene();

  it('the session runs on, and whoever comes next gets exactly the bytes that followed', async () => {
    const session = await scene().start(await scene().client(), program('numberedLines', String(lines), '2'));
    const shown = await shownBeforeKill(scene(), session);
    const host = scene().own(await scene().connectHost(session));
    const received: Buffer[] = [];
    const complete = new Promise<void>((resolve) => {
      host.onOutput(({ seq, data }) => {
        received.push(Buffer.from(data));
        host.acknowledge(seq + data.length);
        if (data.includes('all printed')) resolve();
      });
    });
    await host.attach({ cols: 80, rows: 24, from: shown });
    await complete;
    assert.equal(Buffer.concat(received).toString(), expectedOutput().slice(shown));
  });

  it('the transcript holds every line', async () => {
    const session = await scene().start(await scene().client(), program('numberedLines', String(lines), '2'));
    await shownBeforeKill(scene(), session);
    const terminal = await TestTerminal.open(scene(), session);
    await terminal.sees('all printed');
    terminal.type('\n');
    await terminal.end;
    const [, ...events] = (await readFile(session.places.transcript, 'utf8')).trim().split('\n');
    const text = events
      .map((event) => JSON.parse(event))
      .filter(([, type]) => type === 'o')
      .map(([, , data]) => data);
    assert.equal(text.join(''), `${expectedOutput()}\r\n`);
  });
});

/** Kills an attached client in the middle of the output; returns the offset up to which it had shown it. */
async function shownBeforeKill(scene: Scene, { places }: TestSession): Promise<number> {
  const client = spawn(projectNode, [programFile('attachedClient'), places.socket, scene.token], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(client, 'exit');
  const shown = await reportPast(client, 500 * lineLength);
  client.kill('SIGKILL');
  await ended;
  return shown;
}

async function reportPast(client: ChildProcess, offset: number): Promise<number> {
  for await (const line of createInterface({ input: client.stdout as NodeJS.ReadableStream })) {
    if (Number(line) > offset) return Number(line);
  }
  throw new Error('The client ended too early');
}

function expectedOutput(): string {
  const numbered = Array.from({ length: lines }, (_, index) => `line ${String(index + 1).padStart(7, '0')}\r\n`);
  return `${numbered.join('')}all printed\r\n`;
}
