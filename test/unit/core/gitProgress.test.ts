import assert from 'node:assert/strict';
import { readProgress, withoutProgress } from '../../../src/core/gitProgress.ts';

describe('git’s progress', () => {
  it('is read from its lines, those of the other side included', () => {
    const lines = [
      'Updating files:   3% (1500/50000)',
      'Updating files: 100% (50000/50000), done.',
      'Receiving objects:  41% (410/1000), 1.20 MiB | 800.00 KiB/s',
      'remote: Compressing objects:  50% (1/2)',
      'remote: Enumerating objects: 5, done.',
      "Preparing worktree (checking out 'main')",
      'fatal: 50% (1/2) is no progress',
    ];
    assert.deepEqual(lines.map(readProgress), [
      { step: 'Updating files', percent: 3 },
      { step: 'Updating files', percent: 100 },
      { step: 'Receiving objects', percent: 41 },
      { step: 'Compressing objects', percent: 50 },
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is left out of what git says went wrong', () => {
    const text =
      'Preparing worktree (new branch)\nUpdating files:   3% (1/50)\rUpdating files:   4% (2/50)\rfatal: no room\nremote: Enumerating objects: 5, done.\n';
    assert.equal(withoutProgress(text).trim(), 'fatal: no room');
  });
});
