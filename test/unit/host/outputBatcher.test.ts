import assert from 'node:assert/strict';
import { mock } from 'node:test';
import fc from 'fast-check';
import { OutputBatcher } from '../../../src/host/outputBatcher.ts';
import { maxPayload } from '../../../src/protocol/frames.ts';

describe('the output batcher', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('sends the first chunk after a pause at once and joins what follows closely', () => {
    const { batcher, batches } = collect();
    for (const size of [300, 400, 500]) batcher.push(Buffer.alloc(size));
    mock.timers.tick(2);
    mock.timers.tick(2);
    batcher.push(Buffer.alloc(600));
    assert.deepEqual(
      batches.map(({ length }) => length),
      [300, 900, 600],
    );
  });

  it('sends keys that are echoed one after the other at once, but not endlessly many of them', () => {
    const { batcher, batches } = collect();
    for (let key = 0; key < 100; key++) batcher.push(Buffer.from('x'));
    assert.equal(batches.length, 33);
  });

  it('does not wait for the end of the window once a batch is full', () => {
    const { batcher, batches } = collect();
    for (const size of [1, 32 * 1024 - 1, 1]) batcher.push(Buffer.alloc(size, 'x'));
    assert.deepEqual(
      batches.map(({ length }) => length),
      [1, 32 * 1024],
    );
  });

  it('sends what waits when it is told to', () => {
    const { batcher, batches } = collect();
    for (const size of [300, 400]) batcher.push(Buffer.alloc(size));
    batcher.flush();
    batcher.flush();
    assert.deepEqual(
      batches.map(({ length }) => length),
      [300, 400],
    );
  });

  it('loses and reorders nothing, and never sends more than one frame can carry', () => {
    const actions = fc.array(fc.oneof(fc.integer({ min: 1, max: 3 * maxPayload }), fc.constantFrom('flush', 'tick')), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(actions, (steps) => {
        const { batcher, batches } = collect();
        const sent = run(batcher, steps);
        assert.equal(batches.join(''), sent);
        assert.ok(batches.every(({ length }) => length <= maxPayload));
      }),
      { numRuns: 30 },
    );
  });
});

function collect() {
  const batches: string[] = [];
  return { batches, batcher: new OutputBatcher((batch) => batches.push(batch.toString('latin1'))) };
}

/** Returns everything that was pushed, in order. */
function run(batcher: OutputBatcher, steps: (number | string)[]): string {
  let sent = '';
  for (const [index, step] of steps.entries()) {
    if (step === 'flush') batcher.flush();
    else if (step === 'tick') mock.timers.tick(2);
    else {
      const chunk = Buffer.alloc(Number(step), 97 + (index % 26));
      sent += chunk.toString('latin1');
      batcher.push(chunk);
    }
  }
  batcher.flush();
  mock.timers.tick(10);
  return sent;
}
