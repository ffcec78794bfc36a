import type { ResourceUse, TimeLimit } from '../protocol/health.ts';
import type { KeptSession } from '../protocol/helperRpc.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { isRunning } from './sessionRecord.ts';
import type { EffectivePolicy } from './supervisionPolicy.ts';

/** A limit trips only after so many looks in a row at which it was reached: one may be a spike. */
const looksToTrip = 3;

/** How long before a time limit the user is warned; milliseconds. */
const warningTime = 60_000;

/** Of a short time only its last part: one that works would else be warned of all the time. */
const warnedPart = 0.5;

/** From which part of an amount on it is worth a warning. */
const warningPart = 0.9;

const minute = 60_000;
const megabyte = 1024 * 1024;

export type LimitKind = TimeLimit | 'memory' | 'cpu' | 'transcript';

/** A session’s process is to be ended for this. */
export interface LimitTrip {
  kind: LimitKind;
  /** As a part of a sentence. */
  what: string;
}

/** A limit that is near; with `endsAt` and `endsBy` where it is a time. */
export interface LimitWarning extends LimitTrip, KeptSession {}

/** What is known of a running session. What is absent trips nothing. Times are of a monotonic clock; milliseconds. */
export interface LimitFacts {
  now: Date;
  /** Since its process was started. */
  running?: number;
  /** Since its last output, input or report. */
  idle?: number;
  use?: ResourceUse;
  /** By how much its transcript has grown since its process was started; bytes. */
  transcriptGrowth?: number;
}

/** How often in a row each limit was reached. */
export type LimitStreaks = { [K in LimitKind]?: number };

export interface LimitVerdict {
  streaks: LimitStreaks;
  trip?: LimitTrip;
  warnings: LimitWarning[];
}

interface Measure {
  kind: LimitKind;
  value: number | undefined;
  limit: number;
  what: string;
  isTime: boolean;
}

/** Whether a session has reached a limit, or is about to. */
export function judgeLimits(
  record: SessionRecord,
  policy: EffectivePolicy,
  facts: LimitFacts,
  before: LimitStreaks = {},
): LimitVerdict {
  if (!isRunning(record)) return { streaks: {}, warnings: [] };
  const known = measures(record, policy, facts).filter(({ limit, value }) => limit > 0 && value !== undefined);
  const reached = known.filter(({ value = 0, limit }) => value >= limit);
  const streaks = Object.fromEntries(reached.map(({ kind }) => [kind, (before[kind] ?? 0) + 1])) as LimitStreaks;
  // Time only ever goes on, so that one look at it is as good as three.
  const tripped = reached.find(({ kind, isTime }) => isTime || (streaks[kind] ?? 0) >= looksToTrip);
  const warnings = known.flatMap((measure) => warn(measure, facts.now) ?? []).sort(byEnd);
  return { streaks, warnings, ...(tripped ? { trip: { kind: tripped.kind, what: tripped.what } } : {}) };
}

/** When a time limit will end it if nothing changes. */
export function nextEnd(record: SessionRecord, policy: EffectivePolicy, facts: LimitFacts): KeptSession {
  const times = measures(record, policy, facts).filter(
    ({ limit, value, isTime }) => isTime && limit > 0 && value !== undefined,
  );
  return times.map((measure) => endOf(measure, facts.now)).sort(byEnd)[0] ?? {};
}

/** The first that ends it first; amounts, which end nothing for sure, after the times. */
function byEnd({ endsAt: one = '~' }: KeptSession, { endsAt: other = '~' }: KeptSession): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function measures(record: SessionRecord, policy: EffectivePolicy, facts: LimitFacts): Measure[] {
  const { sessionTimeout, idleTimeout, memoryLimit, cpuLimit, transcriptLimit } = policy;
  const { running, use, transcriptGrowth } = facts;
  const idle = earlier(facts.idle, countedFrom(running, record.countsFrom?.idleTimeout));
  return [
    {
      kind: 'sessionTimeout',
      value: earlier(running, countedFrom(running, record.countsFrom?.sessionTimeout)),
      limit: sessionTimeout * minute,
      what: `it ran for its ${amount(sessionTimeout, 'minute')}`,
      isTime: true,
    },
    {
      kind: 'idleTimeout',
      // One that waits for the user is not idle.
      value: record.status === 'waiting' ? undefined : idle,
      limit: idleTimeout * minute,
      what: `it did nothing for its ${amount(idleTimeout, 'minute')}`,
      isTime: true,
    },
    {
      kind: 'memory',
      value: use?.memory,
      limit: memoryLimit * megabyte,
      what: `its processes used more than ${memoryLimit} MB of memory`,
      isTime: false,
    },
    {
      kind: 'cpu',
      value: use?.cpuTime,
      limit: cpuLimit * minute,
      what: `its processes used ${amount(cpuLimit, 'minute')} of processor time`,
      isTime: false,
    },
    {
      kind: 'transcript',
      value: transcriptGrowth,
      limit: transcriptLimit * megabyte,
      what: `its transcript grew by more than ${transcriptLimit} MB`,
      isTime: false,
    },
  ];
}

/** Since a moment at which it had run for `from`; undefined where there was none. */
function countedFrom(running: number | undefined, from: number | undefined): number | undefined {
  return running === undefined || from === undefined ? undefined : Math.max(0, running - from);
}

/** The shorter of two times, of which the first may be unknown and the second not apply. */
function earlier(time: number | undefined, other = Number.POSITIVE_INFINITY): number | undefined {
  return time === undefined ? undefined : Math.min(time, other);
}

function endOf({ kind, value = 0, limit }: Measure, now: Date): Required<KeptSession> {
  return { endsAt: new Date(now.getTime() + Math.max(0, limit - value)).toISOString(), endsBy: kind as TimeLimit };
}

function warn(measure: Measure, now: Date): LimitWarning | undefined {
  const { kind, value = 0, limit, isTime } = measure;
  if (isTime) {
    const left = limit - value;
    if (left > Math.min(warningTime, limit * warnedPart)) return undefined;
    const why = kind === 'idleTimeout' ? 'for it does nothing' : 'for its time is over';
    return { kind, what: `it is ended in ${Math.max(0, Math.ceil(left / 1000))} s, ${why}`, ...endOf(measure, now) };
  }
  if (value < limit * warningPart) return undefined;
  return { kind, what: `it is at ${Math.floor((value / limit) * 100)} % of its limit of ${describe[kind] ?? kind}` };
}

const describe: { [K in LimitKind]?: string } = {
  memory: 'memory',
  cpu: 'processor time',
  transcript: 'output',
};

function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
