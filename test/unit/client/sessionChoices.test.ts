import assert from 'node:assert/strict';
import { checkPolicy, checkPolicyChanges, checkResumeCommand } from '../../../src/client/sessionChoices.ts';

describe('what a caller wants of a session', () => {
  it('is a policy, of which every field may be left out', () => {
    assert.deepEqual(checkPolicy({ maxAttempts: 2, retryDelay: undefined } as never), { maxAttempts: 2 });
  });

  const refused: [policy: object, message: RegExp][] = [
    [{ maxAttempts: -1 }, /^policy\.maxAttempts: must be a whole number from 0 to 100$/],
    [{ retry: 'always' }, /^policy\.retry: must be never, onCrash or onFailure$/],
    [{ idleTimeout: '5' }, /^policy\.idleTimeout: must be a number from 0 to 1000000$/],
    [{ onLimit: 'kill' }, /^policy\.onLimit: must be stop or recover$/],
    [{ neverRetry: [1, 'two'] }, /^policy\.neverRetry\.1: must be a list of exit codes$/],
    [{ maxAttemps: 3 }, /^There is no argument “policy\.maxAttemps”\.$/],
  ];
  for (const [policy, message] of refused) {
    it(`is refused by the name of the field: ${JSON.stringify(policy)}`, () => {
      assert.throws(() => checkPolicy(policy), { code: 'INVALID_ARGUMENT', message });
    });
  }

  it('is a change of a policy, in which null takes something back', () => {
    const changes = { idleTimeout: null, maxAttempts: 2, retryDelay: undefined };
    assert.deepEqual(checkPolicyChanges(changes), { idleTimeout: null, maxAttempts: 2 });
  });

  it('is refused where it takes back what there is not', () => {
    const change = () => checkPolicyChanges({ colour: null } as never);
    assert.throws(change, { code: 'INVALID_ARGUMENT', message: 'There is no argument “policy.colour”.' });
  });

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
