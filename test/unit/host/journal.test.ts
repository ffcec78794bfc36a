import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Journal } from '../../../src/host/journal.ts';

const capacity = 16 * 1024;
const appends = fc.array(fc.integer({ min: 0, max: 3 * capacity }), { maxLength: 12 });

describe('the journal', () => {
  it('holds exactly the last bytes of what was written, at their offsets', () => {
    fc.assert(
      fc.property(appends, fc.nat(1_000_000), fc.nat(), fc.nat(), (sizes, startSeq, from, max) => {
        const journal = new Journal(capacity, startSeq);
        const all = Buffer.concat(sizes.map((size, index) => fill(size, index)));
        write(journal, sizes);
        const start = journal.start + (from % (journal.end - journal.start + 1));
        assert.deepEqual(
          { end: journal.end, data: journal.read(start, max % capacity) },
          { end: startSeq + all.length, data: all.subarray(start - startSeq).subarray(0, max % capacity) },
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

/** Bytes that tell where they stand. */
function fill(size: number, index: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, at) => (at * 31 + index * 7 + (at >> 8)) % 256));
}
