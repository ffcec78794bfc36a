import * as v from 'valibot';
import { amount, policySchema, type SessionPolicy } from '../protocol/sessionRecord.ts';

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
  staleAfter: v.optional(amount, 5),
  /** A session that has ended leaves the list so much later; minutes, 0 for never. */
  archiveAfter: v.optional(amount, 60),
  /** The archive of a destroyed session's worktree is kept so long; days, 0 for ever. */
  archiveKeepDays: v.optional(amount, 30),
});
export type SupervisionSettings = v.InferOutput<typeof supervisionSettingsSchema>;

export type PolicySettings = SupervisionSettings['policy'];

export const defaultSettings: SupervisionSettings = {
  policy: {},
  staleAfter: 5,
  archiveAfter: 60,
  archiveKeepDays: 30,
};

export function effectivePolicy(own: SessionPolicy, settings: PolicySettings = {}): EffectivePolicy {
  return { ...defaultPolicy, ...told(settings), ...told(own) } as EffectivePolicy;
}

/** What is to be changed in a session’s policy: null takes back what it has of its own. */
export type PolicyChanges = { [K in keyof typeof defaultPolicy]?: SessionPolicy[K] | null | undefined };

/** A session always has a retry policy of its own: taken back, it is the one that a new session would get. */
export function changedPolicy(
  own: SessionPolicy,
  changes: PolicyChanges,
  { retry = defaultPolicy.retry }: PolicySettings,
): SessionPolicy {
  const wanted = Object.entries({ ...own, ...changes });
  const kept = Object.fromEntries(wanted.filter(([, value]) => value !== null && value !== undefined));
  return { retry, ...kept };
}

function told(policy: PolicySettings): PolicySettings {
  const known = Object.keys(defaultPolicy);
  return Object.fromEntries(
    Object.entries(policy).filter(([field, value]) => value !== undefined && known.includes(field)),
  );
}
