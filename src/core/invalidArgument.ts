import * as v from 'valibot';

/** What is wrong with what a caller gave as `name`, or as a whole, by the field that it is about. */
export function describeIssue(issue: v.BaseIssue<unknown>, name?: string): string {
  const field = [name, v.getDotPath(issue)].filter(Boolean).join('.') || 'argument';
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
  return isUnknown ? `There is no argument “${field}”.` : `${field}: ${issue.message}`;
}
