import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { creationLockFile } from '../../../src/node/creationLocks.ts';
import { findLocks } from '../../../src/node/findLocks.ts';
import { tryLock } from '../../../src/node/lockFile.ts';
import { type LockOwner, readLock } from '../../../src/node/lockOwner.ts';
import { type Machine, repositoryPlaces, sessionPlaces, thisMachine } from '../../../src/node/places.ts';
import { oddFiles } from '../../support/oddFiles.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { itOnUnix } from '../../support/unix.ts';

const key = '0123456789abcdef';

describe('the locks of a repository', () => {
  const dirs = useTempDirs();
  let machine: Machine;
  let state: string;
  beforeEach(async () => {
    state = await dirs.make('state');
    machine = thisMachine({ ...process.env, HOLDFAST_STATE_DIR: state });
  });

  it('are none where there was never a session', async () => {
    assert.deepEqual(await findLocks({ machine, key }), []);
  });

  it('are those of all kinds, each with its session', async () => {
    const { folder, helperLock } = repositoryPlaces(machine, key);
    const storage = path.join(state, 'elsewhere', 'storage.lock');
    const use = path.join(state, 'runtime', '1.0.0-abc', 'uses', `${randomUUID()}.lock`);
    const files = [
      helperLock,
      sessionPlaces(machine, key, 'one').hostLock,
      creationLockFile(folder, 'two'),
      use,
      storage,
    ];
    for (const file of files) await tryLock(file);
    const found = await findLocks({ machine, key, extra: [storage] });
    assert.deepEqual(
      found.map(({ kind, file, state: lockState, sessionId }) => [kind, file, lockState, sessionId]),
      [
        ['helper', files[0], 'held', undefined],
        ['host', files[1], 'held', 'one'],
        ['creation', files[2], 'held', 'two'],
        ['runtime', files[3], 'held', undefined],
        ['storage', files[4], 'held', undefined],
      ],
    );
  });

  it('are not those of other repositories, which run from the same copies', async () => {
    await tryLock(path.join(state, 'runtime', '1.0.0-abc', 'uses', `${randomUUID()}.lock`));
    assert.deepEqual(await findLocks({ machine, key }), []);
  });

  it('tell since when they are held, and whether their owner is proven alive or gone', async () => {
    const { folder, helperLock } = repositoryPlaces(machine, key);
    await tryLock(helperLock);
    const living = (await readLock(helperLock)) as LockOwner;
    await mkdir(folder, { recursive: true });
    await writeFile(creationLockFile(folder, 'a'), JSON.stringify({ ...living, startTime: 'earlier' }));
    await writeFile(creationLockFile(folder, 'b'), '');
    for (const file of [helperLock, creationLockFile(folder, 'a')]) await utimes(file, 1, 1);
    const found = await findLocks({ machine, key });
    assert.deepEqual(
      found.map(({ state: lockState, owner }) => [lockState, owner?.pid]),
      [
        ['held', process.pid],
        ['stale', process.pid],
        ['unknown', undefined],
      ],
    );
    assert.deepEqual(
      found.slice(0, 2).map(({ since }) => since),
      Array(2).fill('1970-01-01T00:00:01.000Z'),
    );
  });

  for (const [what, plant] of oddFiles) {
    itOnUnix(`are told of with nothing known where ${what} is in the place of one`, async () => {
      const file = path.join(await dirs.make(), 'storage.lock');
      await plant(file);
      const found = await findLocks({ machine, key, extra: [file] });
      assert.deepEqual(
        found.filter((lock) => lock.file === file).map(({ kind, state, owner }) => [kind, state, owner]),
        [['storage', 'unknown', undefined]],
      );
    });
  }

  it('do not include what killed takers have left beside them', async () => {
    const locks = [
      repositoryPlaces(machine, key).helperLock,
      path.join(state, 'runtime', '1.0.0-abc', 'uses', 'a.lock'),
    ];
    for (const lock of locks) {
      await tryLock(lock);
      await writeFile(`${lock}.${randomUUID()}`, '');
    }
    assert.deepEqual(
      (await findLocks({ machine, key })).map(({ file }) => file),
      locks,
    );
  });
});
