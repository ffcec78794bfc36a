import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { type EffectivePolicy, effectivePolicy, type PolicySettings } from './supervisionPolicy.ts';

/** What applies to a session, in sentences: when it is started again by itself, and when it is ended. */
export function explainPolicy({ policy: own }: SessionRecord, settings: PolicySettings): string[] {
  const policy = effectivePolicy(own, settings);
  const limits = limitsOf(policy);
  return [retrySentence(policy, limits.length > 0), limitSentence(policy, limits)];
}

function retrySentence(policy: EffectivePolicy, hasLimits: boolean): string {
  const { retry, maxAttempts, neverRetry } = policy;
  const when = occasions(policy, hasLimits);
  if (when.length === 0) return 'Its policy: it is never started again by itself.';
  const times = `at most ${maxAttempts} time${maxAttempts === 1 ? '' : 's'} in a row`;
  const codes = retry !== 'never' && neverRetry.length > 0 ? `, but not after code ${neverRetry.join(' or ')}` : '';
  return `Its policy: it is started again by itself ${when.join(', and ')}, ${times}, ${pauses(policy)}${codes}.`;
}

/** A limit has its own say, whatever holds for what ends by itself. */
function occasions(policy: EffectivePolicy, hasLimits: boolean): string[] {
  const { retry, maxAttempts } = policy;
  if (maxAttempts === 0) return [];
  return [
    ...(retry === 'never' ? [] : ['after a crash']),
    ...(retry === 'onFailure' ? ['where it ends without success'] : []),
    ...(hasLimits && recoversAtLimit(policy) ? ['where a limit has ended it'] : []),
  ];
}

function pauses({ maxAttempts, retryDelay, maxRetryDelay }: EffectivePolicy): string {
  const first = Math.min(retryDelay, maxRetryDelay);
  if (first === 0) return 'without a pause';
  if (maxAttempts === 1) return `after a pause of ${first} s`;
  return `after pauses of ${first}${maxRetryDelay > first ? ` to ${maxRetryDelay}` : ''} s`;
}

function recoversAtLimit({ onLimit, maxAttempts }: EffectivePolicy): boolean {
  return onLimit === 'recover' && maxAttempts > 0;
}

/** The limits that are set, each as a part of a sentence. */
function limitsOf(policy: EffectivePolicy): string[] {
  const { sessionTimeout, idleTimeout, memoryLimit, cpuLimit, transcriptLimit } = policy;
  const limits: [limit: number, text: string][] = [
    [sessionTimeout, `it has run for ${sessionTimeout} min`],
    [idleTimeout, `it has done nothing for ${idleTimeout} min`],
    [memoryLimit, `its processes use ${memoryLimit} MB of memory`],
    [cpuLimit, `they have used ${cpuLimit} min of processor time`],
    [transcriptLimit, `its output has grown by ${transcriptLimit} MB`],
  ];
  return limits.filter(([limit]) => limit > 0).map(([, text]) => text);
}

function limitSentence(policy: EffectivePolicy, limits: readonly string[]): string {
  if (limits.length === 0) return 'It has no limits.';
  const then = recoversAtLimit(policy) ? 'ended, and started again,' : 'ended';
  return `It is ${then} when ${limits.join(', or ')}.`;
}
