// Reads a number of bytes of input in raw mode, at most so many per turn, and prints their SHA-256.
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';

const [expected = '0', perTurn = '65536', pause = '0'] = process.argv.slice(2);
process.stdin.setRawMode(true);
process.stdout.write('ready\r\n');
const hash = createHash('sha256');
const buffer = Buffer.alloc(Number(perTurn));
for (let left = Number(expected); left > 0; ) {
  const count = read(Math.min(left, buffer.length));
  hash.update(buffer.subarray(0, count));
  left -= count;
  if (Number(pause)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(pause));
}
process.stdout.write(`sha256 ${hash.digest('hex')}\r\n`);

function read(length: number): number {
  for (;;) {
    try {
      return readSync(0, buffer, 0, length, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
