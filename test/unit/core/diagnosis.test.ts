import assert from 'node:assert/strict';
import {
  countFindings,
  describeCounts,
  describeFound,
  describeRepairs,
  diagnosisLines,
  type Finding,
  isSound,
  type Severity,
  sortFindings,
} from '../../../src/core/diagnosis.ts';

function aFinding(fields: Partial<Finding> = {}): Finding {
  return {
    code: 'lock-stale',
    severity: 'warning',
    subject: '/state/helper.lock',
    problem: 'The lock’s owner is gone.',
    evidence: [],
    ...fields,
  };
}

const of = (...all: Severity[]) => all.map((severity) => aFinding({ severity }));

describe('what the doctor tells', () => {
  it('is grouped by severity, each finding with what was seen and what can be done', () => {
    const findings = [
      aFinding({ evidence: ['Process 7 took it.', 'It is gone.'], repair: { text: 'Remove it.', isSafe: true } }),
      aFinding({ code: 'quarantined', severity: 'info', subject: '/q', problem: 'One file.' }),
      aFinding({
        code: 'host-orphan',
        severity: 'error',
        subject: '/s',
        problem: 'It runs on.',
        repair: { text: 'Nothing ends it by itself.', isSafe: false },
      }),
    ];
    assert.equal(
      diagnosisLines(findings).join('\n'),
      [
        '',
        'Errors',
        '  /s (host-orphan)',
        '    It runs on.',
        '    Repair: Nothing ends it by itself. (for you to decide)',
        '',
        'Warnings',
        '  /state/helper.lock (lock-stale)',
        '    The lock’s owner is gone.',
        '      Process 7 took it.',
        '      It is gone.',
        '    Repair: Remove it.',
        '',
        'For your information',
        '  /q (quarantined)',
        '    One file.',
      ].join('\n'),
    );
  });

  it('comes in the same order whatever was found first', () => {
    const findings = [
      aFinding({ subject: '/b' }),
      aFinding({ severity: 'info' }),
      aFinding({ subject: '/a' }),
      aFinding({ code: 'claim-left' }),
      aFinding({ severity: 'error' }),
    ];
    const told = (all: Finding[]) => all.map(({ severity, code, subject }) => `${severity} ${code} ${subject}`);
    assert.deepEqual(told(sortFindings(findings)), [
      'error lock-stale /state/helper.lock',
      'warning claim-left /state/helper.lock',
      'warning lock-stale /a',
      'warning lock-stale /b',
      'info lock-stale /state/helper.lock',
    ]);
    assert.deepEqual(sortFindings([...findings].reverse()), sortFindings(findings));
  });

  it('never puts control characters of a file’s name on the terminal', () => {
    const lines = diagnosisLines([aFinding({ subject: '/a\u001b[31m\nb\u2028\u0007c' })]);
    assert.equal(lines[2], '  /a b c (lock-stale)');
  });

  const sums: [findings: Finding[], line: string, sound: boolean][] = [
    [[], 'All is sound.', true],
    [of('info'), 'All is sound: 1 note.', true],
    [of('warning', 'warning', 'info'), '2 warnings, 1 note.', false],
    [of('error', 'info', 'info'), '1 error, 2 notes.', false],
  ];
  for (const [findings, line, sound] of sums) {
    it(`ends with “${line}”`, () => {
      assert.deepEqual([describeCounts(findings), isSound(findings)], [line, sound]);
    });
  }

  const found: [findings: Finding[], line: string][] = [
    [of('info'), 'All is sound: 1 note.'],
    [of('warning', 'info'), 'Holdfast: Doctor found 1 warning, 1 note.'],
  ];
  for (const [findings, line] of found) {
    it(`says in a window “${line}”`, () => assert.equal(describeFound(findings), line));
  }

  const repairs: [done: string[], failed: string[], left: Finding[], line: string][] = [
    [['a', 'b'], [], [], '2 repaired. All is sound.'],
    [['a'], ['b'], of('warning'), '1 repaired. 1 could not be repaired. Left: 1 warning.'],
    [[], ['a', 'b'], of('info'), '0 repaired. 2 could not be repaired. All is sound: 1 note.'],
  ];
  for (const [done, failed, findings, line] of repairs) {
    it(`says after repairs “${line}”`, () => assert.equal(describeRepairs({ done, failed, findings }), line));
  }

  it('is counted by severity', () => {
    assert.deepEqual(countFindings(of('error', 'info', 'info')), { error: 1, warning: 0, info: 2 });
  });
});
