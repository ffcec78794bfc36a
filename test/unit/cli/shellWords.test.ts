import assert from 'node:assert/strict';
import { inShell } from '../../../src/cli/shellWords.ts';
import { runCascade } from '../../../src/core/cascade.ts';
import { explainSession } from '../../../src/core/explain.ts';
import { aRecord } from '../records.ts';

const now = new Date('2026-03-10T12:00:00.000Z');

describe('what is advised in a shell', () => {
  it('is a command of the shell', () => {
    const files = { record: 'damaged', checkpoint: 'sound' } as const;
    const actions = runCascade(aRecord(), { now, files, leftBehind: 1 }).map(({ evidence }) => evidence.action ?? '');
    const advised = [...actions, ...explainSession(aRecord(), undefined, { now })].map((text) =>
      inShell(text, 'login'),
    );
    assert.deepEqual(
      advised.flatMap((text) => text.match(/“holdfast .*”/) ?? []),
      ['“holdfast doctor --fix”', '“holdfast leftovers list”', '“holdfast restart login”'],
    );
  });

  it('stays as it is where it names no command of a window', () => {
    assert.equal(inShell('“login” is running.', '$&'), '“login” is running.');
  });
});
