import assert from 'node:assert/strict';
import { negotiate } from '../../../src/protocol/versions.ts';

describe('negotiate', () => {
  const cases: [what: string, ours: [number, number], theirs: [number, number], agreed: number | undefined][] = [
    ['the only version of both', [1, 1], [1, 1], 1],
    ['the newest of both', [1, 3], [2, 5], 3],
    ['an older one for an older side', [1, 3], [1, 1], 1],
    ['none where theirs are all newer', [1, 2], [3, 4], undefined],
    ['none where theirs are all older', [3, 4], [1, 2], undefined],
  ];
  for (const [what, [min, max], [theirMin, theirMax], agreed] of cases) {
    it(`agrees on ${what}`, () => {
      assert.equal(negotiate({ min, max }, { min: theirMin, max: theirMax }), agreed);
    });
  }
});
