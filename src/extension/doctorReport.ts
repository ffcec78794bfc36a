import * as vscode from 'vscode';
import { toErrorShape } from '../base/errors.ts';
import { applySafeRepairs, type RepairOutcome, runDoctor, withoutRepair } from '../client/doctor/runDoctor.ts';
import { describeCounts, diagnosisLines, type Finding } from '../core/diagnosis.ts';
import { withProgress } from './dialogs.ts';
import type { Workspace } from './workspace.ts';

/** Looks at all that sessions are kept in; with `fix` it repairs what is safe, and looks again. */
export async function diagnose(workspace: Workspace, fix: boolean): Promise<{ findings: Finding[]; done: string[] }> {
  const { options } = await workspace.manager();
  const findings = await runDoctor(options);
  if (!fix) return { findings: findings.map(withoutRepair), done: [] };
  const done = (await applySafeRepairs(findings)).map(describeOutcome);
  return { findings: (await runDoctor(options)).map(withoutRepair), done };
}

/** Shows the findings as a document, and offers to repair what is safe. */
export async function showDoctor(workspace: Workspace): Promise<Finding[]> {
  const { findings } = await withProgress('Looking at the sessions…', () => diagnose(workspace, false));
  const counts = describeCounts(findings);
  if (findings.length === 0) {
    void vscode.window.showInformationMessage('All is sound: sessions, backups, locks and worktrees.');
    return findings;
  }
  await showReport(findings, []);
  const repair = 'Repair What Is Safe';
  const isRepairable = findings.some(({ repair: proposed }) => proposed?.isSafe);
  void vscode.window
    .showInformationMessage(`Holdfast: Doctor found ${counts}.`, ...(isRepairable ? [repair] : []))
    .then((chosen) => (chosen === repair ? repairAndShow(workspace) : undefined));
  return findings;
}

async function repairAndShow(workspace: Workspace): Promise<void> {
  const { findings, done } = await withProgress('Repairing what is safe…', () => diagnose(workspace, true));
  await showReport(findings, done);
  const left = findings.length === 0 ? 'Nothing is left.' : `Left: ${describeCounts(findings)}.`;
  void vscode.window.showInformationMessage(`${done.length} repaired. ${left}`);
}

async function showReport(findings: readonly Finding[], done: readonly string[]): Promise<void> {
  const repaired = done.length > 0 ? ['Repaired', '', ...done.map((line) => `  ${line}`), ''] : [];
  const content = [...repaired, ...diagnosisLines(findings), '', describeCounts(findings)].join('\n');
  const document = await vscode.workspace.openTextDocument({ content, language: 'plaintext' });
  await vscode.window.showTextDocument(document, { preview: true });
}

function describeOutcome(outcome: RepairOutcome): string {
  const { subject } = outcome.finding;
  if (outcome.state === 'done') return `${subject}: ${outcome.what}`;
  return `${subject}: could not be repaired: ${toErrorShape(outcome.error).message}`;
}
