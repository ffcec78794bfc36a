import assert from 'node:assert/strict';
import { useScene } from './support/scene.ts';

describe('restarting the helper', () => {
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
