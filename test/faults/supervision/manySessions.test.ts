import assert from 'node:assert/strict';
import { processEnd } from '../../integration/support/scene.ts';
import { type ProcessUse, processUse } from '../../support/processUse.ts';
import { waitFor } from '../../support/waitFor.ts';
import { rounds } from '../support/extent.ts';
import { itLosesNothingOnLinux, type Stage } from '../support/stage.ts';

const megabyte = 1024 * 1024;

/** How much more memory a helper may have after all of them: what garbage collection has not taken back yet. */
const maxGrowth = 12 * megabyte;

/** How many there are at once. */
const atOnce = 5;

describe('sessions that are created and destroyed', () => {
  const count = rounds(10, 200);

  itLosesNothingOnLinux(`leave the helper with what it had before: ${count} of them`, async (stage) => {
    const session = await stage.numbers();
    await createAndDestroy(stage);
    const helper = await stage.scene.helperPid();
    const before = await processUse(helper);
    for (let done = 0; done < count; done += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, () => createAndDestroy(stage)));
    }
    const after = await restingUse(helper, before);
    await stage.ledger.change(stage.client, session);
    assert.deepEqual(
      [await stage.scene.helperPid(), difference(after, before)],
      [helper, { descriptors: 0, threads: 0, isMemoryFlat: true }],
    );
  }).timeout(count * 10_000);
});

async function createAndDestroy(stage: Stage): Promise<void> {
  const session = await stage.start(['cat']);
  const host = await stage.hostPid(session);
  const stopped = await stage.client.stop(session.id, 0);
  stage.ledger.note(await stage.client.delete(stopped));
  await processEnd(host);
}

/** What is just being written or closed is not kept. */
function restingUse(pid: number, before: ProcessUse): Promise<ProcessUse> {
  const isResting = (use: ProcessUse) => use.descriptors <= before.descriptors && use.threads <= before.threads;
  return waitFor(() => processUse(pid), isResting).catch(() => processUse(pid));
}

function difference(after: ProcessUse, before: ProcessUse): object {
  return {
    descriptors: Math.max(0, after.descriptors - before.descriptors),
    threads: Math.max(0, after.threads - before.threads),
    isMemoryFlat: after.memory - before.memory < maxGrowth,
  };
}
