import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { processEnd, readHostFile, useScene } from './support/scene.ts';

describeOnUnix('restarting the helper', () => {
  const scene = useScene();

  it('works for one that does not answer any more, and leaves its sessions alone', async () => {
    const client = await scene().client();
    const { id, record } = await scene().start(client, ['/bin/cat']);
    const before = await scene().helperPid();
    process.kill(before, 'SIGSTOP');
    await client.restartHelper();
    const { records } = await client.list();
    assert.deepEqual(
      { isNew: (await scene().helperPid()) !== before, ptyPid: records.find((found) => found.id === id)?.ptyPid },
      { isNew: true, ptyPid: record.ptyPid },
    );
  });
});

describeOnUnix('the copy of the programs', () => {
  const scene = useScene();

  it('is in use by the helper and by each session host until they end', async () => {
    const before = new Set(await uses());
    const newUses = async () => (await uses()).filter((name) => !before.has(name)).length;
    const client = await scene().client();
    const session = await scene().start(client, ['cat']);
    const seen = [await newUses()];
    const host = await readHostFile(session.places);
    await client.stop(session.id, 5_000);
    await processEnd(host?.pid as number);
    seen.push(await newUses());
    const helper = await scene().helperPid();
    client.dispose();
    signal(helper, 'SIGTERM');
    await processEnd(helper);
    seen.push(await newUses());
    assert.deepEqual(seen, [2, 1, 0]);
  });

  /** The locks of all processes that run from any copy. */
  async function uses(): Promise<string[]> {
    const names = await readdir(path.join(scene().places.stateFolder, 'runtime'), { recursive: true }).catch(() => []);
    return names.filter((name) => path.basename(path.dirname(name)) === 'uses');
  }
});
