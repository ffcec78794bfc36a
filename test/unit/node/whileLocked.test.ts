import assert from 'node:assert/strict';
import { HoldfastError } from '../../../src/base/errors.ts';
import { whileLocked } from '../../../src/node/whileLocked.ts';

describe('a git that meets the lock of another one', () => {
  const stderr =
    "fatal: Unable to create '/repo/.git/index.lock': File exists.\n\nAnother git process seems to be running";
  const locked = new HoldfastError('GIT_FAILED', 'git add failed', { data: { stderr } });

  it('is run again until that has let go', async () => {
    const answers = [locked, locked];
    const run = async () => {
      const failure = answers.shift();
      if (failure) throw failure;
      return 'done';
    };
    assert.deepEqual([await whileLocked(run), answers.length], ['done', 0]);
  });

  it('gives up after a while, and names the lock', async () => {
    const refused = await whileLocked(() => Promise.reject(locked)).catch((error) => error);
    assert.deepEqual([refused.code, refused.data.lock], ['LOCKED', '/repo/.git/index.lock']);
  });

  it('is not run again for any other reason', async () => {
    let runs = 0;
    const failure = new HoldfastError('GIT_FAILED', 'git add failed', { data: { stderr: 'fatal: no' } });
    const refused = await whileLocked(() => {
      runs += 1;
      return Promise.reject(failure);
    }).catch((error) => error);
    assert.deepEqual([refused, runs], [failure, 1]);
  });
});
