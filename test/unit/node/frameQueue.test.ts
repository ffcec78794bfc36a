import assert from 'node:assert/strict';
import { FrameQueue } from '../../../src/node/frameQueue.ts';

const now = new Date('2026-01-09T00:00:00.000Z');

describe('frames that wait for the disk', () => {
  it('go one by one, as far as they are whole in what was written', () => {
    const lengths = [0, 1, 2].map((event) => aQueue([event]).batch().bytes.length);
    const [first = 0, second = 0] = lengths;
    const left = [0, first - 2, first - 1, first, first + second - 2, first + second - 1].map((written) => {
      const queue = aQueue([0, 1, 2]);
      queue.batch().remove(written);
      return waiting(queue);
    });
    assert.deepEqual(left, [[0, 1, 2], [0, 1, 2], [1, 2], [1, 2], [1, 2], [2]]);
  });

  it('stay where not even what comes before them was written', () => {
    const queue = aQueue([0]);
    queue.batch().remove(-1);
    assert.deepEqual(waiting(queue), [0]);
  });

  it('stay where they came after what was written', () => {
    const queue = aQueue([0]);
    const batch = queue.batch();
    queue.add({ event: 1 });
    batch.remove(batch.bytes.length);
    assert.deepEqual([waiting(queue), queue.bytes], [[1], batch.bytes.length]);
  });

  it('are counted where there is no room, until that was written', () => {
    const room = aQueue([0]).bytes;
    const queue = aQueue([0, 1, 2], room);
    const batch = queue.batch(now);
    queue.add({ event: 3 });
    assert.equal(
      batch.bytes.toString().split('\n')[1]?.slice(18),
      `{"at":"${now.toISOString()}","type":"dropped","count":2}`,
    );
    batch.remove(batch.bytes.length);
    assert.deepEqual(
      queue.batch(now).bytes.toString().slice(18).trim(),
      `{"at":"${now.toISOString()}","type":"dropped","count":1}`,
    );
  });

  it('are no more once all were written', () => {
    const queue = aQueue([0, 1], 1);
    assert.equal(queue.isEmpty, false);
    const batch = queue.batch();
    batch.remove(batch.bytes.length);
    assert.deepEqual([queue.isEmpty, queue.bytes], [true, 0]);
  });
});

function aQueue(events: number[], maxBytes = 1000): FrameQueue {
  const queue = new FrameQueue(maxBytes);
  for (const event of events) queue.add({ event });
  return queue;
}

function waiting(queue: FrameQueue): unknown[] {
  const lines = queue.batch().bytes.toString().split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line.slice(18)).event);
}
