import path from 'node:path';
import * as vscode from 'vscode';
import type { SessionMergePlan } from '../client/sessionMerge.ts';
import { withNamedMarkers } from '../core/conflictMarkers.ts';
import { describeConflicts } from '../core/mergePlan.ts';
import { tryGit } from '../node/git.ts';

const scheme = 'holdfast-merge';

interface ShownFile {
  cwd: string;
  /** Or a tree. */
  commit: string;
  /** Of the commits that meet, by full hash. */
  names: Record<string, string>;
}

/** Shows files of merges that were not made: they are in no checkout, only among git’s objects. */
export function registerConflictView(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(scheme, {
    provideTextDocumentContent: async ({ path: file, query }) => {
      const { cwd, commit, names } = JSON.parse(query) as ShownFile;
      const text = (await tryGit(['cat-file', 'blob', `${commit}:${file.slice(1)}`], { cwd })) ?? '';
      return withNamedMarkers(text, names);
    },
  });
}

/** Lets the user look at conflicts one by one: what the target has, beside what a merge would leave there. */
export async function showConflicts(root: string, plan: SessionMergePlan): Promise<void> {
  const { conflicts, result, intoCommit, into, branch } = plan;
  const names = { [intoCommit]: into, [plan.commit]: branch };
  if (!('tree' in result)) return;
  const items = conflicts.map((conflict) => ({
    label: conflict.file,
    detail: describeConflicts([conflict])[0] ?? '',
    file: conflict.file,
  }));
  const placeHolder = `What ${branch} and ${into} have both changed`;
  const chosen = await vscode.window.showQuickPick(items, { title: 'Conflicts', placeHolder });
  if (!chosen) return;
  const at = (commit: string) => {
    const shown: ShownFile = { cwd: root, commit, names };
    return vscode.Uri.from({ scheme, path: `/${chosen.file}`, query: JSON.stringify(shown) });
  };
  const title = `${path.posix.basename(chosen.file)} (${into} ↔ with ${branch})`;
  await vscode.commands.executeCommand('vscode.diff', at(intoCommit), at(result.tree), title);
}
