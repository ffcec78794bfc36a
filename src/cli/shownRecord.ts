import * as v from 'valibot';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

const variablesSchema = v.record(v.string(), v.unknown());

/** Names of the environment variables that a session was given, in their order. */
export function variableNames({ metadata }: SessionRecord): string[] {
  const variables = v.safeParse(variablesSchema, metadata?.env);
  return variables.success ? Object.keys(variables.output) : [];
}

/** The record as it may be printed: its variables, which may hold secrets, have no values but null. */
export function shownRecord(record: SessionRecord): SessionRecord {
  if (record.metadata?.env === undefined) return record;
  const env = Object.fromEntries(variableNames(record).map((name) => [name, null]));
  return { ...record, metadata: { ...record.metadata, env } };
}
