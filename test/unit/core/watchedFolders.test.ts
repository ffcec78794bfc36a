import assert from 'node:assert/strict';
import { foldersToWatch } from '../../../src/core/watchedFolders.ts';

describe('the folders of a worktree that are watched', () => {
  const known = ['a', 'a/deep', 'a/deep/deeper', 'b', 'z'];

  it('are the top and those that git knows, from the top down', () => {
    assert.deepEqual(foldersToWatch({ known, changed: [] }, 100), ['', 'a', 'b', 'z', 'a/deep', 'a/deep/deeper']);
  });

  it('are also those of new files', () => {
    assert.deepEqual(foldersToWatch({ known: [], changed: ['new/one/file', 'top'] }, 100), ['', 'new/one', 'new']);
  });

  it('are first those in which something was changed where there is no room for all', () => {
    assert.deepEqual(foldersToWatch({ known, changed: ['z/file'] }, 3), ['', 'z', 'a']);
  });

  it('are never none', () => {
    assert.deepEqual(foldersToWatch({ known, changed: [] }, 0), ['']);
  });
});
