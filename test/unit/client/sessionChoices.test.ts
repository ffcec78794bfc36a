import assert from 'node:assert/strict';
import { checkPolicy, checkResumeCommand } from '../../../src/client/sessionChoices.ts';

describe('what a caller wants of a session', () => {
  it('is a policy, of which every field may be left out', () => {
    assert.deepEqual(checkPolicy({ maxAttempts: 2, retryDelay: undefined } as never), { maxAttempts: 2 });
  });

  const refused: [policy: object, message: RegExp][] = [
    [{ maxAttempts: -1 }, /^policy\.maxAttempts: /],
    [{ retry: 'always' }, /^policy\.retry: /],
    [{ neverRetry: [1, 'two'] }, /^policy\.neverRetry\.1: /],
    [{ maxAttemps: 3 }, /^policy\.maxAttemps: /],
  ];
  for (const [policy, message] of refused) {
    it(`is refused by the name of the field: ${JSON.stringify(policy)}`, () => {
      assert.throws(() => checkPolicy(policy), { code: 'INVALID_ARGUMENT', message });
    });
  }

  it('is a command to go on with, of which an empty one is the shell', () => {
    assert.deepEqual(
      [checkResumeCommand('claude --continue'), checkResumeCommand(['a', 'b']), checkResumeCommand('')],
      ['claude --continue', ['a', 'b'], null],
    );
  });

  it('is refused where it is no command', () => {
    assert.throws(() => checkResumeCommand([1] as never), { code: 'INVALID_ARGUMENT', message: /^resumeCommand/ });
  });
});
