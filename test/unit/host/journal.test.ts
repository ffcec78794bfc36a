import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Journal } from '../../../src/host/journal.ts';

const capacity = 8 * 1024;
const appends = fc.array(fc.integer({ min: 0, max: 2 * capacity }), { maxLength: 8 });
/** Bytes that tell where they stand; a prime number of them, so that they never fall in step with the ring. */
const pattern = Buffer.from(Array.from({ length: 8191 }, (_, at) => (at * 31 + (at >> 8)) % 256));

describe('the journal', () => {
  it('holds exactly the last bytes of what was written, at their offsets', () => {
    fc.assert(
      fc.property(appends, fc.nat(1_000_000), fc.nat(), fc.nat(), (sizes, startSeq, from, max) => {
        const journal = new Journal(capacity, startSeq);
        const all = Buffer.concat(sizes.map((size, index) => fill(size, index)));
        write(journal, sizes);
        const start = journal.start + (from % (journal.end - journal.start + 1));
        const expected = all.subarray(start - startSeq).subarray(0, max % capacity);
        assert.deepEqual(
          [journal.end, journal.read(start, max % capacity).equals(expected)],
          [startSeq + all.length, true],
        );
      }),
    );
  });

  it('holds at least as much as its capacity, as far as so much was written, and no more', () => {
    fc.assert(
      fc.property(appends, fc.nat(1_000_000), (sizes, startSeq) => {
        const journal = new Journal(capacity, startSeq);
        write(journal, sizes);
        assert.equal(journal.end - journal.start, Math.min(journal.end - startSeq, capacity));
      }),
    );
  });

  it('says which offsets it holds, its end included', () => {
    const journal = new Journal(capacity, 100);
    write(journal, [capacity + 10]);
    const held = [109, 110, 110 + capacity, 111 + capacity].map((offset) => journal.holds(offset));
    assert.deepEqual(held, [false, true, true, false]);
  });
});

function write(journal: Journal, sizes: number[]): void {
  for (const [index, size] of sizes.entries()) journal.append(fill(size, index));
}

function fill(size: number, index: number): Buffer {
  return Buffer.alloc(size, pattern.subarray(index));
}
