import * as v from 'valibot';
import { HoldfastError } from '../base/errors.ts';
import { describeIssue } from '../core/invalidArgument.ts';
import type { PolicyChanges } from '../core/supervisionPolicy.ts';
import { commandSchema, policySchema, type SessionCommand, type SessionPolicy } from '../protocol/sessionRecord.ts';

/** Strict, for a field that is misspelt would else be kept and do nothing. */
export const policyChoiceSchema = v.partial(v.strictObject(policySchema.entries));

/** What a caller wants of a session’s policy. @throws {HoldfastError} `INVALID_ARGUMENT`, which names the field */
export function checkPolicy(policy: Partial<SessionPolicy>): Partial<SessionPolicy> {
  const result = v.safeParse(policyChoiceSchema, policy);
  if (!result.success) throw invalid('policy', result.issues[0]);
  return Object.fromEntries(Object.entries(result.output).filter(([, value]) => value !== undefined));
}

/**
 * What a caller wants to be changed in a session’s policy; null takes back what it has of its own.
 *
 * @throws {HoldfastError} `INVALID_ARGUMENT`, which names the field
 */
export function checkPolicyChanges(changes: PolicyChanges): PolicyChanges {
  const given = Object.entries(changes);
  const isTakenBack = ([field, value]: [string, unknown]) => value === null && field in policySchema.entries;
  const wanted = checkPolicy(Object.fromEntries(given.filter((entry) => !isTakenBack(entry))));
  return { ...wanted, ...Object.fromEntries(given.filter(isTakenBack)) };
}

/** What a caller wants to run after a crash; null for the shell. @throws {HoldfastError} `INVALID_ARGUMENT` */
export function checkResumeCommand(command: SessionCommand): SessionCommand {
  const result = v.safeParse(commandSchema, command);
  if (!result.success) throw invalid('resumeCommand', result.issues[0]);
  const { output } = result;
  return output !== null && output.length === 0 ? null : output;
}

function invalid(name: string, issue: v.BaseIssue<unknown>): HoldfastError {
  const field = [name, v.getDotPath(issue)].filter(Boolean).join('.');
  return new HoldfastError('INVALID_ARGUMENT', describeIssue(issue, name), { data: { field } });
}
