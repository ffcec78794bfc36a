import { HoldfastError } from '../base/errors.ts';
import type { HelperClient } from '../client/helperClient.ts';
import { checkPolicyChanges } from '../client/sessionChoices.ts';
import {
  changedPolicy,
  defaultPolicy,
  type EffectivePolicy,
  effectivePolicy,
  type PolicyChanges,
  type PolicySettings,
} from '../core/supervisionPolicy.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { type Column, printTable } from './columnTable.ts';
import { printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';
import { matchExactly, matchSession } from './sessionMatch.ts';
import type { Cell } from './table.ts';
import { UsageError } from './usageError.ts';

type Field = keyof EffectivePolicy;

const fields = Object.keys(defaultPolicy) as Field[];

const units: { [F in Field]?: string } = {
  retryDelay: 's',
  maxRetryDelay: 's',
  sessionTimeout: 'min',
  idleTimeout: 'min',
  memoryLimit: 'MB',
  cpuLimit: 'min',
  transcriptLimit: 'MB',
};

const columns: readonly Column[] = [{ heading: 'FIELD' }, { heading: 'VALUE', least: 8 }, { heading: 'FROM' }];

/** `holdfast policy NAME [--set FIELD=VALUE] [--unset FIELD]` */
export async function showPolicy(
  program: Program,
  { name, set = [], unset = [], json }: CommandArguments,
): Promise<number> {
  const changes = parseChanges(set, unset);
  const isChange = Object.keys(changes).length > 0;
  return withSessions(program, async (sessions) => {
    const { helper, record } = await sessions.find(name, isChange ? matchExactly : matchSession);
    const { policy: settings } = await sessions.supervision();
    const { policy: own } = isChange ? await change(helper, record, { changes, settings }) : record;
    const policy = effectivePolicy(own, settings);
    if (json) printJson({ id: record.id, name: record.name, policy, own });
    else printTable(columns, rowsOf(policy, own, settings));
    return 0;
  });
}

function change(
  helper: HelperClient,
  record: SessionRecord,
  { changes, settings }: { changes: PolicyChanges; settings: PolicySettings },
): Promise<SessionRecord> {
  return helper.update(record, ({ policy }) => ({ policy: changedPolicy(policy, changes, settings) }));
}

function rowsOf(policy: EffectivePolicy, own: SessionRecord['policy'], settings: PolicySettings): Cell[][] {
  return fields.map((field) => {
    const from = own[field] !== undefined ? 'its own' : settings[field] !== undefined ? 'setting' : 'default';
    const value = [policy[field]].flat().join(',');
    const unit = value === '0' ? undefined : units[field];
    return [{ text: field }, { text: [value || 'none', unit].filter(Boolean).join(' ') }, { text: from }];
  });
}

/** @throws {UsageError} which names the field. */
export function parseChanges(set: readonly string[], unset: readonly string[]): PolicyChanges {
  const given = new Map<Field, unknown>();
  for (const text of set) {
    const at = text.indexOf('=');
    if (at < 0) throw new UsageError(`--set takes FIELD=VALUE, not “${text}”.`, 'policy');
    const field = fieldNamed(text.slice(0, at));
    given.set(field, toValue(field, text.slice(at + 1)));
  }
  for (const text of unset) {
    const field = fieldNamed(text);
    if (given.has(field)) throw new UsageError(`“${field}” cannot be both set and unset.`, 'policy');
    given.set(field, null);
  }
  return checked(Object.fromEntries(given));
}

function fieldNamed(text: string): Field {
  const field = fields.find((one) => one === text);
  if (field) return field;
  throw new UsageError(`There is no field “${text}”; there are ${fields.join(', ')}.`, 'policy');
}

/** What is no number stays as it is, for the check to refuse it. */
function toValue(field: Field, text: string): unknown {
  const example = defaultPolicy[field];
  if (Array.isArray(example)) return text === '' ? [] : text.split(',').map(toNumber);
  return typeof example === 'number' ? toNumber(text) : text;
}

function toNumber(text: string): unknown {
  return text.trim() === '' ? text : Number(text);
}

function checked(changes: PolicyChanges): PolicyChanges {
  try {
    return checkPolicyChanges(changes);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    throw new UsageError(`${error.message.replace(/^policy\.(\w+)[^:]*: /, '“$1” ')}.`, 'policy');
  }
}
