import * as v from 'valibot';
import { policySchema, type SessionPolicy } from '../protocol/sessionRecord.ts';
import {
  defaultPolicy,
  defaultSettings,
  type PolicySettings,
  type SupervisionSettings,
  supervisionSettingsSchema,
} from './supervisionPolicy.ts';

/** The user's settings about policies, each with what of a policy it decides. */
const policyFields = {
  'retry.policy': 'retry',
  'retry.maxAttempts': 'maxAttempts',
  'retry.delay': 'retryDelay',
  'retry.maxDelay': 'maxRetryDelay',
  'limits.sessionTimeout': 'sessionTimeout',
  'limits.idleTimeout': 'idleTimeout',
  'limits.memory': 'memoryLimit',
  'limits.cpuTime': 'cpuLimit',
  'limits.transcript': 'transcriptLimit',
  'limits.action': 'onLimit',
} as const satisfies Record<string, keyof SessionPolicy & keyof typeof defaultPolicy>;

/** The others, each with the field that it decides. */
const otherFields = {
  staleAfter: 'staleAfter',
  archiveAfter: 'archiveAfter',
  'archive.keepDays': 'archiveKeepDays',
} as const satisfies Record<string, keyof SupervisionSettings>;
type OtherSetting = keyof typeof otherFields;

type PolicySetting = keyof typeof policyFields;
export type SupervisionSetting = PolicySetting | OtherSetting;

const policySettings = Object.keys(policyFields) as PolicySetting[];
export const supervisionSettingNames: readonly SupervisionSetting[] = [
  ...policySettings,
  ...(Object.keys(otherFields) as OtherSetting[]),
];

/** What applies where the user has set nothing. */
export function defaultOf(setting: SupervisionSetting): string | number {
  return isOther(setting) ? defaultSettings[otherFields[setting]] : defaultPolicy[policyFields[setting]];
}

export interface ReadSupervision {
  settings: SupervisionSettings;
  /** Sentences about what was set and makes no sense. */
  problems: string[];
}

/** What the user has set, whatever it is; in place of what makes no sense the default holds. */
export function readSupervision(valueSet: (setting: SupervisionSetting) => unknown): ReadSupervision {
  const problems: string[] = [];
  const read = (setting: SupervisionSetting): string | number => {
    const value = valueSet(setting) ?? defaultOf(setting);
    if (v.is(schemaOf(setting), value)) return value as string | number;
    const text = JSON.stringify(value);
    problems.push(`The setting “holdfast.${setting}” cannot be ${text}; ${defaultOf(setting)} is used instead.`);
    return defaultOf(setting);
  };
  const policy = Object.fromEntries(policySettings.map((setting) => [policyFields[setting], read(setting)]));
  const settings = {
    policy: policy as PolicySettings,
    staleAfter: Number(read('staleAfter')),
    archiveAfter: Number(read('archiveAfter')),
    archiveKeepDays: Number(read('archive.keepDays')),
  };
  return { settings, problems };
}

function isOther(setting: SupervisionSetting): setting is OtherSetting {
  return setting in otherFields;
}

function schemaOf(setting: SupervisionSetting): v.GenericSchema {
  return isOther(setting)
    ? supervisionSettingsSchema.entries[otherFields[setting]]
    : policySchema.entries[policyFields[setting]];
}
