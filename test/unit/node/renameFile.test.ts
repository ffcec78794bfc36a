import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { renameOver } from '../../../src/node/renameFile.ts';

/** Renames that fail `times` times with `code`, on a clock that only pauses move. */
function fakeRename(times: number, code: string) {
  let attempts = 0;
  let time = 0;
  return {
    attempts: () => attempts,
    waited: () => time,
    options: {
      rename: async () => {
        if (++attempts <= times) throw Object.assign(new Error(code), { code });
      },
      now: () => time,
      pause: async (ms: number) => {
        time += ms;
        if (time > 60_000) throw new Error('It is tried for ever');
      },
    },
  };
}

describe('renaming a file over another', () => {
  for (const code of ['EPERM', 'EBUSY', 'EACCES']) {
    it(`is tried again on Windows while another program has one of them open (${code})`, async () => {
      const { attempts, options } = fakeRename(3, code);
      await renameOver('a', 'b', { ...options, platform: 'win32' });
      assert.equal(attempts(), 4);
    });
  }

  it('is given up on Windows after about two seconds', async () => {
    const { waited, options } = fakeRename(Number.POSITIVE_INFINITY, 'EBUSY');
    await assert.rejects(renameOver('a', 'b', { ...options, platform: 'win32' }), { code: 'EBUSY' });
    assert.ok(waited() > 2_000 && waited() < 2_500, `waited ${waited()} ms`);
  });

  it('is given up after as long where the clock is set back meanwhile', async () => {
    const { waited, options } = fakeRename(Number.POSITIVE_INFINITY, 'EBUSY');
    const { now, ...others } = options;
    const clocks = [mock.method(Date, 'now', () => -now()), mock.method(performance, 'now', now)];
    try {
      await assert.rejects(renameOver('a', 'b', { ...others, platform: 'win32' }), { code: 'EBUSY' });
    } finally {
      for (const clock of clocks) clock.mock.restore();
    }
    assert.ok(waited() < 2_500, `waited ${waited()} ms`);
  });

  it('is not tried again for what does not pass', async () => {
    const { attempts, options } = fakeRename(1, 'ENOSPC');
    await assert.rejects(renameOver('a', 'b', { ...options, platform: 'win32' }), { code: 'ENOSPC' });
    assert.equal(attempts(), 1);
  });

  it('is tried once on other systems, where nobody is in the way', async () => {
    const { attempts, options } = fakeRename(1, 'EPERM');
    await assert.rejects(renameOver('a', 'b', { ...options, platform: 'linux' }), { code: 'EPERM' });
    assert.equal(attempts(), 1);
  });
});
