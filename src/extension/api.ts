import type { Event } from 'vscode';
import type { Backup } from '../client/backupFile.ts';
import type { CleanUpOptions } from '../client/manySessions.ts';
import type { SessionMergePlan } from '../client/sessionMerge.ts';
import type { Finding } from '../core/diagnosis.ts';
import type { Proposal } from '../core/rebuildProposals.ts';
import type { ListedSession, SavedSession } from '../core/savedSession.ts';
import type { PolicyChanges } from '../core/supervisionPolicy.ts';
import type { ListedArchive } from '../node/archiveList.ts';
import type { CommittedAll } from '../node/commitAll.ts';
import type { PushedBranch } from '../node/pushBranch.ts';
import type { Overlap, WorktreeChanges } from '../protocol/changes.ts';
import type { HealthReport, Leftover } from '../protocol/health.ts';
import type { KeptSession } from '../protocol/helperRpc.ts';
import type { SessionPolicy, SessionRecord, SessionStatus } from '../protocol/sessionRecord.ts';
import type { MergedSession, MergeNow } from './homeActions.ts';
import type { MadePullRequest } from './pullRequest.ts';
import type { ExportedFile, ImportedSession } from './stateActions.ts';
import type { CleanedUpSession, LeftoverRequest, SessionOutcome } from './supervisionActions.ts';
import type { ReviewedChanges } from './worktreeActions.ts';
import type { RepairRequest, WorktreeInspection } from './worktreeRepair.ts';

export type {
  Backup,
  CleanedUpSession,
  CleanUpOptions,
  CommittedAll,
  ExportedFile,
  Finding,
  HealthReport,
  ImportedSession,
  KeptSession,
  Leftover,
  LeftoverRequest,
  ListedArchive,
  ListedSession,
  MadePullRequest,
  MergedSession,
  MergeNow,
  Overlap,
  PolicyChanges,
  Proposal,
  PushedBranch,
  RepairRequest,
  ReviewedChanges,
  SavedSession,
  SessionMergePlan,
  SessionOutcome,
  SessionPolicy,
  SessionRecord,
  SessionStatus,
  WorktreeChanges,
  WorktreeInspection,
};

/** What a new session may be told; everything has a default. */
export interface NewSessionOptions {
  name?: string;
  /**
   * The default is `feature/<name>`. A branch that is there is checked out, and `origin/x` as a local branch `x` that
   * follows it.
   */
  branch?: string;
  /** A branch, tag or commit to start from. */
  baseBranch?: string;
  /** What to start from where none is named: what is checked out, or the default branch; the default is the setting. */
  base?: 'head' | 'default';
  /** Whether the remote that this comes from is fetched first; the default is the setting. */
  fetch?: boolean;
  /** A worktree that is there already, to work in on the branch that is checked out in it; it outlives the session. */
  adoptWorktree?: string;
  /** Whether submodules are initialized; the default is the setting. */
  submodules?: boolean;
  /** A line for the user's shell or an argument vector; without it, the shell itself. */
  command?: string | string[];
  /** Folder to start in, relative to the worktree. */
  cwd?: string;
  env?: Record<string, string>;
  /** False leaves the terminal closed. */
  show?: boolean;
  /**
   * False runs the command in the open folder itself, with neither branch nor worktree, as is done in a folder that is no
   * repository anyway; true is an error there.
   */
  worktree?: boolean;
  /** What of the settings it has of its own: when it is started again by itself, and when it is ended. */
  policy?: Partial<SessionPolicy>;
  /** What runs instead when it is started again after a crash, such as an agent's own way to resume. */
  resumeCommand?: string | string[];
}

export interface RestartOptions {
  setup?: 'run' | 'skip';
}

export interface LoadOptions {
  /** False leaves the command to be started later. */
  start?: boolean;
  /** False leaves the terminal closed. */
  show?: boolean;
}

export interface ExportOptions {
  /** All sessions if left out. */
  sessionIds?: readonly string[];
  /** Writes the values of the sessions’ variables, too, which may be secret. */
  includeEnv?: boolean;
  /** Replaces a file that is there. */
  force?: boolean;
}

export interface ImportOptions {
  /** Takes what is sound from a file that as a whole is not. */
  salvage?: boolean;
  /** True starts the sessions’ commands. */
  start?: boolean;
}

/** The record of a session that was destroyed, and where its worktree stays if there was work in it. */
export type DestroyedSession = SessionRecord & {
  kept?: { path: string; reason: string };
  /** The worktree is to go, and is removed once that can be. */
  isPending?: true;
  /** The commit that holds all that was in the worktree, where one was written. */
  archive?: string;
};

export interface DestroyOptions {
  /**
   * `archive` removes the worktree with all that is in it, which {@link HoldfastApi.restoreArchivedSession} brings back;
   * `remove` leaves ignored files out of the archive; `keep` leaves it where it is. Without it, it goes only where
   * nothing would be lost.
   */
  worktree?: 'archive' | 'keep' | 'remove';
  /** True leaves out the teardown of the worktree, which otherwise keeps both where it fails. */
  skipTeardown?: boolean;
}

/**
 * What Holdfast exports to other extensions:
 * `const holdfast = await vscode.extensions.getExtension('holdfast.holdfast').activate() as HoldfastApi`.
 * Every method rejects with an error that has a stable `code` and, where there is something to do, `advice`.
 */
export interface HoldfastApi {
  readonly version: 1;
  /** Fires after any session changed, came or went. */
  readonly onDidChangeSessions: Event<void>;
  /** Fires when something about the sessions’ health is to be told anew; what they use is as of then. */
  readonly onDidChangeHealth: Event<HealthReport>;
  /** Fires when what was done in a session’s worktree, or whose way it is in, is to be shown anew. */
  readonly onDidChangeWork: Event<void>;
  /** Resolves once the sessions of this window are restored. */
  readonly ready: Promise<void>;
  listSessions(): readonly SessionRecord[];
  getSession(id: string): SessionRecord | undefined;
  newSession(options?: NewSessionOptions): Promise<SessionRecord>;
  showTerminal(id: string): Promise<SessionRecord>;
  stopSession(id: string): Promise<SessionRecord>;
  /**
   * Ends its process where it runs, and starts its command anew. The setup of its worktree is run first as long as that
   * has not succeeded; `run` runs it in any case, `skip` in none.
   */
  restartSession(id: string, options?: RestartOptions): Promise<SessionRecord>;
  renameSession(id: string, name: string): Promise<SessionRecord>;
  destroySession(id: string, options?: DestroyOptions): Promise<DestroyedSession>;
  /** Whether the session’s worktree was moved, removed or switched to another branch, and what can be done about it. */
  inspectWorktree(id: string): Promise<WorktreeInspection>;
  /** Puts the session and its worktree together again. */
  repairWorktree(request: RepairRequest): Promise<SessionRecord>;
  /** What was done in a session’s worktree; undefined where that is not known yet, and without a worktree. */
  getChanges(id: string): WorktreeChanges | undefined;
  /** The sessions that change the same files as this one, or would conflict with it, as far as that was looked at. */
  getOverlaps(id: string): readonly Overlap[];
  /** Compares every session with every other one, and returns all that are in each other’s way. */
  checkOverlaps(): Promise<Overlap[]>;
  /** Opens the comparison of a session’s worktree with its base, where anything differs, and returns what does. */
  reviewChanges(id: string): Promise<ReviewedChanges>;
  /** How all sessions are, with evidence, asked for anew. */
  health(): Promise<HealthReport>;
  /** In sentences: how a session is, why, and what will happen next. */
  explainSession(id: string): Promise<string[]>;
  /** Starts a session at once that waits for its next automatic restart; another one is returned as it is. */
  retryNow(id: string): Promise<SessionRecord>;
  /** Leaves such a session as failed. */
  giveUp(id: string): Promise<SessionRecord>;
  /** Lets a session’s run go on that is about to be ended since its time is over, and tells until when. */
  keepRunning(id: string): Promise<KeptSession>;
  /**
   * Changes what applies to a session instead of the settings; what is not named stays, and null takes back what it
   * has of its own, so that the settings apply again.
   */
  setPolicy(id: string, changes: PolicyChanges): Promise<SessionRecord>;
  /** Stops all sessions that run or recover, at the same time; one that does not end keeps nobody from the others. */
  stopAllSessions(): Promise<SessionOutcome[]>;
  /** Starts all sessions that are idle since their process went with the machine, or unseen, one after the other. */
  resumeAllSessions(): Promise<SessionOutcome[]>;
  /** Destroys the sessions that ended so long ago; a worktree with work in it stays, and `kept` says where. */
  cleanUpSessions(options: CleanUpOptions): Promise<CleanedUpSession[]>;
  /** Ends what a session has left behind, as {@link HoldfastApi.health} tells of it, or makes a host a session again. */
  dealWithLeftover(request: LeftoverRequest): Promise<void>;
  /** Opens the log of the session's host and returns the session's record; without an id, the extension's own log. */
  showLog(id?: string): Promise<SessionRecord | undefined>;
  /** Replaces the helper; all sessions run on. */
  restartHelper(): Promise<void>;
  /** The backups of the session list, newest first; `state` tells which can be used. */
  listBackups(): Promise<Backup[]>;
  /** Restores all sessions of a backup, or those named, and returns them; takes a backup first. */
  restoreBackup(id: string, sessionIds?: readonly string[]): Promise<SessionRecord[]>;
  /** Saves a session as it is now, so that it can be brought back also after it was destroyed. */
  saveSession(id: string, note?: string): Promise<SavedSession>;
  /** Newest first; one that cannot be read is among them, and `state` says so. */
  listSavedSessions(): Promise<ListedSession[]>;
  getSavedSession(id: string): Promise<SavedSession>;
  /** Brings a saved session back: as it is where it lives still, else as a new one, in its old worktree or a new one. */
  loadSavedSession(id: string, options?: LoadOptions): Promise<SessionRecord>;
  /** Deletes what was saved, and nothing else. */
  deleteSavedSession(id: string): Promise<void>;
  /** The archives of destroyed sessions’ worktrees, newest first; one that cannot be read is among them. */
  listArchivedSessions(): Promise<ListedArchive[]>;
  /** Brings a destroyed session back, with its branch and its worktree as they were; started only if `start` is true. */
  restoreArchivedSession(id: string, options?: LoadOptions): Promise<SessionRecord>;
  /** Deletes an archive for good, and nothing else. */
  deleteArchivedSession(id: string): Promise<void>;
  /** Writes sessions to a file; a relative path is one in the folder that is open, here and below. */
  exportSessions(file: string, options?: ExportOptions): Promise<ExportedFile>;
  /** Brings the sessions of a file in, each by itself: what has become of each is in its result. */
  importSessions(file: string, options?: ImportOptions): Promise<ImportedSession[]>;
  /** Looks at all that sessions are kept in; with `fix` it does the repairs that are safe, and looks again. */
  diagnose(options?: { fix?: boolean }): Promise<{ findings: Finding[]; done: string[]; failed: string[] }>;
  /** Takes in lost sessions that are beyond doubt; `proposals` are those that a person has to judge. */
  rebuildSessions(): Promise<{ restored: SessionRecord[]; proposals: Proposal[] }>;
  /** What a merge of a session’s branch would do, with conflicts and what is in the way; nothing is touched. */
  planMerge(id: string, options?: MergeNow): Promise<SessionMergePlan>;
  /** Merges it into its base or another local branch, as a whole or not at all. */
  mergeSession(id: string, options?: MergeNow): Promise<MergedSession>;
  /** Commits all that is changed or new in its worktree. */
  commitAll(id: string, message: string): Promise<CommittedAll>;
  /** Pushes its branch, never by force. */
  pushBranch(id: string, options?: { remote?: string }): Promise<PushedBranch>;
  /** Pushes its branch and opens what makes the pull request. */
  createPullRequest(id: string, options?: { remote?: string }): Promise<MadePullRequest>;
}
