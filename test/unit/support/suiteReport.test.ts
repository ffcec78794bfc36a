import assert from 'node:assert/strict';
import { suiteReport } from '../../support/suiteReport.ts';

describe('the report of all suites', () => {
  it('closes with the sums alone, after what was skipped beside its suite and what failed', () => {
    const report = suiteReport(
      new Map([
        ['unit', { passed: 3, failed: 0, failures: [], skipped: [] }],
        [
          'ui',
          {
            passed: 1,
            failed: 1,
            failures: ['a screen is kept\n  AssertionError: 1 !== 2'],
            skipped: ['a screen is the same for vim'],
          },
        ],
      ]),
    );
    const lines = [
      'Suites:',
      '  unit: 3 passed, 0 failed',
      '  ui: 1 passed, 1 failed, 1 skipped:',
      '    - a screen is the same for vim',
      '',
      'Failed:',
      '',
      'ui: a screen is kept',
      '  AssertionError: 1 !== 2',
      '',
      '4 passed, 1 failed',
    ];
    assert.deepEqual(report.split('\n'), lines);
  });
});
