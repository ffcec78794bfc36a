import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { raiseEpoch, writeEpoch } from '../../../src/helper/epochFile.ts';
import { ServingRight } from '../../../src/helper/servingRight.ts';
import { writeJson } from '../../../src/node/durableFile.ts';
import { supersedeLock, tryLock } from '../../../src/node/lockFile.ts';
import { type LockOwner, readLock } from '../../../src/node/lockOwner.ts';
import { silentLog } from '../../../src/node/log.ts';
import { type RepositoryPlaces, repositoryPlaces, thisMachine } from '../../../src/node/places.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

const key = '0123456789abcdef';

describe('the epoch of a helper', () => {
  const places = usePlaces();
  const now = Date.UTC(2030, 0, 1);
  const floor = now / 1000;

  it('is one higher than that of the helper before', async () => {
    const first = await raiseEpoch(places(), now);
    assert.deepEqual([await raiseEpoch(places(), now), await raiseEpoch(places(), 0)], [first + 1, first + 2]);
  });

  for (const [what, content] of [
    ['lost', undefined],
    ['damaged', '{"epoch": -'],
    ['without sense', '{"epoch": "many"}'],
  ] as const) {
    it(`is higher than any that was noted where its file is ${what}`, async () => {
      const { epochFile, helperFile } = places();
      if (content !== undefined) await writeFile(epochFile, content);
      await writeJson(helperFile, { pid: 1, epoch: floor + 10 });
      await writeJson(path.join(places().sessionsFolder, 'one', 'host.json'), { epoch: floor + 20 });
      assert.equal(await raiseEpoch(places(), now), floor + 21);
    });
  }

  it('is higher than any there can have been where all that noted it is lost', async () => {
    assert.equal(await raiseEpoch(places(), now), floor + 1);
  });
});

describe('the right to serve a repository', () => {
  const places = usePlaces();
  let right: ServingRight;
  let lost: number;
  beforeEach(async () => {
    right = await ServingRight.begin(places(), await takeLock(places().helperLock), silentLog);
    lost = 0;
    right.onLost(() => lost++);
  });

  /** Whether it may be used, what a check says, and how often its loss was told. */
  async function state(): Promise<unknown[]> {
    const use = await right.require().then(
      () => 'usable',
      (error) => error.code,
    );
    return [use, await right.check(), lost];
  }

  it('is held while nobody else has it', async () => {
    assert.deepEqual(await state(), ['usable', 'held', 0]);
  });

  it('is lost once another helper has its lock', async () => {
    await supersede();
    assert.deepEqual(
      [await state(), await state()],
      [
        ['CONNECTION_LOST', 'lost', 1],
        ['CONNECTION_LOST', 'lost', 1],
      ],
    );
  });

  it('is lost where another helper has begun an epoch, even if that is gone', async () => {
    await writeEpoch(places().epochFile, right.epoch + 1);
    assert.deepEqual(await state(), ['CONNECTION_LOST', 'lost', 1]);
  });

  it('is lost where another helper had the lock and gave it up', async () => {
    const successor = await supersede();
    await writeEpoch(places().epochFile, right.epoch + 1);
    await successor.release();
    assert.deepEqual(await state(), ['CONNECTION_LOST', 'lost', 1]);
  });

  it('is taken again where the folder was deleted, which is told once, and its epoch is written again', async () => {
    await rm(places().folder, { recursive: true });
    const states = [await state(), await state()];
    const restored = [await right.restore(), await right.restore(), await raiseEpoch(places(), 0)];
    assert.deepEqual(
      [states, restored],
      [
        [
          ['usable', 'retaken', 0],
          ['usable', 'held', 0],
        ],
        [true, false, right.epoch + 1],
      ],
    );
  });

  it('is not lost where the lock does not say whose it is', async () => {
    await writeFile(places().helperLock, 'damaged');
    await assert.doesNotReject(right.require());
  });

  async function supersede() {
    const { helperLock, takeoverLock } = places();
    const takeover = await takeLock(takeoverLock);
    const attempt = await supersedeLock(helperLock, (await readLock(helperLock)) as LockOwner, takeover);
    assert.ok('lock' in attempt);
    return attempt.lock;
  }
});

async function takeLock(file: string) {
  const attempt = await tryLock(file);
  assert.ok('lock' in attempt);
  return attempt.lock;
}

/** Places in a folder of their own for each test. */
function usePlaces(): () => RepositoryPlaces {
  const dirs = useTempDirs();
  let places: RepositoryPlaces;
  beforeEach(async () => {
    places = repositoryPlaces(thisMachine({ HOLDFAST_STATE_DIR: await dirs.make() }), key);
    await mkdir(places.folder, { recursive: true });
  });
  return () => places;
}
