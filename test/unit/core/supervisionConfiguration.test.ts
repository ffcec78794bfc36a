import assert from 'node:assert/strict';
import manifest from '../../../package.json' with { type: 'json' };
import { defaultOf, readSupervision, supervisionSettingNames } from '../../../src/core/supervisionConfiguration.ts';
import { defaultPolicy, effectivePolicy } from '../../../src/core/supervisionPolicy.ts';

describe('the settings of supervision', () => {
  it('are the defaults where nothing is set', () => {
    const { settings, problems } = readSupervision(() => undefined);
    const { policy, staleAfter, archiveAfter } = settings;
    assert.deepEqual(
      [effectivePolicy({ retry: 'onCrash' }, policy), staleAfter, archiveAfter, problems],
      [defaultPolicy, 5, 60, []],
    );
  });

  it('are what the user has set', () => {
    const set: Record<string, unknown> = { 'retry.policy': 'never', 'limits.memory': 2048, staleAfter: 0 };
    const { settings, problems } = readSupervision((setting) => set[setting]);
    const { policy, staleAfter } = settings;
    assert.deepEqual([policy.retry, policy.memoryLimit, staleAfter, problems], ['never', 2048, 0, []]);
  });

  it('fall back to the default, each by itself, where one makes no sense', () => {
    const set: Record<string, unknown> = {
      'retry.policy': 'always',
      'retry.maxAttempts': 5,
      'limits.idleTimeout': '30',
      archiveAfter: -1,
    };
    const { settings, problems } = readSupervision((setting) => set[setting]);
    const { policy, archiveAfter } = settings;
    assert.deepEqual(
      [policy.retry, policy.maxAttempts, policy.idleTimeout, archiveAfter, problems],
      [
        'onCrash',
        5,
        0,
        60,
        [
          'The setting “holdfast.retry.policy” cannot be "always"; onCrash is used instead.',
          'The setting “holdfast.limits.idleTimeout” cannot be "30"; 0 is used instead.',
          'The setting “holdfast.archiveAfter” cannot be -1; 60 is used instead.',
        ],
      ],
    );
  });

  it('have the defaults that the manifest shows', () => {
    const properties: Record<string, { default: unknown }> = manifest.contributes.configuration.properties;
    assert.deepEqual(
      supervisionSettingNames.map((name) => [name, properties[`holdfast.${name}`]?.default]),
      supervisionSettingNames.map((name) => [name, defaultOf(name)]),
    );
  });
});
