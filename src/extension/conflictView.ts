import path from 'node:path';
import * as vscode from 'vscode';
import type { SessionMergePlan } from '../client/sessionMerge.ts';
import { describeConflicts } from '../core/mergePlan.ts';
import { tryGit } from '../node/git.ts';

const scheme = 'holdfast-merge';

/** Shows files of merges that were not made: they are in no checkout, only among git’s objects. */
export function registerConflictView(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(scheme, {
    provideTextDocumentContent: async ({ path: file, query }) => {
      const { cwd, commit } = JSON.parse(query) as { cwd: string; commit: string };
      return (await tryGit(['cat-file', 'blob', `${commit}:${file.slice(1)}`], { cwd })) ?? '';
    },
  });
}

/** Lets the user look at conflicts one by one: what the target has, beside what a merge would leave there. */
export async function showConflicts(root: string, plan: SessionMergePlan): Promise<void> {
  const { conflicts, result, intoCommit, into, branch } = plan;
  if (!('tree' in result)) return;
  const items = conflicts.map((conflict) => ({
    label: conflict.file,
    detail: describeConflicts([conflict])[0] ?? '',
    file: conflict.file,
  }));
  const placeHolder = `What ${branch} and ${into} have both changed`;
  const chosen = await vscode.window.showQuickPick(items, { title: 'Conflicts', placeHolder });
  if (!chosen) return;
  const at = (commit: string) =>
    vscode.Uri.from({ scheme, path: `/${chosen.file}`, query: JSON.stringify({ cwd: root, commit }) });
  const title = `${path.posix.basename(chosen.file)} (${into} ↔ with ${branch})`;
  await vscode.commands.executeCommand('vscode.diff', at(intoCommit), at(result.tree), title);
}
