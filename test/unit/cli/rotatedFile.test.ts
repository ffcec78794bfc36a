import assert from 'node:assert/strict';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RotatedFile } from '../../../src/cli/rotatedFile.ts';
import { tempDirs } from '../../support/tempDirs.ts';

describe('reading a file that is rotated', () => {
  const dirs = tempDirs();
  let file: string;
  let previous: string;
  let reader: RotatedFile;

  beforeEach(async () => {
    const folder = await dirs.make('rotated');
    file = path.join(folder, 'log');
    previous = path.join(folder, 'log.1');
    reader = new RotatedFile(file, previous);
  });

  afterEach(async () => {
    await reader.close();
    await dirs.remove();
  });

  async function read(): Promise<string[]> {
    const lines: string[] = [];
    for await (const line of reader.read()) lines.push(line);
    return lines;
  }

  it('gives the lines of both files, the older first', async () => {
    await writeFile(previous, 'a\nb\n');
    await writeFile(file, 'c\n');
    assert.deepEqual(await read(), ['a', 'b', 'c']);
  });

  it('gives nothing where there is no file yet, and its lines once there is', async () => {
    const before = await read();
    await writeFile(file, 'a\n');
    assert.deepEqual([before, await read()], [[], ['a']]);
  });

  it('gives what was added since, in whole lines and characters', async () => {
    const text = Buffer.from('schön\n');
    await writeFile(file, Buffer.concat([Buffer.from('a\n'), text.subarray(0, 4)]));
    const before = await read();
    await appendFile(file, text.subarray(4));
    assert.deepEqual([before, await read()], [['a'], ['schön']]);
  });

  it('misses nothing that was written just before the file was rotated', async () => {
    await writeFile(file, 'a\n');
    const before = await read();
    await appendFile(file, 'b\n');
    await rename(file, previous);
    await writeFile(file, 'c\n');
    assert.deepEqual([before, await read()], [['a'], ['b', 'c']]);
  });

  it('waits for the new file where the old one was only just renamed', async () => {
    await writeFile(file, 'a\n');
    await read();
    await rename(file, previous);
    const between = await read();
    await writeFile(file, 'b\n');
    assert.deepEqual([between, await read()], [[], ['b']]);
  });
});
