import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { draftOf, parseDraftName } from '../../../src/node/drafts.ts';
import { revokeDrafts, sweepDrafts } from '../../../src/node/leftDrafts.ts';
import { FaultyDisk } from '../../faults/support/faultyDisk.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

describe('the name of a draft', () => {
  it('is another one in each process, be its pid the same', async () => {
    const drafts = path.join(import.meta.dirname, '../../../src/node/drafts.ts');
    const [first, second] = await Promise.all(['first', 'second'].map((name) => import(`${drafts}?${name}`)));
    assert.notEqual(first.draftOf('/storage/file'), second.draftOf('/storage/file'));
  });

  it('tells whose it is', () => {
    assert.deepEqual(parseDraftName(path.basename(draftOf('/storage/file'))), { pid: process.pid });
  });
});

/** Of a process that has ended. */
const deadPid = spawnSync(process.execPath, ['--version']).pid;

describe('what a killed writer has left', () => {
  const dirs = useTempDirs();

  const cases: [name: string, age: number, isSwept: boolean, when: string][] = [
    [`.sessions.json.${deadPid}-1.draft`, 2 * minute, true, 'a minute later, once its process is gone'],
    [`.sessions.json.${deadPid}-0a9f.draft`, 2 * minute, true, 'a minute later, whatever else its name holds'],
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

  it('stays for the next time where it cannot be removed', async () => {
    const folder = await dirs.make();
    for (const name of ['a', 'b']) {
      await writeFile(path.join(folder, `.${name}.${deadPid}-1.draft`), 'half');
      await utimes(path.join(folder, `.${name}.${deadPid}-1.draft`), 0, 0);
    }
    const disk = new FaultyDisk(folder, { fault: { kind: 'EPERM', at: 1 } });
    const swept = await sweepDrafts(folder);
    disk.restart();
    assert.deepEqual([swept, await sweepDrafts(folder), await readdir(folder)], [1, 1, []]);
  });

  it('stays for the next time where the folder cannot be read', async () => {
    const folder = await dirs.make();
    const disk = new FaultyDisk(folder, { withReads: true, fault: { kind: 'EACCES', at: 1 } });
    try {
      assert.equal(await sweepDrafts(folder), 0);
    } finally {
      disk.restart();
    }
  });

  it('is nothing where there is no folder', async () => {
    assert.equal(await sweepDrafts(path.join(await dirs.make(), 'none')), 0);
  });
});

describe('what a writer that lives has begun', () => {
  const dirs = useTempDirs();

  it('is revoked for one file, and nobody else’s with it', async () => {
    const folder = await dirs.make();
    const own = ['.record.json.7-0a.draft', '.record.json.7-0b.draft.123'];
    const others = ['.launch.json.7-0a.draft', '.record.json.77-0a.draft', 'record.json'];
    for (const name of [...own, ...others]) await writeFile(path.join(folder, name), '{}');
    await revokeDrafts(path.join(folder, 'record.json'), 7);
    assert.deepEqual((await readdir(folder)).sort(), others);
  });

  it('is nothing where there is no folder', async () => {
    await assert.doesNotReject(revokeDrafts(path.join(await dirs.make(), 'none', 'record.json'), 7));
  });
});
