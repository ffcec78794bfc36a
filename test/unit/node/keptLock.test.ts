import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { KeptLock } from '../../../src/node/keptLock.ts';
import { tryLock } from '../../../src/node/lockFile.ts';
import { readLock } from '../../../src/node/lockOwner.ts';
import { identify } from '../../../src/node/processIdentity.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('a lock that is kept', () => {
  const dirs = useTempDirs();
  let file: string;
  let lock: KeptLock;
  beforeEach(async () => {
    file = path.join(await dirs.make(), 'folder', 'some.lock');
    const attempt = await tryLock(file);
    assert.ok('lock' in attempt);
    lock = new KeptLock(file, attempt.lock);
  });

  const nonce = async () => (await readLock(file))?.nonce;
  const writeOwner = async (changes = {}) =>
    writeFile(file, JSON.stringify({ ...(await identify(process.pid)), host: hostname(), nonce: 'other', ...changes }));

  it('stays as it is where its file is there', async () => {
    const before = await nonce();
    assert.deepEqual([await lock.check(), await nonce()], [{ state: 'held' }, before]);
  });

  it('is taken again where its folder was deleted, and given up at the end', async () => {
    await rm(path.dirname(file), { recursive: true });
    const { state } = await lock.check();
    const owner = await readLock(file);
    await lock.release();
    assert.deepEqual([state, owner?.pid, await readLock(file)], ['retaken', process.pid, undefined]);
  });

  it('is taken again from another owner that is gone', async () => {
    await writeOwner({ startTime: 'of an earlier process' });
    assert.deepEqual([await lock.check(), await lock.check()], [{ state: 'retaken' }, { state: 'held' }]);
  });

  it('is lost to another owner that lives, and stays theirs also at the end', async () => {
    await writeOwner();
    const check = await lock.check();
    await lock.release();
    assert.deepEqual([check.state, await nonce()], ['lost', 'other']);
  });

  it('is neither held nor lost where its file does not say whose it is', async () => {
    await writeFile(file, 'damaged');
    await assert.rejects(lock.check(), { code: 'LOCKED' });
  });
});
