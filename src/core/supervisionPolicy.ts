import * as v from 'valibot';
import { policySchema, type SessionPolicy } from '../protocol/sessionRecord.ts';

/** What applies to a session: its own policy where that says something, else the settings. Units as in the policy. */
export type EffectivePolicy = { [K in keyof typeof defaultPolicy]: NonNullable<SessionPolicy[K]> };

/** What applies where neither a session nor a setting says anything; limits are off. */
export const defaultPolicy = {
  retry: 'onCrash',
  maxAttempts: 3,
  retryDelay: 1,
  maxRetryDelay: 300,
  neverRetry: [] as number[],
  sessionTimeout: 0,
  idleTimeout: 0,
  memoryLimit: 0,
  cpuLimit: 0,
  transcriptLimit: 0,
  onLimit: 'stop',
} as const satisfies SessionPolicy;

/** What a window tells the helper of the user’s settings: defaults for all sessions. */
export const supervisionSettingsSchema = v.object({
  policy: v.partial(policySchema),
  /** A process that says nothing for so long is shown as stale; minutes. */
  staleAfter: v.optional(v.pipe(v.number(), v.minValue(0)), 5),
  /** A session that has ended leaves the list so much later; minutes, 0 for never. */
  archiveAfter: v.optional(v.pipe(v.number(), v.minValue(0)), 60),
});
export type SupervisionSettings = v.InferOutput<typeof supervisionSettingsSchema>;

export type PolicySettings = SupervisionSettings['policy'];

export const defaultSettings: SupervisionSettings = { policy: {}, staleAfter: 5, archiveAfter: 60 };

export function effectivePolicy(own: SessionPolicy, settings: PolicySettings = {}): EffectivePolicy {
  return { ...defaultPolicy, ...told(settings), ...told(own) } as EffectivePolicy;
}

function told(policy: PolicySettings): PolicySettings {
  const known = Object.keys(defaultPolicy);
  return Object.fromEntries(
    Object.entries(policy).filter(([field, value]) => value !== undefined && known.includes(field)),
  );
}
