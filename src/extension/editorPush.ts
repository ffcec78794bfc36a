import * as vscode from 'vscode';
import type { PushTarget } from '../core/pushTarget.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** What is used of the API of VS Code’s Git extension. @see https://github.com/microsoft/vscode/blob/main/extensions/git/src/api/git.d.ts */
interface GitApi {
  openRepository(root: vscode.Uri): Promise<GitExtensionRepository | null>;
}

interface GitExtensionRepository {
  push(remoteName?: string, branchName?: string, setUpstream?: boolean): Promise<void>;
}

/** Whether the Git extension is there and on. */
export function hasGitExtension(): boolean {
  const isOn = vscode.workspace.getConfiguration('git').get<boolean>('enabled', true);
  return isOn && vscode.extensions.getExtension('vscode.git') !== undefined;
}

/**
 * Pushes with what the Git extension knows of how to sign in, which it lends to nobody: it asks the user where it must.
 * The worktree shows up in Source Control with that.
 */
export async function pushThroughEditor(
  { worktreePath, branch }: SessionRecord,
  { remote, ref, setsUpstream }: PushTarget,
): Promise<void> {
  const extension = await vscode.extensions.getExtension('vscode.git')?.activate();
  const api = extension?.getAPI(1) as GitApi | undefined;
  const repository = await api?.openRepository(vscode.Uri.file(worktreePath));
  if (!repository) throw new Error(`The Git extension does not open ${worktreePath}.`);
  await repository.push(remote, `refs/heads/${branch}:${ref}`, setsUpstream);
}
