import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type LockAttempt, tryLock } from '../../src/node/lockFile.ts';
import type { LockOwner } from '../../src/node/lockOwner.ts';
import { ownIdentity } from '../../src/node/processIdentity.ts';
import { quarantine, quarantineFolder } from '../../src/node/quarantine.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import type { FaultKind } from './support/faults.ts';
import { forEveryFault } from './support/forEveryFault.ts';
import { afterOurEnd } from './support/lockOwners.ts';

describe('a lock, whatever happens while it is taken and given up', () => {
  const dirs = useTempDirs();
  const attempts = new Map<string, PromiseSettledResult<LockAttempt>[]>();

  for (const [what, arrange] of [
    ['that is free', undefined],
    ['that a dead owner has left', leaveStaleLock],
    ['for whose replacement a dead taker had the right', leaveStaleRight],
  ] as const) {
    const trial = {
      dirs,
      // With the third there are many, of which the second has every kind.
      withReads: arrange !== leaveStaleRight,
      ...(arrange && { arrange }),
      /** Two takers at once, and whoever has it gives it up. */
      act: async (folder: string) => {
        const settled = await Promise.allSettled([tryLock(fileIn(folder)), tryLock(fileIn(folder))]);
        attempts.set(folder, settled);
        for (const lock of settled.flatMap(wonLock)) await lock.release();
        const refused = settled.find((attempt) => attempt.status === 'rejected');
        if (refused) throw refused.reason;
      },
    };

    it(`has one owner at most, and can be had again and leaves nothing once its process has ended: one ${what}`, async () => {
      await forEveryFault({
        ...trial,
        check: async ({ folder }) => {
          const owners = (attempts.get(folder) ?? []).flatMap(wonLock).length;
          assert.ok(owners <= 1, `${owners} owners`);
          await ageAll(folder);
          const [lock] = wonLock({ status: 'fulfilled', value: await tryLock(fileIn(folder), afterOurEnd()) });
          await lock?.release();
          assert.deepEqual([lock !== undefined, await readdir(folder)], [true, []]);
        },
      });
    });

    it(`can be had again at once and leaves nothing after a failure: one ${what}`, async () => {
      await forEveryFault({
        ...trial,
        kinds: failures,
        check: async ({ folder }) => {
          const [lock] = wonLock({ status: 'fulfilled', value: await tryLock(fileIn(folder)) });
          await lock?.release();
          assert.deepEqual([lock !== undefined, await readdir(folder)], [true, []]);
        },
      });
    });
  }
});

describe('a damaged file, whatever happens while it is put into quarantine', () => {
  const dirs = useTempDirs();
  const text = '{"version":"1.0","sess';

  it('stays where it is, and is there a second time, whole and with a report, once that has resolved', async () => {
    await forEveryFault({
      dirs,
      withReads: true,
      arrange: (folder) => writeFile(fileIn(folder), text),
      act: (folder) => quarantine(fileIn(folder), { reason: 'it is not whole JSON' }),
      check: async ({ folder, error }) => {
        const kept = await contentsOf(quarantineFolder(folder));
        const [copies, reports] = [kept.filter((one) => one === text), kept.filter((one) => one !== text)];
        assert.deepEqual(
          {
            file: await readFile(fileIn(folder), 'utf8'),
            isKept: error !== undefined || (copies.length === 1 && reports.length === 1),
            reasons: reports.map((report) => JSON.parse(report).reason),
          },
          { file: text, isKept: true, reasons: reports.map(() => 'it is not whole JSON') },
        );
      },
    });
  });

  it('is where it was or in quarantine where it is a folder, and in quarantine once that has resolved', async () => {
    await forEveryFault({
      dirs,
      withReads: true,
      arrange: async (folder) => {
        await mkdir(fileIn(folder));
        await writeFile(path.join(fileIn(folder), 'inside'), text);
      },
      act: (folder) => quarantine(fileIn(folder), { reason: 'it is no regular file' }),
      check: async ({ folder, error }) => {
        const places = [folder, quarantineFolder(folder)].map(insideOf);
        const [stayed, moved] = await Promise.all(places);
        assert.deepEqual([stayed ?? moved, error !== undefined || moved !== undefined], [text, true]);
      },
    });
  });

  /** What the folder in the place of the file holds; undefined where it is not in `folder`. */
  async function insideOf(folder: string): Promise<string | undefined> {
    for (const name of await readdir(folder).catch(() => [])) {
      if (!name.endsWith('some.lock')) continue;
      if ((await stat(path.join(folder, name))).isDirectory())
        return readFile(path.join(folder, name, 'inside'), 'utf8');
    }
    return undefined;
  }
});

const failures: readonly FaultKind[] = [
  'ENOSPC',
  'EIO',
  'EPERM',
  'EACCES',
  'the disk is full from here on',
  'only half is written',
];

const deadNonce = '10000000-0000-4000-8000-000000000001';

function fileIn(folder: string): string {
  return path.join(folder, 'some.lock');
}

async function leaveStaleLock(folder: string): Promise<void> {
  await writeFile(fileIn(folder), JSON.stringify(await deadOwner(deadNonce)));
}

async function leaveStaleRight(folder: string): Promise<void> {
  await leaveStaleLock(folder);
  const right = `${fileIn(folder)}.${deadNonce.slice(0, 8)}`;
  await writeFile(right, JSON.stringify(await deadOwner('20000000-0000-4000-8000-000000000002')));
}

/** One that had our pid before us. */
async function deadOwner(nonce: string): Promise<LockOwner> {
  return { ...(await ownIdentity()), startTime: 'earlier', host: 'here', nonce };
}

function wonLock(attempt: PromiseSettledResult<LockAttempt>) {
  return attempt.status === 'fulfilled' && 'lock' in attempt.value ? [attempt.value.lock] : [];
}

/** As if everything in the folder had been written long ago. */
async function ageAll(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await utimes(path.join(folder, name), 1, 1);
}

async function contentsOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => !name.includes('.draft'));
  return Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
}
