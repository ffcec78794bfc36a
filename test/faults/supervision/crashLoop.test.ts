import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describeOnUnix } from '../../support/unix.ts';
import { waitFor } from '../../support/waitFor.ts';
import { itLosesNothing } from '../support/stage.ts';

describeOnUnix('a session that crashes at once, again and again', () => {
  itLosesNothing('is started three times and then no more, and says why', async (stage) => {
    await stage.numbers();
    const trace = path.join(await stage.newFolder('trace'), 'starts');
    const command = ['sh', '-c', `echo start >> '${trace}'; kill -KILL $$`];
    const policy = { retry: 'onCrash' as const, retryDelay: 0.1, maxAttempts: 10 };
    const { id } = await stage.start(command, { policy });
    const read = async () => (await stage.client.list()).records.find((record) => record.id === id);
    const record = await waitFor(read, (current) => current?.status === 'failed', { what: 'the session to fail' });
    assert.deepEqual(
      [record?.evidence?.what, await readFile(trace, 'utf8')],
      ['was ended by SIGKILL; it ended within a second 3 times in a row', 'start\n'.repeat(3)],
    );
  });
});
