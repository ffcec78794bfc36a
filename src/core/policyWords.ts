import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { type EffectivePolicy, effectivePolicy, type PolicySettings } from './supervisionPolicy.ts';

/** What applies to a session, in sentences: when it is started again by itself, and when it is ended. */
export function explainPolicy({ policy: own }: SessionRecord, settings: PolicySettings): string[] {
  const policy = effectivePolicy(own, settings);
  return [retrySentence(policy), limitSentence(policy)];
}

function retrySentence({ retry, maxAttempts, retryDelay, maxRetryDelay, neverRetry }: EffectivePolicy): string {
  if (retry === 'never' || maxAttempts === 0) return 'Its policy: it is never started again by itself.';
  const when = retry === 'onCrash' ? 'after a crash' : 'after a crash, and where it ends without success';
  const times = `at most ${maxAttempts} time${maxAttempts === 1 ? '' : 's'} in a row`;
  const pauses = `after pauses of ${retryDelay}${maxRetryDelay > retryDelay ? ` to ${maxRetryDelay}` : ''} s`;
  const codes = neverRetry.length > 0 ? `, but not after code ${neverRetry.join(' or ')}` : '';
  return `Its policy: it is started again by itself ${when}, ${times}, ${pauses}${codes}.`;
}

function limitSentence(policy: EffectivePolicy): string {
  const { sessionTimeout, idleTimeout, memoryLimit, cpuLimit, transcriptLimit, onLimit } = policy;
  const limits: [limit: number, text: string][] = [
    [sessionTimeout, `it has run for ${sessionTimeout} min`],
    [idleTimeout, `it has done nothing for ${idleTimeout} min`],
    [memoryLimit, `its processes use ${memoryLimit} MB of memory`],
    [cpuLimit, `they have used ${cpuLimit} min of processor time`],
    [transcriptLimit, `its output has grown by ${transcriptLimit} MB`],
  ];
  const set = limits.filter(([limit]) => limit > 0).map(([, text]) => text);
  if (set.length === 0) return 'It has no limits.';
  const then = onLimit === 'recover' ? 'ended, and started again,' : 'ended';
  return `It is ${then} when ${set.join(', or ')}.`;
}
