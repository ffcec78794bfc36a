import assert from 'node:assert/strict';
import { SilentHelper } from '../../integration/support/silentHelper.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { itLosesNothing } from '../support/stage.ts';

describeOnUnix('a helper that accepts connections and never answers', () => {
  itLosesNothing('is replaced by one that adopts all sessions', async (stage) => {
    const sessions = [await stage.numbers(), await stage.numbers()];
    await stage.killHelper();
    const silent = await SilentHelper.start(stage.scene);
    try {
      for (const session of sessions) await stage.ledger.change(stage.impatientClient(), session);
      const { hosts, pid } = await stage.client.status();
      assert.deepEqual(
        { hosts, isOwner: await silent.isOwner(), isAsked: silent.greetings > 1, isItself: pid === process.pid },
        { hosts: 2, isOwner: false, isAsked: true, isItself: false },
      );
    } finally {
      await silent.end();
    }
  });
});
