import assert from 'node:assert/strict';
import { explainPolicy } from '../../../src/core/policyWords.ts';
import { decideRecovery } from '../../../src/core/recovery.ts';
import type { SessionEnd } from '../../../src/core/sessionEnd.ts';
import { effectivePolicy } from '../../../src/core/supervisionPolicy.ts';
import type { SessionPolicy } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const ends: [words: string, end: SessionEnd][] = [
  ['after a crash', { kind: 'exited', code: null, signal: 11 }],
  ['where it ends without success', { kind: 'exited', code: 2, signal: null }],
  ['where a limit has ended it', { kind: 'limit', what: 'it used too much' }],
];

describe('a policy in words', () => {
  for (const retry of ['never', 'onCrash', 'onFailure'] as const)
    for (const onLimit of ['stop', 'recover'] as const)
      for (const maxAttempts of [0, 1, 3]) {
        const own: SessionPolicy = { retry, onLimit, maxAttempts, memoryLimit: 100 };
        it(`says of each end what follows from it, for ${JSON.stringify(own)}`, () => {
          const record = aRecord({ status: 'active', policy: own });
          const [retries = '', limits = ''] = explainPolicy(record, {});
          const followed = ends.map(([, end]) => isStartedAgain(own, end));
          const said = ends.map(([words]) => retries.includes(` ${words},`));
          assert.deepEqual([...said, limits.includes('started again')], [...followed, followed[2]]);
          assert.equal(retries.endsWith('it is never started again by itself.'), !followed.includes(true));
        });
      }

  it('says nothing of limits where none is set', () => {
    const policy: SessionPolicy = { retry: 'never', onLimit: 'recover' };
    assert.deepEqual(explainPolicy(aRecord({ policy }), {}), [
      'Its policy: it is never started again by itself.',
      'It has no limits.',
    ]);
  });

  const pauses: [delay: number, longest: number, said: string][] = [
    [1, 300, 'after pauses of 1 to 300 s'],
    [10, 2, 'after pauses of 2 s'],
    [0, 300, 'without a pause'],
  ];
  for (const [retryDelay, maxRetryDelay, said] of pauses) {
    it(`tells the pauses that there will be: ${said}`, () => {
      const [retries = ''] = explainPolicy(aRecord({ policy: { retry: 'onCrash', retryDelay, maxRetryDelay } }), {});
      assert.equal(retries.split('in a row, ')[1], `${said}.`);
    });
  }
});

function isStartedAgain(own: SessionPolicy, end: SessionEnd): boolean {
  const record = aRecord({ status: 'active', policy: own });
  return decideRecovery({ record, end, policy: effectivePolicy(own), now: new Date() }).kind === 'retry';
}
