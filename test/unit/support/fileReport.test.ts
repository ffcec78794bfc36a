import assert from 'node:assert/strict';
import { failedFiles, fileReport } from '../../support/fileReport.ts';

const fine = {
  name: 'integration/cli.test.ts',
  seconds: 3.14,
  output: '\n  1 passing\n\n',
  counts: { passed: 1, failed: 0, failures: [], skipped: [] },
  complaints: [],
};

describe('the report of a file of tests', () => {
  it('is all that its process has printed, under its name and time', () => {
    assert.equal(fileReport(fine), '\n-- integration/cli.test.ts, 3.1 s --\n\n  1 passing\n');
  });

  it('ends with why its process failed', () => {
    const report = fileReport({ ...fine, output: '', complaints: ['It ended with SIGKILL.', 'It left behind: …'] });
    const lines = [
      '-- integration/cli.test.ts, 3.1 s --',
      '',
      'The process of integration/cli.test.ts failed:',
      '  It ended with SIGKILL.',
      '  It left behind: …',
    ];
    assert.deepEqual(report.trim().split('\n'), lines);
  });
});

describe('the list of files with failures', () => {
  it('names each with their number, and no other', () => {
    const broken = {
      ...fine,
      name: 'faults/locks.test.ts',
      counts: { passed: 1, failed: 2, failures: [], skipped: [] },
    };
    assert.equal(failedFiles([fine, broken]), '\nFailed:\n  faults/locks.test.ts: 2\n');
  });

  it('is empty where there are none', () => {
    assert.equal(failedFiles([fine]), '');
  });
});
