import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { previousTranscript } from '../../src/node/places.ts';
import { useScene } from './support/scene.ts';
import { TestTerminal } from './support/terminal.ts';

describe('the transcript of a session', () => {
  const scene = useScene();

  it('is asciicast v2 with the output and the changes of size in order', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['sh', '-c', 'read go; printf "schön 🙂\\n"; read go; stty size']);
    const terminal = await TestTerminal.open(scene(), session);
    terminal.type('\n');
    await terminal.sees(/sch[\s\S]*\n/);
    terminal.attachment.resize({ cols: 100, rows: 30 });
    terminal.type('\n');
    await terminal.end;
    const [header, ...events] = parse(await readFile(session.places.transcript, 'utf8'));
    assert.deepEqual(
      { header: { ...(header as object), timestamp: 0 }, text: joined(events) },
      { header: { version: 2, width: 80, height: 24, timestamp: 0 }, text: '\r\nschön 🙂\r\n[100x30]\r\n30 100\r\n' },
    );
  });

  it('holds every life of a session that is restarted again and again', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['sh', '-c', 'echo life 0; read go']);
    for (const life of [1, 2]) {
      await client.stop(session.id, 5_000);
      await client.start({ ...session.launch, args: ['-c', `echo life ${life}; read go`] });
    }
    await client.stop(session.id, 5_000);
    const events = parse(await readFile(session.places.transcript, 'utf8')).slice(1) as [number, string, string][];
    const times = events.map(([time]) => time);
    assert.deepEqual(
      {
        text: joined(events),
        isInOrder: times.every((time, index) => time >= (times[index - 1] ?? 0)),
      },
      {
        text: ['life 0', 'life 1', 'life 2'].join('\r\nThe session was started again[80x24]').concat('\r\n'),
        isInOrder: true,
      },
    );
  });

  it('is capped by rotation, with times that go on from one file to the next', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['sh', '-c', 'read go; seq 1 3000000']);
    const terminal = await TestTerminal.open(scene(), session);
    terminal.type('\n');
    await terminal.end;
    const files = [previousTranscript(session.places.transcript), session.places.transcript];
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    const [older = [], newer = []] = texts.map(parse);
    const last = (events: unknown[]) => (events.at(-1) as [number])[0];
    assert.deepEqual(
      {
        withinCap: texts.every((text) => text.length < 13 * 1024 * 1024),
        goesOn: last(newer) >= last(older),
        end: joined(newer.slice(1)).slice(-9),
      },
      { withinCap: true, goesOn: true, end: '3000000\r\n' },
    );
  });
});

function parse(transcript: string): unknown[] {
  return transcript
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function joined(events: unknown[]): string {
  return (events as [number, string, string][]).map(([, type, data]) => (type === 'r' ? `[${data}]` : data)).join('');
}
