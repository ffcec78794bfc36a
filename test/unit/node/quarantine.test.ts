import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { quarantine, quarantineFolder } from '../../../src/node/quarantine.ts';
import { readRegistryFile } from '../../../src/node/registryFile.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { itOnUnix } from '../../support/unix.ts';

const now = new Date('2026-01-02T03:04:05.678Z');

describe('a damaged file', () => {
  const dirs = useTempDirs();

  it('is kept byte by byte under a name of its own, with a report, and stays until it is replaced', async () => {
    const folder = await dirs.make();
    const file = path.join(folder, 'sessions.json');
    const content = Buffer.from([0xff, 0x00, 0xfe]);
    await writeFile(file, content);
    const copy = (await quarantine(file, { reason: 'it is not whole JSON', hopeless: [1] }, now)) ?? '';
    assert.deepEqual(
      {
        name: path.relative(folder, copy),
        copy: await readFile(copy),
        report: JSON.parse(await readFile(`${copy}.report.json`, 'utf8')),
        file: await readFile(file),
      },
      {
        name: path.join('quarantine', '2026-01-02T03-04-05.678Z-sessions.json'),
        copy: content,
        report: { file, at: now.toISOString(), reason: 'it is not whole JSON', hopeless: [1] },
        file: content,
      },
    );
  });

  it('leaves nothing where it is gone', async () => {
    const folder = await dirs.make();
    const copy = await quarantine(path.join(folder, 'sessions.json'), { reason: 'x' }, now);
    assert.deepEqual([copy, await readdir(folder)], [undefined, []]);
  });

  itOnUnix('is moved away where it is a pipe, which nobody waits for', async () => {
    const folder = await dirs.make();
    const file = path.join(folder, 'sessions.json');
    execFileSync('mkfifo', [file]);
    const reading = await readRegistryFile(file);
    await quarantine(file, { reason: 'x' }, now);
    assert.deepEqual(
      [
        reading.state === 'damaged' && reading.reason,
        await readdir(folder),
        (await readdir(quarantineFolder(folder))).length,
      ],
      ['it is no regular file', ['quarantine'], 2],
    );
  });
});
