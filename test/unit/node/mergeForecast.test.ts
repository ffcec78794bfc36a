import assert from 'node:assert/strict';
import { readForecast } from '../../../src/node/mergeForecast.ts';

const tree = 'a'.repeat(40);

describe('what git says of a merge', () => {
  const answers: [what: string, exitCode: number, stdout: string, stderr: string, state: string, files: string][] = [
    ['it merges', 0, `${tree}\0`, '', 'clean', ''],
    ['it conflicts', 1, `${tree}\0a\0b c\0a\0`, '', 'conflicts', 'a|b c'],
    ['a commit is gone', 1, '', 'merge-tree: x - not something we can merge', 'unknown', ''],
    ['git is too old', 129, '', 'usage: git merge-tree <base-tree> <branch1> <branch2>', 'unknown', ''],
    ['git crashed', 128, '', 'fatal: bad object', 'unknown', ''],
  ];
  for (const [what, exitCode, stdout, stderr, state, files] of answers) {
    it(`is read where ${what}`, () => {
      const forecast = readForecast({ exitCode, stdout, stderr });
      assert.deepEqual([forecast.state, (forecast.files ?? []).join('|')], [state, files]);
    });
  }

  it('says which git would be needed', () => {
    const { why } = readForecast({ exitCode: 129, stdout: '', stderr: 'usage: git merge-tree' });
    assert.equal(why, 'git 2.38 or newer is needed to tell');
  });
});
