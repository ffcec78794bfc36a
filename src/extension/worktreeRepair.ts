import * as vscode from 'vscode';
import {
  describeSituation,
  repairsFor,
  type WorktreeRepair,
  type WorktreeSituation,
} from '../core/worktreeSituation.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { ErrorActions } from './errorMessage.ts';
import { commandIds } from './ids.ts';
import type { Workspace } from './workspace.ts';

/** How a session’s worktree is, and what can be done about it. */
export interface WorktreeInspection {
  situation: WorktreeSituation;
  /** In one sentence or two. */
  text: string;
  repairs: WorktreeRepair[];
}

export interface RepairRequest {
  id: string;
  repair: WorktreeRepair;
  /** Where the worktree is, for `use`. */
  path?: string | undefined;
}

/** What can be offered where a session was not started for what is wrong with its worktree. */
export const worktreeErrorActions: ErrorActions<never> = {
  WORKTREE_MISMATCH: ({ data }) => offerRepair(data.id),
  NO_FOLDER: ({ data }) => offerRepair(data.id),
};

export async function inspectWorktree(workspace: Workspace, id: string): Promise<WorktreeInspection> {
  const manager = await workspace.manager();
  const situation = await manager.inspectWorktree(id);
  return { situation, text: describeSituation(manager.require(id), situation), repairs: repairsFor(situation) };
}

/** No prompt; errors are thrown. */
export async function repairWorktree(
  workspace: Workspace,
  { id, repair, path }: RepairRequest,
): Promise<SessionRecord> {
  const { record, notice } = await (await workspace.manager()).repairWorktree(id, { repair, path });
  if (notice) void vscode.window.showInformationMessage(notice, 'OK');
  return record;
}

/** Tells how the worktree is and does what is chosen; undefined where nothing was. */
export async function askRepair(
  workspace: Workspace,
  id: string,
  options: vscode.MessageOptions = {},
): Promise<SessionRecord | undefined> {
  const inspection = await inspectWorktree(workspace, id);
  const record = (await workspace.manager()).require(id);
  const choices = choicesFor(record, inspection);
  const show = choices.length > 0 ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
  const chosen = await show(inspection.text, options, ...choices.map(({ title }) => title));
  return choices.find(({ title }) => title === chosen)?.run(workspace);
}

interface Choice {
  title: string;
  run: (workspace: Workspace) => Promise<SessionRecord | undefined>;
}

function choicesFor(record: SessionRecord, { situation, repairs }: WorktreeInspection): Choice[] {
  const { id } = record;
  const direct = (repair: WorktreeRepair, title: string): Choice => ({
    title,
    run: (workspace) => repairWorktree(workspace, { id, repair }),
  });
  const possible: Record<WorktreeRepair, () => Choice> = {
    follow: () => direct('follow', `Go On with ${situation.kind === 'otherBranch' ? situation.branch : ''}`),
    switchBack: () => direct('switchBack', `Switch Back to ${record.branch}`),
    recreate: () => direct('recreate', 'Make It Again'),
    use: () => (situation.kind === 'moved' ? direct('use', 'Use It There') : locate(record)),
  };
  const destroy: Choice = {
    title: 'Destroy Session…',
    run: async () => {
      await vscode.commands.executeCommand(commandIds.destroySession, id);
      return undefined;
    },
  };
  const isThere = situation.kind === 'sound' || situation.kind === 'otherBranch';
  return [...repairs.map((repair) => possible[repair]()), ...(isThere ? [] : [destroy])];
}

/** A folder that was moved by hand, only the user knows. */
function locate({ id, name }: SessionRecord): Choice {
  return {
    title: 'Locate…',
    run: async (workspace) => {
      const [folder] =
        (await vscode.window.showOpenDialog({
          title: `The worktree of “${name}”`,
          openLabel: 'Use This Folder',
          canSelectFiles: false,
          canSelectFolders: true,
        })) ?? [];
      return folder && repairWorktree(workspace, { id, repair: 'use', path: folder.fsPath });
    },
  };
}

function offerRepair(id: unknown) {
  if (typeof id !== 'string') return [];
  const run = async () => {
    await vscode.commands.executeCommand(commandIds.repairWorktree, id);
    return undefined;
  };
  return [{ title: 'Repair Worktree…', run }];
}
