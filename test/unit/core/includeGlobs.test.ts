import assert from 'node:assert/strict';
import { globsOf, leadsInto } from '../../../src/core/includeGlobs.ts';

describe('the globs of what a worktree needs', () => {
  it('are all lines but comments and blank ones', () => {
    assert.deepEqual(globsOf(['.env', '# why\r\n\n  \n/local/\n!keep', '\\#odd']), [
      '.env',
      '/local/',
      '!keep',
      '\\#odd',
    ]);
  });

  const folders: [glob: string, folder: string, leads: boolean][] = [
    ['.env', 'node_modules/', false],
    ['/.env', 'node_modules/', false],
    ['**/.env', 'node_modules/', false],
    ['config/local.json', 'config/', true],
    ['/config/local.json', 'config/', true],
    ['config/local.json', 'other/', false],
    ['config/local.json', 'packages/config/', false],
    ['config/*/a.json', 'config/local/', true],
    ['config/*/a.json', 'config/local/deeper/', false],
    ['config/local/', 'config/local/', false],
    ['packages/*/dist/a.js', 'packages/one/dist/', true],
    ['packages/o[nm]e/dist/a.js', 'packages/one/dist/', true],
    ['packages/\\*/dist/a.js', 'packages/one/dist/', false],
    ['data/**', 'data/', true],
    ['data/**/a.json', 'data/deep/er/', true],
    ['!config/local.json', 'config/', false],
    ['a.b/c', 'axb/', false],
    ['größe (1)/c', 'größe (1)/', true],
  ];
  for (const [glob, folder, leads] of folders) {
    it(`${leads ? 'lead' : 'do not lead'} into ${folder} with ${glob}`, () => {
      assert.equal(leadsInto(glob, folder), leads);
    });
  }
});
