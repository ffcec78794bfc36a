import assert from 'node:assert/strict';
import { utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isMarkFresh, leaveMark } from '../../../src/helper/helperMark.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

const day = 86_400;

describe('the mark of a helper', () => {
  const dirs = useTempDirs();
  let file: string;
  beforeEach(async () => {
    file = path.join(await dirs.make(), 'helper.json');
  });

  it('is fresh right after it was left', async () => {
    await writeFile(file, '');
    await utimes(file, 0, 0);
    const before = await isMarkFresh(file);
    await leaveMark(file);
    assert.deepEqual([before, await isMarkFresh(file)], [false, true]);
  });

  const marks: [what: string, age: number, uptime: number, isFresh: boolean][] = [
    ['of less than two minutes ago', 119, day, true],
    ['of two minutes ago', 120, day, false],
    ['of less than two minutes from now, for the clock was put back', -119, day, true],
    ['of before the machine was started', 60, 59, false],
    ['of after the machine was started', 60, 61, true],
  ];
  for (const [what, age, uptime, isFresh] of marks) {
    it(`is ${isFresh ? '' : 'not '}fresh where it is one ${what}`, async () => {
      await writeFile(file, '');
      const now = 1_800_000_000;
      await utimes(file, now - age, now - age);
      assert.equal(await isMarkFresh(file, { now: now * 1_000, uptime }), isFresh);
    });
  }

  it('is not fresh where there is none', async () => {
    assert.equal(await isMarkFresh(file), false);
  });
});
