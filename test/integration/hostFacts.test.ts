import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { HelperClient } from '../../src/client/helperClient.ts';
import { HostClient } from '../../src/client/hostClient.ts';
import { isRunning } from '../../src/core/sessionRecord.ts';
import { processTable } from '../../src/node/processIdentity.ts';
import { readLastScreen } from '../../src/node/savedScreen.ts';
import { PausePoints } from '../faults/support/pausePoints.ts';
import { signal } from '../support/processes.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { processEnd, readHostFile, Scene, type TestSession, useScene } from './support/scene.ts';

describeOnUnix('what a session host tells those who look after it', () => {
  const scene = useScene();
  const dirs = useTempDirs();
  let client: HelperClient;
  before(async () => {
    client = await scene().client();
  });

  it('is which process it runs, to be told from a later one, also on disk', async () => {
    const session = await scene().start(client, ['cat']);
    const { ptyPid, ptyStartTime } = await (await scene().connectHost(session)).status();
    const onDisk = (await readHostFile(session.places))?.ptyStartTime;
    const real = await processTable().startTime(ptyPid);
    assert.deepEqual([ptyStartTime, onDisk], [real, real]);
  });

  it('is on disk which process it runs also where the system tells that late', async () => {
    const points = new PausePoints(await dirs.make('points'));
    Object.assign(process.env, points.env);
    const late = await Scene.make(await dirs.make('repository'));
    try {
      const own = await late.client();
      await points.ask('host-asks-start-time');
      const session = await late.start(own, ['cat']);
      const before = (await readHostFile(session.places))?.ptyStartTime;
      await points.letGo('host-asks-start-time');
      const after = await waitFor(async () => (await readHostFile(session.places))?.ptyStartTime);
      const real = await processTable().startTime(session.record.ptyPid as number);
      assert.deepEqual([before, after], [undefined, real]);
    } finally {
      delete process.env.HOLDFAST_PAUSE_FOLDER;
      await late.dispose();
    }
  });

  it('is what the session can be started with again, its environment included', async () => {
    const env = { SECRET: 'only for the process', LONG: 'x'.repeat(100_000) };
    const session = await scene().start(client, ['cat'], { env });
    assert.deepEqual(await (await scene().connectHost(session)).launch(), session.launch);
  });

  it('is that input waits where the program does not read, and goes through once it does', async () => {
    const session = await scene().start(client, ['sh', '-c', 'stty raw -echo; kill -STOP $$; exec cat >/dev/null']);
    const host = await scene().connectHost(session);
    host.input(Buffer.alloc(200_000, 'x'));
    const stuck = await waitFor(
      () => host.status(),
      ({ inputPending, inputPendingSince }) => Boolean(inputPending && inputPendingSince),
    );
    const after = await waitFor(
      () => {
        // It may stop only now.
        signal(stuck.ptyPid, 'SIGCONT');
        return host.status();
      },
      ({ inputPending }) => inputPending === 0,
    );
    assert.deepEqual([after.inputPendingSince, (after.lastInputAt ?? '') <= new Date().toISOString()], [null, true]);
  });

  it('is how much of the transcript is written', async () => {
    const session = await scene().start(client, ['sh', '-c', 'echo printed; cat']);
    const host = await scene().connectHost(session);
    const { transcriptBytes, transcriptWritten } = await waitFor(
      () => host.status(),
      (status) => Number(status.transcriptBytes) > 0,
    );
    const { length } = await readFile(session.places.transcript);
    assert.deepEqual([transcriptBytes, transcriptWritten], [length, length]);
  });
});

describeOnUnix('helpers of one session host', () => {
  const scene = useScene();

  it('are pushed out by a newer one, which the host notes, and refused from then on', async () => {
    const session = await scene().start(await scene().client(), ['cat']);
    const older = await connect(session, 2 ** 40);
    const closed = new Promise<string>((resolve) => older.onClose(() => resolve('closed')));
    const newer = await connect(session, 2 ** 40 + 1);
    const stays = await scene().connectHost(session);
    assert.deepEqual([await closed, newer.isOpen, stays.isOpen], ['closed', true, true]);
    await assert.rejects(connect(session, 2 ** 40), { code: 'STALE_EPOCH' });
    await waitFor(async () => (await readHostFile(session.places))?.epoch === 2 ** 40 + 1);
  });

  async function connect({ places }: TestSession, epoch: number): Promise<HostClient> {
    const client = { kind: 'helper' as const, pid: process.pid };
    return scene().own(await HostClient.connect({ socket: places.socket, token: scene().token, client, epoch }));
  }
});

describeOnUnix('a session that is started again with a reason', () => {
  const scene = useScene();

  it('shows it between its last screen and what follows, and in its transcript', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['sh', '-c', 'echo first life; cat']);
    await screenOf(session, 'first life');
    const { pid } = (await readHostFile(session.places)) as { pid: number };
    await waitFor(async () => (await readLastScreen(session.places))?.screen.includes('first life'));
    signal(pid, 'SIGKILL');
    await processEnd(pid);
    await waitFor(async () => !isRunning((await client.list()).records.find(({ id }) => id === session.id) as never));
    const notice = 'The session host was killed;\r\nthis is attempt 1 of 3.';
    await client.start({ ...session.launch, args: ['-c', 'echo second life; cat'], notice });
    const screen = await screenOf(session, 'second life');
    await waitFor(async () => /"m","The session host was killed; this/.test(await transcriptOf(session)));
    assert.match(
      screen,
      /first life[\s\S]*── The session host was killed; this is attempt 1 of 3\. ──[\s\S]*second life/,
    );
  });

  it('is not started with that reason again by those who ask what it was started with', async () => {
    const client = await scene().client();
    const { id } = await client.create(scene().record(), null);
    const launch = scene().launch(id, ['cat']);
    await client.start({ ...launch, notice: 'Why.' });
    assert.deepEqual(await (await scene().connectHost({ places: scene().session(id) })).launch(), launch);
  });

  async function screenOf(session: TestSession, text: string): Promise<string> {
    const host = await scene().connectHost(session);
    return waitFor(
      () => host.snapshot().then((snapshot) => snapshot.text),
      (content) => content.includes(text),
    );
  }

  const transcriptOf = ({ places }: TestSession) => readFile(places.transcript, 'utf8').catch(() => '');
});
