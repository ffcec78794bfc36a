import type { HealthState } from '../protocol/health.ts';
import type { Evidence, SessionRecord } from '../protocol/sessionRecord.ts';
import { judgeHeartbeat } from './heartbeat.ts';
import { isLive, isRunning } from './sessionRecord.ts';
import { judgeWorktree, type WorktreeLink } from './worktreeLink.ts';

/** From cheap to dear. */
export type Layer = 'pid' | 'heartbeat' | 'integrity' | 'disk' | 'orphaned';

/** Less room than this on the disk of a worktree or of the sessions’ files is worth a warning; bytes. */
const littleRoom = 512 * 1024 * 1024;

/** What a look at one session has gathered. What is absent was not looked at, or could not be, and is concluded from nothing. */
export interface CascadeFacts {
  now: Date;
  /** Of its session host: pid and start time together. */
  host?: 'alive' | 'gone' | 'unknown';
  /** Of the session's own process, as the system lists it. */
  process?: 'alive' | 'gone';
  /** The host lives, or may, and cannot be reached. */
  isUnreachable?: boolean;
  /** How long its host has not answered; milliseconds. */
  silence?: number;
  /** The process id of its host, as that last told it. */
  hostPid?: number;
  files?: FileFacts;
  disks?: readonly DiskFacts[];
  /** Processes that it left behind when it ended. */
  leftBehind?: number;
}

export interface FileFacts {
  record: FileState;
  checkpoint: FileState;
  /** What git's files say of its worktree; undefined without one. */
  worktree?: WorktreeLink;
}

export type FileState = 'sound' | 'damaged' | 'missing';

export interface DiskFacts {
  /** What is kept there, as a part of a sentence: “its worktree”. */
  holds: string;
  /** Bytes. */
  free?: number;
  isWritable?: boolean;
  /** It was asked and has not answered in time. */
  isSilent?: boolean;
}

/** What one layer has found. */
export interface LayerFinding {
  layer: Layer;
  state: HealthState;
  evidence: Evidence;
}

type Look = (record: SessionRecord, facts: CascadeFacts) => [state: HealthState, what: string, action?: string][];

const pid: Look = (record, { host, process }) => {
  if (!isRunning(record)) return [];
  if (host === 'gone')
    return [['lost', 'its session host is gone', 'It is started again, or becomes idle, by itself.']];
  if (process !== 'gone') return [];
  const what = `its process ${record.ptyPid ?? ''} has ended, and what it started holds its terminal`;
  return [['degraded', what, 'Its host waits a moment for the last of its output, and then tells of its end.']];
};

const heartbeat: Look = (record, { isUnreachable, silence, hostPid }) => {
  if (!isRunning(record)) return [];
  // A host that is silent ends nothing either, so that a stop or a restart would wait for it in vain.
  const host = hostPid === undefined ? 'its session host' : `its session host (process ${hostPid})`;
  const action = `It is left alone, for it may go on; to give it up, kill ${host}, which counts as a crash.`;
  if (isUnreachable) return [['unresponsive', 'its session host lives but cannot be reached', action]];
  const verdict = silence === undefined ? 'answers' : judgeHeartbeat(silence);
  if (verdict === 'answers') return [];
  const what = `its session host has not answered for ${Math.round((silence ?? 0) / 1000)} s`;
  return [verdict === 'suspect' ? ['degraded', what] : ['unresponsive', what, action]];
};

const integrity: Look = (record, { files }) => {
  if (!files) return [];
  const found: ReturnType<Look> = [];
  const doctor = '“Holdfast: Doctor” repairs it.';
  if (files.record !== 'sound') found.push(['degraded', `its record on disk is ${files.record}`, doctor]);
  if (isRunning(record) && files.checkpoint !== 'sound') {
    const action = 'Its host writes the next one by itself.';
    found.push(['degraded', `its checkpoint is ${files.checkpoint}`, action]);
  }
  const worktree = files.worktree && judgeWorktree(record, files.worktree);
  if (worktree) found.push(['degraded', worktree.what, worktree.action]);
  return found;
};

const disk: Look = (_record, { disks = [] }) =>
  disks.flatMap(({ holds, free, isWritable, isSilent }): ReturnType<Look> => {
    if (isSilent) return [['degraded', `the disk of ${holds} does not answer`, 'Check that it is connected.']];
    if (isWritable === false) return [['degraded', `the disk of ${holds} cannot be written`, 'Check its permissions.']];
    if (free === undefined || free >= littleRoom) return [];
    const room = `only ${Math.round(free / (1024 * 1024))} MB are free on the disk of ${holds}`;
    return [['degraded', room, 'Free some space.']];
  });

const orphaned: Look = (record, { host, leftBehind = 0 }) => {
  if (host === 'alive' && !isLive(record)) {
    return [
      ['degraded', 'its host lives though it was destroyed', 'End the host, or restore the session from a backup.'],
    ];
  }
  // Of a session that runs again they are told among the leftovers, and are no reason to worry about it.
  if (leftBehind === 0 || isRunning(record)) return [];
  const what = `${leftBehind} of its processes ${leftBehind === 1 ? 'runs' : 'run'} on without its terminal`;
  const them =
    leftBehind === 1
      ? 'It may be meant to; “Review Leftovers…” ends it.'
      : 'They may be meant to; “Review Leftovers…” lists them.';
  return [['degraded', what, them]];
};

const looks: readonly (readonly [Layer, Look])[] = [
  ['pid', pid],
  ['heartbeat', heartbeat],
  ['integrity', integrity],
  ['disk', disk],
  ['orphaned', orphaned],
];

/** What is wrong with a session’s process, host, files and disk, by the layer that found it. */
export function runCascade(record: SessionRecord, facts: CascadeFacts): LayerFinding[] {
  const at = facts.now.toISOString();
  return looks.flatMap(([layer, look]) =>
    look(record, facts).map(([state, what, action]) => ({
      layer,
      state,
      evidence: { what, by: layer, at, ...(action === undefined ? {} : { action }) },
    })),
  );
}
