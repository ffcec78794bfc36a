import assert from 'node:assert/strict';
import { isOlderVersion, negotiate } from '../../../src/protocol/versions.ts';

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

describe('isOlderVersion', () => {
  const cases: [older: string, newer: string][] = [
    ['0.1.0', '0.1.1'],
    ['0.9.0', '0.10.0'],
    ['1.9.9', '2.0.0'],
    ['', '0.0.1'],
  ];
  for (const [older, newer] of cases) {
    it(`puts ${older || 'no version'} before ${newer}`, () => {
      assert.deepEqual([isOlderVersion(older, newer), isOlderVersion(newer, older)], [true, false]);
    });
  }

  it('puts a version not before itself', () => {
    assert.equal(isOlderVersion('1.2.3', '1.2.3'), false);
  });
});
