import assert from 'node:assert/strict';
import type { SessionWork } from '../../../src/core/overlap.ts';
import { OverlapRadar } from '../../../src/helper/overlapRadar.ts';

describe('two sessions about which git did not answer', () => {
  it('are looked at again after a while, not at once and not for ever', async () => {
    let [now, isWell] = [0, false];
    // A git that fails and then does not: a fault that a real one cannot be made to have at will.
    const result = async () => {
      if (!isWell) throw new Error('git took too long');
      return { exitCode: 0, stdout: `${'a'.repeat(40)}\0`, stderr: '' };
    };
    const radar = new OverlapRadar({ git: { result }, monotonic: () => now });
    const works = ['a', 'b'].map(aWork);
    const pending = [radar.hasPending(works)];
    await radar.checkOne(works);
    pending.push(radar.hasPending(works));
    [now, isWell] = [60_001, true];
    pending.push(radar.hasPending(works));
    await radar.checkOne(works);
    now *= 2;
    pending.push(radar.hasPending(works));
    assert.deepEqual(
      [pending, radar.overlaps(works).map(({ merge }) => merge.state)],
      [[true, false, true, false], ['clean']],
    );
  });
});

function aWork(digit: string): SessionWork {
  const files = new Set(['file.txt']);
  return { id: digit, folder: `/repo/${digit}`, head: digit.repeat(40), committed: files, uncommitted: new Set() };
}
