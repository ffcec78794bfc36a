import assert from 'node:assert/strict';
import fc from 'fast-check';
import { backoff } from '../../../src/base/backoff.ts';

describe('backoff', () => {
  it('starts at the initial delay and stays between it and the maximum', () => {
    const inputs = fc.record({ initial: fc.integer({ min: 1, max: 100 }), max: fc.integer({ min: 100, max: 10_000 }) });
    fc.assert(
      fc.property(inputs, fc.double({ min: 0, max: 0.999, noNaN: true }), ({ initial, max }, luck) => {
        const delays = take(backoff({ initial, max, random: () => luck }), 30);
        return delays[0] === initial && delays.every((delay) => delay >= initial && delay <= max);
      }),
    );
  });

  it('triples at most from one delay to the next', () => {
    assert.deepEqual(take(backoff({ initial: 10, max: 500, random: () => 1 }), 6), [10, 30, 90, 270, 500, 500]);
  });
});

function take<T>(generator: Generator<T>, count: number): T[] {
  return Array.from({ length: count }, () => generator.next().value as T);
}
