import assert from 'node:assert/strict';
import * as v from 'valibot';
import {
  changedPolicy,
  defaultPolicy,
  defaultSettings,
  effectivePolicy,
  supervisionSettingsSchema,
} from '../../../src/core/supervisionPolicy.ts';

describe('the policy of a session', () => {
  it('is its own, else that of the settings, else the default', () => {
    const { retry, maxAttempts, idleTimeout, retryDelay } = effectivePolicy(
      { retry: 'never', maxAttempts: 7 },
      { retry: 'onFailure', maxAttempts: 5, idleTimeout: 30 },
    );
    assert.deepEqual([retry, maxAttempts, idleTimeout, retryDelay], ['never', 7, 30, 1]);
  });

  it('does not take what says nothing for an answer', () => {
    const own = { retry: 'onCrash' as const, maxAttempts: undefined } as never;
    assert.deepEqual(effectivePolicy(own, { memoryLimit: undefined } as never), defaultPolicy);
  });

  it('can turn a limit of the settings off', () => {
    assert.equal(effectivePolicy({ retry: 'never', memoryLimit: 0 }, { memoryLimit: 400 }).memoryLimit, 0);
  });

  it('holds nothing that is not known', () => {
    assert.deepEqual(effectivePolicy({ retry: 'onCrash', colour: 'blue' }), defaultPolicy);
  });
});

describe('a change of a session’s policy', () => {
  const own = { retry: 'never' as const, maxAttempts: 7, idleTimeout: 30, colour: 'blue' };

  it('leaves what it does not name', () => {
    assert.deepEqual(changedPolicy(own, { maxAttempts: 2 }, {}), { ...own, maxAttempts: 2 });
  });

  it('takes back what it names with null, so that the settings apply', () => {
    const { idleTimeout: _, ...others } = own;
    assert.deepEqual(changedPolicy(own, { idleTimeout: null }, { idleTimeout: 5 }), others);
  });

  it('takes a retry policy back for the one that a new session would get', () => {
    const retries = [{ retry: 'onFailure' as const }, {}].map(
      (settings) => changedPolicy(own, { retry: null }, settings).retry,
    );
    assert.deepEqual(retries, ['onFailure', 'onCrash']);
  });
});

describe('the settings of supervision', () => {
  it('are the documented ones where nothing was set', () => {
    assert.deepEqual(v.parse(supervisionSettingsSchema, { policy: {} }), defaultSettings);
  });

  const senseless: unknown[] = [
    { policy: { maxAttempts: 101 } },
    { policy: { retryDelay: -1 } },
    { policy: { retry: 'always' } },
    { policy: {}, staleAfter: Number.NaN },
    { policy: {}, staleAfter: 1_000_001 },
    { policy: {}, archiveAfter: 1_000_001 },
    { policy: {}, archiveAfter: '60' },
    {},
  ];
  for (const settings of senseless) {
    it(`are refused where they make no sense: ${JSON.stringify(settings)}`, () => {
      assert.equal(v.safeParse(supervisionSettingsSchema, settings).success, false);
    });
  }
});
