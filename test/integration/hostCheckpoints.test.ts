import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import type { HelperClient } from '../../src/client/helperClient.ts';
import { Screen } from '../../src/host/screen.ts';
import { readCheckpoints } from '../../src/node/checkpointFile.ts';
import { writeJson } from '../../src/node/durableFile.ts';
import { readLastScreen } from '../../src/node/savedScreen.ts';
import type { Checkpoint } from '../../src/protocol/checkpoint.ts';
import type { SavedScreen } from '../../src/protocol/hostMessages.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { readHostFile, type TestSession, useScene } from './support/scene.ts';

describeOnUnix('the checkpoint of a session', () => {
  const scene = useScene();
  let client: HelperClient;
  before(async () => {
    client = await scene().client();
  });

  it('tells all that bringing it back takes, and nothing secret', async () => {
    const env = { SECRET: 'only for the process' };
    const session = await scene().start(client, ['sh', '-c', 'printf "\\033]0;at work\\007printed"; cat'], { env });
    const { savedAt, screen, record, transcriptBytes, lastOutputAt, ...facts } = await shows(session, 'printed');
    const host = await readHostFile(session.places);
    const { env: _, ...launch } = session.launch;
    assert.deepEqual(facts, {
      sessionId: session.id,
      startedAt: host?.startedAt,
      host: { pid: host?.pid, startTime: host?.startTime, bootId: host?.bootId },
      pty: { pid: host?.ptyPid, startTime: host?.ptyStartTime },
      launch,
      title: 'at work',
      lastInputAt: null,
    });
    const file = await readFile(session.places.checkpoint, 'utf8');
    assert.deepEqual([/only for the process/.test(file), (lastOutputAt ?? '') <= savedAt], [false, true]);
  });

  it('holds what the record’s file holds when it is taken', async () => {
    const session = await scene().start(client, ['cat']);
    await shows(session, '');
    const record = await client.update(session.record, () => ({ name: 'another name' }));
    (await scene().connectHost(session)).input(Buffer.from('typed\n'));
    const { record: copy } = await shows(session, 'typed');
    const file = JSON.parse(await readFile(session.places.record, 'utf8'));
    assert.deepEqual([copy, (copy as { session: { name: string } }).session.name], [file, record.name]);
  });

  it('tells from where on the transcript follows its screen', async () => {
    const session = await scene().start(client, ['sh', '-c', 'echo one; read go; echo two; cat']);
    const { transcriptBytes = 0 } = await shows(session, 'one');
    const transcript = await readFile(session.places.transcript, 'utf8');
    assert.match(transcript.slice(0, transcriptBytes), /"one\\r\\n"\]\n$/);
  });

  it('is saved while output flows on and on', async () => {
    const session = await scene().start(client, ['sh', '-c', 'while :; do echo line; sleep 0.05; done']);
    const times = new Set<string>();
    await waitFor(
      async () => {
        for (const { savedAt } of await readCheckpoints(session.places)) times.add(savedAt);
        return times.size;
      },
      (size) => size >= 2,
      { timeout: 20_000 },
    );
    const [first = '', second = ''] = [...times].sort().slice(-2);
    assert.ok(Date.parse(second) - Date.parse(first) < 10_000);
  });

  it('brings a screen with 5,000 lines back within a second', async () => {
    const lines =
      'i=0; while [ $i -lt 6000 ]; do i=$((i+1)); printf "\\033[3%dmline %d with some words\\033[m\\n" $((i%8)) $i; done';
    const session = await scene().start(client, ['sh', '-c', lines], { scrollback: 5_000 });
    await waitFor(async () => (await readHostFile(session.places))?.exit);
    const began = performance.now();
    const saved = await readLastScreen(session.places);
    await new Screen({ ...session.launch, theme: 'dark' }).restore(saved as SavedScreen);
    const took = performance.now() - began;
    await client.start({ ...session.launch, args: ['-c', 'echo back; cat'] });
    const { text } = await (await scene().connectHost(session)).snapshot();
    assert.deepEqual([took < 1_000, /line 1500 [\s\S]*line 6000 /.test(text)], [true, true], `${took} ms`);
  });

  it('is not needed where an older host left a screen', async () => {
    const { id } = await client.create(scene().record(), null);
    const session = { places: scene().session(id) } as TestSession;
    const screen = { seq: 5, cols: 80, rows: 24, screen: 'older', savedAt: new Date().toISOString() };
    await writeJson(session.places.screen, screen);
    await client.start(scene().launch(id, ['sh', '-c', 'echo newer; cat']));
    await shows(session, 'newer');
    assert.match((await readLastScreen(session.places))?.screen ?? '', /older\s+newer/);
  });

  it('goes with its session, screen and all', async () => {
    const session = await scene().start(client, ['cat']);
    await shows(session, '');
    await client.delete(await client.stop(session.id, 0));
    await waitFor(
      () => readdir(session.places.folder),
      (names) => !names.some((name) => name.startsWith('checkpoint')),
    );
  });

  async function shows({ places }: TestSession, text: string): Promise<Checkpoint> {
    const [checkpoint] = await waitFor(
      () => readCheckpoints(places),
      ([current]) => current?.screen.text.includes(text) ?? false,
    );
    return checkpoint as Checkpoint;
  }
});
