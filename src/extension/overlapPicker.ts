import * as vscode from 'vscode';
import { describeForecast } from '../core/changesPresentation.ts';
import { exists } from '../node/exists.ts';
import { fileOf } from '../node/worktreeReview.ts';
import type { Overlap } from '../protocol/changes.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { baseFileUri } from './baseFiles.ts';
import type { CommandContext } from './commands.ts';
import { tell } from './dialogs.ts';

/** Shows which sessions are in each other's way, then their files, and then how the two versions of one differ. */
export async function pickOverlap({ workspace }: Pick<CommandContext, 'workspace'>, found: Overlap[]): Promise<void> {
  if (found.length === 0) return tell('No two sessions change the same files, and none would conflict.');
  const items = found.flatMap((overlap) => {
    const [one, other] = overlap.ids.map((id) => workspace.get(id));
    return one && other ? [pairItem(overlap, one, other)] : [];
  });
  const pair = await vscode.window.showQuickPick(items, {
    title: 'Overlaps of Sessions',
    placeHolder: 'Which two sessions?',
  });
  if (pair) await pickFile(pair);
}

interface PairItem extends vscode.QuickPickItem {
  overlap: Overlap;
  one: SessionRecord;
  other: SessionRecord;
}

function pairItem(overlap: Overlap, one: SessionRecord, other: SessionRecord): PairItem {
  const { count, merge } = overlap;
  const icon = merge.state === 'conflicts' ? '$(warning)' : '$(files)';
  const description = count === 0 ? 'no file in common' : `${count} file${count === 1 ? '' : 's'} in common`;
  return {
    label: `${icon} ${one.name} ↔ ${other.name}`,
    description,
    detail: describeForecast(merge),
    overlap,
    one,
    other,
  };
}

async function pickFile({ overlap, one, other }: PairItem): Promise<void> {
  const conflicts = overlap.merge.files ?? [];
  const files = [...new Set([...conflicts, ...overlap.files])];
  const items = files.map((file) => ({ label: file, description: conflicts.includes(file) ? 'would conflict' : '' }));
  const title = `${one.name} ↔ ${other.name}`;
  const chosen = await vscode.window.showQuickPick(items, { title, placeHolder: 'Which file?' });
  if (!chosen) return;
  const [left, right] = await Promise.all([one, other].map((record) => versionOf(record, chosen.label)));
  await vscode.commands.executeCommand('vscode.diff', left, right, `${chosen.label} (${title})`);
}

/** A session that has deleted the file has an empty one to compare with. */
async function versionOf({ worktreePath }: SessionRecord, file: string): Promise<vscode.Uri> {
  const path = fileOf(worktreePath, file);
  const uri = vscode.Uri.file(path);
  return (await exists(path)) ? uri : baseFileUri(uri, { kind: 'empty' });
}
