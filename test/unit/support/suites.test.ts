import assert from 'node:assert/strict';
import { join } from 'node:path';
import { repositoryRoot } from '../../support/paths.ts';
import { fileOrder, measuringFiles, suiteFiles, suiteNames } from '../../support/suites.ts';

describe('the order of the files of a suite', () => {
  for (const suite of suiteNames) {
    it(`has each file of ${suite} once`, () => {
      const { together, alone } = fileOrder(suite);
      assert.deepEqual([...together, ...alone].toSorted(), suiteFiles(suite).toSorted());
    });
  }

  it('leaves those that measure to themselves', () => {
    const alone = suiteNames.flatMap((suite) => fileOrder(suite).alone);
    assert.deepEqual(alone.toSorted(), measuringFiles.map((file) => join(repositoryRoot, 'test', file)).toSorted());
  });
});
