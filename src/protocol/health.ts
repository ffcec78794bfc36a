import type { Evidence, SessionStatus } from './sessionRecord.ts';

/** From good to bad. */
export const healthStates = ['healthy', 'stale', 'degraded', 'unresponsive', 'lost'] as const;
export type HealthState = (typeof healthStates)[number];

/** The limits that end a session when its time is over. */
export type TimeLimit = 'sessionTimeout' | 'idleTimeout';

/** What a session’s process tree uses. */
export interface ResourceUse {
  /** Resident memory; bytes. */
  memory: number;
  /** Percent of one core, smoothed over about half a minute. */
  cpu: number;
  /** Processor time since its start; milliseconds. */
  cpuTime: number;
  processes: number;
  /** Where the system tells. */
  openFiles?: number;
}

/** What a session used at one moment of the last hour. */
export interface UseSample {
  /** ISO 8601 UTC. */
  at: string;
  /** Resident memory; bytes. */
  memory: number;
  /** Percent of one core; null where it was not known. */
  cpu: number | null;
  processes: number;
}

/** What can be wrong with a session’s worktree: it is gone, is not the session’s, or has another branch checked out. */
export type WorktreeTrouble = 'gone' | 'foreign' | 'otherBranch';

export interface SessionHealth {
  id: string;
  name: string;
  status: SessionStatus;
  state: HealthState;
  /** Why, the weightiest first; a healthy session has some as well. */
  evidence: Evidence[];
  /** Absent where nothing runs, or nobody has looked yet. */
  use?: ResourceUse;
  /** When a limit will end it if nothing changes; ISO 8601 UTC. */
  endsAt?: string;
  /** Which one; absent from older helpers. */
  endsBy?: TimeLimit;
  /** Absent where nothing is wrong with its worktree, and from older helpers. */
  worktree?: WorktreeTrouble;
}

/** Processes that a session has left behind, or a host that no session has. */
export interface Leftover {
  kind: 'daemon' | 'host';
  /** The session that they came of. */
  sessionId: string;
  pid: number;
  what: string;
}

/** How all sessions of a repository are. */
export interface HealthReport {
  /** ISO 8601 UTC. */
  at: string;
  totalSessions: number;
  /** Of the sessions that run, or are about to by themselves, as the next one. */
  healthySessions: number;
  staleSessions: number;
  /** Of the sessions that run; bytes, 0 where none does. */
  averageMemoryUsage: number;
  sessionsByStatus: Record<SessionStatus, number>;
  sessions: SessionHealth[];
  leftovers: Leftover[];
  /** How many processes were left behind beside those that are told of; absent where there are none. */
  leftoversUntold?: number;
  /** Why no session is started by itself at present, as a sentence; absent where they are. */
  startsHeld?: string;
}
