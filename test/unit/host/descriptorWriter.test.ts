import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { DescriptorWriter } from '../../../src/host/descriptorWriter.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

/** Named pipes behave as pseudoterminals do here: they fill up, and refuse more with `EAGAIN`. */
describe('the descriptor writer', () => {
  if (process.platform === 'win32') return;
  const dirs = useTempDirs();
  let pipe: string;
  let reader: number;
  let descriptor: number;
  let writer: DescriptorWriter;

  beforeEach(async () => {
    pipe = path.join(await dirs.make(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    descriptor = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    writer = new DescriptorWriter(descriptor);
  });

  afterEach(() => {
    writer.close();
    closeSync(descriptor);
    closeSync(reader);
  });

  it('brings a megabyte through a pipe that holds 64 KiB, whole and in order', async () => {
    const data = randomBytes(1024 * 1024);
    const child = spawn('sha256sum', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
    const answer = once(child.stdout, 'data');
    await Promise.all([writer.write(data.subarray(0, 300_000)), writer.write(data.subarray(300_000))]);
    closeSync(descriptor);
    descriptor = openSync('/dev/null', 'w');
    const [line] = await answer;
    assert.equal(String(line).split(' ')[0], createHash('sha256').update(data).digest('hex'));
  });

  it('resolves a write only once the pipe has taken all of it', async () => {
    let taken = false;
    const write = writer.write(Buffer.alloc(100_000)).then(() => {
      taken = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    const before = taken;
    drain(reader);
    await write;
    assert.deepEqual([before, taken], [false, true]);
  });

  it('lets go of what waits when it is closed', async () => {
    const write = writer.write(Buffer.alloc(100_000));
    writer.close();
    await write;
    await writer.write(Buffer.from('more'));
    assert.equal(drain(reader) < 100_000, true);
  });

  it('gives up, without an exception, on a pipe that nobody reads any more', async () => {
    closeSync(reader);
    await writer.write(Buffer.from('x'));
    reader = openSync('/dev/null', 'r');
    assert.ok(true);
  });

  it('takes a write of nothing as done', async () => {
    await writer.write(Buffer.alloc(0));
    assert.equal(drain(reader), 0);
  });
});

/** Reads what is there; returns how much it was. */
function drain(descriptor: number): number {
  const buffer = Buffer.alloc(64 * 1024);
  let total = 0;
  try {
    for (let count = -1; count !== 0; total += count) count = readSync(descriptor, buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
  return total;
}
