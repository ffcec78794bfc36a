import * as vscode from 'vscode';
import type { SessionManager } from '../client/sessionManager.ts';
import type { FileDiff } from '../core/rawDiff.ts';
import { requireFolder } from '../node/repository.ts';
import { fileOf, requireWorktree, reviewWorktree } from '../node/worktreeReview.ts';
import type { Overlap } from '../protocol/changes.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { baseFileUri } from './baseFiles.ts';
import { openRepository } from './sourceControl.ts';
import type { Workspace } from './workspace.ts';
import { addFolder } from './workspaceFolders.ts';

/** How many files an editor shows at a time. */
const maxShown = 1_000;

/** What was done in a session's worktree since its branch parted from its base. */
export interface ReviewedChanges {
  /** Of the editor that shows it. */
  title: string;
  /** What it is compared with, a full hash; null where there is no commit yet. */
  commit: string | null;
  /** Submodules are not among them. */
  files: FileDiff[];
  /** How many of them the editor shows. */
  shown: number;
}

/** What commands and the API do with sessions’ worktrees; no prompts, errors are thrown. */
export class WorktreeActions {
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Compares a worktree with its base, and shows it where anything differs. */
  async review(id: string): Promise<ReviewedChanges> {
    const { manager, record } = await this.#find(id);
    const { commit, base, files } = await reviewWorktree(record, manager.options.workplace.key);
    const title = `${record.name}: changes since ${shortName(base ?? commit ?? 'its begin')}`;
    const shown = files.slice(0, maxShown);
    const resources = shown.map((file) => resourceOf(record.worktreePath, file, commit));
    if (shown.length > 0) await vscode.commands.executeCommand('vscode.changes', title, resources);
    return { title, commit, files, shown: shown.length };
  }

  async openInNewWindow(id: string): Promise<SessionRecord> {
    const record = await this.#requireFolder(id);
    await vscode.commands.executeCommand('vscode.openFolder', folderOf(record), { forceNewWindow: true });
    return record;
  }

  /** Does nothing where it is in the workspace already. */
  async addToWorkspace(id: string): Promise<SessionRecord> {
    const record = await this.#requireFolder(id);
    addFolder(record.worktreePath, record.name);
    return record;
  }

  async copyPath(id: string): Promise<SessionRecord> {
    const { record } = await this.#find(id);
    await vscode.env.clipboard.writeText(record.worktreePath);
    return record;
  }

  /** @throws {HoldfastError} `NO_SOURCE_CONTROL` where the Git extension is off, or does not take it */
  async openInSourceControl(id: string): Promise<SessionRecord> {
    const record = await this.#requireFolder(id);
    await openRepository(folderOf(record), record);
    return record;
  }

  async checkOverlaps(): Promise<Overlap[]> {
    return (await this.#workspace.manager()).changes.check();
  }

  async #find(id: string): Promise<{ manager: SessionManager; record: SessionRecord }> {
    const manager = await this.#workspace.manager();
    return { manager, record: manager.require(id) };
  }

  async #requireFolder(id: string): Promise<SessionRecord> {
    const { manager, record } = await this.#find(id);
    if (record.branch) await requireWorktree(record, manager.options.workplace.key);
    else await requireFolder(record.worktreePath);
    return record;
  }
}

type Resource = [label: vscode.Uri, original: vscode.Uri | undefined, modified: vscode.Uri | undefined];

/** A symbolic link is shown as its text: the editor would show what it leads to. */
function resourceOf(cwd: string, { path, formerPath = path, kind, isLink }: FileDiff, commit: string | null): Resource {
  const label = vscode.Uri.file(fileOf(cwd, path));
  const former = vscode.Uri.file(fileOf(cwd, formerPath));
  const isNew = kind === 'added' || commit === null;
  const before = isNew ? undefined : baseFileUri(former, { kind: 'committed', cwd, commit, file: formerPath });
  const after = isLink ? baseFileUri(label, { kind: 'link', cwd, file: path }) : label;
  return [label, before, kind === 'deleted' ? undefined : after];
}

function folderOf({ worktreePath }: SessionRecord): vscode.Uri {
  return vscode.Uri.file(worktreePath);
}

function shortName(ref: string): string {
  return /^[0-9a-f]{40,64}$/.test(ref) ? ref.slice(0, 8) : ref;
}
