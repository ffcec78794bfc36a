import assert from 'node:assert/strict';
import { isAsCheckedOut, type LineSettings } from '../../../src/core/checkoutBytes.ts';

/** The index, the disk, the attributes, the settings, and whether a checkout is sure to write what is on disk. */
const cases: [index: string, worktree: string, attributes: string, settings: Partial<LineSettings>, same: boolean][] = [
  ['lf', 'lf', '', {}, true],
  ['lf', 'crlf', '', {}, false],
  ['crlf', 'crlf', '', {}, true],
  ['lf', 'crlf', '', { autocrlf: 'true' }, true],
  ['lf', 'lf', '', { autocrlf: 'true' }, false],
  ['lf', 'lf', '', { autocrlf: 'input' }, true],
  ['lf', 'crlf', '', { autocrlf: 'input' }, false],
  ['lf', 'crlf', 'text=auto', { platform: 'win32' }, true],
  ['lf', 'lf', 'text=auto', { platform: 'win32' }, false],
  ['lf', 'lf', 'text=auto', { platform: 'win32', eol: 'lf' }, true],
  ['lf', 'crlf', 'text=auto', { eol: 'crlf' }, true],
  ['lf', 'crlf', 'text eol=crlf', {}, true],
  ['lf', 'mixed', 'text eol=crlf', {}, false],
  ['lf', 'lf', 'text eol=lf', { autocrlf: 'true' }, true],
  ['lf', 'lf', '-text', { autocrlf: 'true' }, true],
  ['-text', '-text', '', { autocrlf: 'true' }, true],
  ['-text', '-text', 'text', {}, false],
  ['mixed', 'mixed', 'text=auto', {}, true],
  ['mixed', 'mixed', 'text eol=crlf', {}, false],
  ['none', 'none', 'text', {}, true],
];

describe('whether a checkout writes what is on disk', () => {
  for (const [index, worktree, attributes, settings, same] of cases) {
    const given = JSON.stringify({ attributes, ...settings });
    it(`${same ? 'does' : 'may not'} for ${index} in the index and ${worktree} on disk with ${given}`, () => {
      assert.equal(isAsCheckedOut({ index, worktree, attributes }, { platform: 'linux', ...settings }), same);
    });
  }
});
