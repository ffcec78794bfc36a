import type { Event } from 'vscode';
import type { SessionRecord, SessionStatus } from '../protocol/sessionRecord.ts';

export type { SessionRecord, SessionStatus };

/** What a new session may be told; everything has a default. */
export interface NewSessionOptions {
  name?: string;
  /** The default is `feature/<name>`. */
  branch?: string;
  /** A branch or commit to start from; the default is what is checked out. */
  baseBranch?: string;
  /** A line for the user's shell or an argument vector; without it, the shell itself. */
  command?: string | string[];
  /** Folder to start in, relative to the worktree. */
  cwd?: string;
  env?: Record<string, string>;
  /** False leaves the terminal closed. */
  show?: boolean;
  /** False runs the command in the open folder itself, with neither branch nor worktree. */
  worktree?: boolean;
}

/** The record of a session that was destroyed, and where its worktree stays if there was work in it. */
export type DestroyedSession = SessionRecord & { kept?: { path: string; reason: string } };

/**
 * What Holdfast exports to other extensions:
 * `const holdfast = await vscode.extensions.getExtension('holdfast.holdfast').activate() as HoldfastApi`.
 * Every method rejects with an error that has a stable `code` and, where there is something to do, `advice`.
 */
export interface HoldfastApi {
  readonly version: 1;
  /** Fires after any session changed, came or went. */
  readonly onDidChangeSessions: Event<void>;
  /** Resolves once the sessions of this window are restored. */
  readonly ready: Promise<void>;
  listSessions(): readonly SessionRecord[];
  getSession(id: string): SessionRecord | undefined;
  newSession(options?: NewSessionOptions): Promise<SessionRecord>;
  showTerminal(id: string): Promise<SessionRecord>;
  stopSession(id: string): Promise<SessionRecord>;
  restartSession(id: string): Promise<SessionRecord>;
  renameSession(id: string, name: string): Promise<SessionRecord>;
  destroySession(id: string): Promise<DestroyedSession>;
  /** Opens the log of the session's host and returns the session's record; without an id, the extension's own log. */
  showLog(id?: string): Promise<SessionRecord | undefined>;
  /** Replaces the helper; all sessions run on. */
  restartHelper(): Promise<void>;
}
