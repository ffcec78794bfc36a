import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sweepDrafts } from '../../../src/node/leftDrafts.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** Of a process that has ended. */
const deadPid = spawnSync(process.execPath, ['--version']).pid;

describe('what a killed writer has left', () => {
  const dirs = useTempDirs();

  const cases: [name: string, age: number, isSwept: boolean, when: string][] = [
    [`.sessions.json.${deadPid}-1.draft`, 2 * minute, true, 'a minute later, once its process is gone'],
    [`.sessions.json.${deadPid}-1.draft.1234567890`, 2 * minute, true, 'a minute later, incomplete as it is'],
    [`.sessions.json.${deadPid}-1.draft`, minute / 2, false, 'while it may still be written'],
    [`.sessions.json.${process.pid}-1.draft`, 2 * minute, false, 'while its process lives'],
    [`.sessions.json.${process.pid}-1.draft`, 2 * day, true, 'a day later, when its pid is another process’s'],
    ['sessions.json.1234567890', 2 * day, true, 'a day later, if the first builds left it'],
    ['sessions.json.1234567890', 2 * minute, false, 'on the same day, if the first builds left it'],
    ['sessions.json', 2 * day, false, 'if it is the file itself'],
    ['notes.draft', 2 * day, false, 'if it is somebody else’s'],
  ];
  for (const [name, age, isSwept, when] of cases) {
    const verb = isSwept ? 'is swept' : 'is not swept';
    it(`${verb} ${when}: ${name.replace(/\d{3,9}(?=-)/, 'PID')}`, async () => {
      const folder = await dirs.make();
      const file = path.join(folder, name);
      await writeFile(file, 'half');
      const written = new Date(Date.now() - age);
      await utimes(file, written, written);
      assert.deepEqual([await sweepDrafts(folder), await readdir(folder)], isSwept ? [1, []] : [0, [name]]);
    });
  }

  it('is nothing where there is no folder', async () => {
    assert.equal(await sweepDrafts(path.join(await dirs.make(), 'none')), 0);
  });
});
