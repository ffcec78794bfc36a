import assert from 'node:assert/strict';
import { HelperClient } from '../../src/client/helperClient.ts';
import { HelperConnection } from '../../src/client/helperConnection.ts';
import { readRecordFile } from '../../src/node/recordFile.ts';
import { helperMethods } from '../../src/protocol/helperRpc.ts';
import { processEnd, Scene } from '../integration/support/scene.ts';
import { signal } from '../support/processes.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { describeOnUnix } from '../support/unix.ts';
import { PausePoints } from './support/pausePoints.ts';

describeOnUnix('a helper that is stopped between the last look at its right and the write that follows', () => {
  const dirs = useTempDirs();
  let points: PausePoints;
  let scene: Scene;
  beforeEach(async () => {
    points = new PausePoints(await dirs.make('points'));
    Object.assign(process.env, points.env);
    scene = await Scene.make(await dirs.make('repository'));
  });
  afterEach(async () => {
    delete process.env.HOLDFAST_PAUSE_FOLDER;
    await scene.dispose();
  });

  it('does not undo what its successor has written, once it goes on', async () => {
    const first = await connect();
    const record = await first.create(scene.record(), null);
    first.dispose();
    const { former, answer } = await stopInWrite(record.id, record.revision);
    const successor = await connect();
    await successor.update(record, () => ({ name: 'in time' }));
    signal(former, 'SIGCONT');
    await points.letGo('helper-record-whole');
    await processEnd(former);
    const onDisk = await readRecordFile(scene.session(record.id).record, record.id);
    const { records } = await successor.list();
    assert.deepEqual(
      [await answer, onDisk.state === 'sound' && onDisk.record.name, records.map(({ name }) => name)],
      ['CONNECTION_LOST', 'in time', ['in time']],
    );
  });

  /** The helper has written the record whole, but not put it in place. */
  async function stopInWrite(id: string, baseRevision: number) {
    const { helperSocket: socket } = scene.places;
    const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
    const options = { socket, token: scene.token, client, answerDeadline: 60_000 };
    const connection = scene.own(await HelperConnection.connect(options));
    await points.ask('helper-record-whole');
    const change = { requestId: 'late', id, baseRevision, changes: { name: 'too late' } };
    const answer = connection.request(helperMethods.update, change).catch((error) => error.code);
    const former = await points.reached('helper-record-whole');
    signal(former, 'SIGSTOP');
    return { former, answer };
  }

  async function connect(): Promise<HelperClient> {
    const launcher = scene.launcher({ answerDeadline: 600 });
    const client = scene.own(new HelperClient({ launcher, replica: () => [] }));
    await client.connect();
    return client;
  }
});
