import type { SessionRecord, SessionStatus } from '../protocol/sessionRecord.ts';
import { describeCommand } from './launchCommand.ts';
import { describeEnd } from './sessionEnd.ts';
import { isRecovering } from './sessionRecord.ts';
import { isBeingMadeReady } from './setup.ts';

/** How a status looks: a codicon, a theme colour and a word. */
export interface StatusLook {
  icon: string;
  /** Id of a VS Code theme colour; absent for the default. */
  color?: string;
  label: string;
}

const looks: Record<SessionStatus, StatusLook> = {
  idle: { icon: 'circle-outline', color: 'disabledForeground', label: 'idle' },
  active: { icon: 'circle-filled', color: 'charts.green', label: 'running' },
  waiting: { icon: 'bell-dot', color: 'charts.yellow', label: 'waiting for you' },
  recovering: { icon: 'sync~spin', color: 'charts.orange', label: 'recovering' },
  completed: { icon: 'pass', color: 'charts.blue', label: 'completed' },
  failed: { icon: 'error', color: 'charts.red', label: 'failed' },
  timeout: { icon: 'watch', color: 'charts.red', label: 'timed out' },
  cancelled: { icon: 'circle-slash', color: 'disabledForeground', label: 'stopped' },
};

export function statusLook(status: SessionStatus): StatusLook {
  return looks[status];
}

const settingUp: StatusLook = { icon: 'tools', color: 'charts.blue', label: 'setting up' };

/** As its status, but while its worktree is made ready. */
export function lookOf(record: SessionRecord): StatusLook {
  return isBeingMadeReady(record) ? settingUp : statusLook(record.status);
}

const units: readonly [seconds: number, unit: string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
];

/** “now”, “5m”, “3h”, “2d”: the time from `since` (ISO 8601) to `now` in its largest unit. */
export function age(since: string, now: Date): string {
  const seconds = Math.max(0, (now.getTime() - Date.parse(since)) / 1000);
  const unit = units.find(([length]) => seconds >= length);
  return unit ? `${Math.floor(seconds / unit[0])}${unit[1]}` : 'now';
}

/** “just now”, “5m ago”. */
export function ago(since: string, now: Date): string {
  const text = age(since, now);
  return text === 'now' ? 'just now' : `${text} ago`;
}

/** “1 session”, “2 sessions”. */
export function countSessions(count: number): string {
  return `${count} session${count === 1 ? '' : 's'}`;
}

/** The lines of a list as far as there is room for them, and how many more there are. */
export function listOf(lines: readonly string[], room: number): string[] {
  return lines.length <= room ? [...lines] : [...lines.slice(0, room), `and ${lines.length - room} more`];
}

/** “ended with code 2”, “was ended by SIGKILL”, “its session host was killed”: undefined for one that has not ended. */
export function describeExit({ exit, status, evidence }: SessionRecord): string | undefined {
  if (!exit) return undefined;
  if (evidence) return evidence.what;
  if (exit.reason === 'lost') return 'its process was gone when Holdfast came back';
  if (exit.reason === 'start') return 'it could not be started';
  if (exit.reason === 'stop' || status === 'cancelled') return 'you stopped it';
  return describeEnd({ kind: 'exited', code: exit.code, signal: exit.signal });
}

/**
 * The same after the session’s name, with what follows from it: “was stopped”, “was ended: it ran for its 5 minutes; it
 * is started again by itself”; undefined for what is told of something else, such as its host.
 */
export function describeExitOf(record: SessionRecord): string | undefined {
  const why = describeExit(record);
  if (record.status === 'cancelled') return 'was stopped';
  if (record.exit?.reason === 'timeout' || record.exit?.reason === 'limit') return `was ended: ${andThen(record, why)}`;
  return why !== undefined && /^(was )?ended /.test(why) ? andThen(record, why) : undefined;
}

/** The end of a session as a sentence that needs no name. */
export function exitSentence(record: SessionRecord): string {
  if (record.status === 'cancelled') return 'You stopped this session.';
  const what = describeExitOf(record);
  const why = describeExit(record) ?? 'nothing runs in this session';
  const text = what === undefined ? andThen(record, why) : `the session ${what}`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function andThen(record: SessionRecord, what: string | undefined): string {
  return [what, isRecovering(record) ? 'it is started again by itself' : undefined].filter(Boolean).join('; ');
}

/**
 * The gray text beside a session’s name: what was done in it, if that is known, its branch and its age. A narrow tree cuts
 * the end off, and most branches only say the name again.
 */
export function describeSession({ branch, createdAt }: SessionRecord, now: Date, work = ''): string {
  return [work, branch || 'no worktree', age(createdAt, now)].filter(Boolean).join(' · ');
}

/** A session’s row as it is read out: what stands beside its name says already that it is recovering. */
export function spokenRow(record: SessionRecord, description: string): string {
  const { label } = lookOf(record);
  const words = description.replaceAll(' · ', ', ');
  return [record.name, ...(label === 'recovering' ? [] : [label]), words].join(', ');
}

/** The facts about a session, as label and text, for a tooltip or a detail view. */
export function sessionFacts(record: SessionRecord, now: Date): [label: string, text: string][] {
  const why = describeExit(record) ?? record.evidence?.what;
  const facts: [string, string | undefined][] = [
    ['Status', [lookOf(record).label, why].filter(Boolean).join(': ')],
    ['Runs', describeCommand(record.command)],
    ['Branch', record.branch ? `${record.branch} (from ${shortRef(record.baseBranch)})` : undefined],
    ['Folder', record.worktreePath],
    ['Worktree', describeWorktree(record)],
    ['Ports', record.port === undefined ? undefined : `${record.port} to ${record.port + 9}`],
    ['Process', record.ptyPid === undefined ? undefined : String(record.ptyPid)],
    ['Created', ago(record.createdAt, now)],
    ['Last activity', ago(record.lastActivity, now)],
    ['Ended', record.endedAt ? ago(record.endedAt, now) : undefined],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

/** What is unlike other sessions about where it works. */
function describeWorktree({ branch, metadata }: SessionRecord): string | undefined {
  if (!branch) return 'none: it works in the folder itself';
  return metadata?.ownsWorktree === false ? 'adopted: it stays when the session goes' : undefined;
}

/** Running first, then what needs a look; the order in which the status bar counts. */
const countedStatuses: readonly SessionStatus[] = ['waiting', 'active', 'recovering', 'failed', 'timeout', 'idle'];

/** “1 waiting for you, 2 running”; “no sessions” for none. */
export function countByStatus(records: readonly SessionRecord[]): string {
  if (records.length === 0) return 'no sessions';
  const parts = countedStatuses
    .map((status) => ({ status, count: records.filter((record) => record.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${statusLook(status).label}`);
  return parts.join(', ') || `${records.length} ended`;
}

/** What needs a look first, what has ended last; among equals as they were. */
export function byInterest(records: readonly SessionRecord[]): SessionRecord[] {
  const rank = ({ status }: SessionRecord) => countedStatuses.indexOf(status) + 1 || countedStatuses.length + 1;
  return records.toSorted((a, b) => rank(a) - rank(b));
}

function shortRef(ref: string): string {
  return /^[0-9a-f]{40,64}$/.test(ref) ? ref.slice(0, 8) : ref;
}
