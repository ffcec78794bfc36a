import assert from 'node:assert/strict';
import { parseChanges } from '../../../src/cli/policyCommand.ts';
import { UsageError } from '../../../src/cli/usageError.ts';

describe('what a shell wants of a session’s policy', () => {
  const understood: [set: string[], unset: string[], changes: object][] = [
    [[], [], {}],
    [['retry=never', 'maxAttempts=2'], ['idleTimeout'], { retry: 'never', maxAttempts: 2, idleTimeout: null }],
    [['idleTimeout=1.5', 'onLimit=recover'], [], { idleTimeout: 1.5, onLimit: 'recover' }],
    [['neverRetry=2,3'], [], { neverRetry: [2, 3] }],
    [['neverRetry='], [], { neverRetry: [] }],
  ];
  for (const [set, unset, changes] of understood)
    it(`is understood: ${[...set, ...unset].join(' ')}`, () => assert.deepEqual(parseChanges(set, unset), changes));

  const refused: [set: string[], unset: string[], message: RegExp][] = [
    [['retry'], [], /^--set takes FIELD=VALUE, not “retry”\.$/],
    [['colour=blue'], [], /^There is no field “colour”; there are retry, maxAttempts, /],
    [[], ['colour'], /^There is no field “colour”; there are retry, maxAttempts, /],
    [['maxAttempts=many'], [], /^“maxAttempts” must be a whole number from 0 to 100\.$/],
    [['idleTimeout='], [], /^“idleTimeout” must be a number from 0 to 1000000\.$/],
    [['retry=always'], [], /^“retry” must be never, onCrash or onFailure\.$/],
    [['neverRetry=2,x'], [], /^“neverRetry” must be a list of exit codes\.$/],
    [['maxAttempts=1'], ['maxAttempts'], /^“maxAttempts” cannot be both set and unset\.$/],
  ];
  for (const [set, unset, message] of refused)
    it(`is refused: ${[...set, ...unset].join(' ')}`, () =>
      assert.throws(
        () => parseChanges(set, unset),
        (error) => error instanceof UsageError && message.test(error.message),
      ));
});
