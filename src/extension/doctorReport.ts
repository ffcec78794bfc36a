import * as vscode from 'vscode';
import { type RepairOutcome, repairAll, runDoctor, withoutRepair } from '../client/doctor/runDoctor.ts';
import { describeCounts, describeFound, describeRepairs, diagnosisLines, type Finding } from '../core/diagnosis.ts';
import { withProgress } from './dialogs.ts';
import { toMessage } from './errorMessage.ts';
import type { Workspace } from './workspace.ts';

/** What was found, and with it what was repaired and what could not be, a line each. */
export interface Diagnosis {
  findings: Finding[];
  done: string[];
  failed: string[];
}

/** Looks at all that sessions are kept in; with `fix` it repairs what is safe, and looks again. */
export async function diagnose(workspace: Workspace, fix: boolean): Promise<Diagnosis> {
  const { options } = await workspace.manager();
  if (!fix) return { findings: (await runDoctor(options)).map(withoutRepair), done: [], failed: [] };
  const { findings, outcomes } = await repairAll(options);
  const told = (state: RepairOutcome['state']) => outcomes.filter((one) => one.state === state).map(describeOutcome);
  return { findings: findings.map(withoutRepair), done: told('done'), failed: told('failed') };
}

/** Shows the findings as a document, and offers to repair what is safe. */
export async function showDoctor(workspace: Workspace): Promise<Finding[]> {
  const diagnosis = await withProgress('Looking at the sessions…', () => diagnose(workspace, false));
  const { findings } = diagnosis;
  if (findings.length === 0) {
    void vscode.window.showInformationMessage('All is sound: sessions, backups, locks and worktrees.');
    return findings;
  }
  await showReport(diagnosis);
  const repair = 'Repair What Is Safe';
  const isRepairable = findings.some(({ repair: proposed }) => proposed?.isSafe);
  void vscode.window
    .showInformationMessage(describeFound(findings), ...(isRepairable ? [repair] : []))
    .then((chosen) => (chosen === repair ? repairAndShow(workspace) : undefined));
  return findings;
}

async function repairAndShow(workspace: Workspace): Promise<void> {
  const diagnosis = await withProgress('Repairing what is safe…', () => diagnose(workspace, true));
  await showReport(diagnosis);
  void vscode.window.showInformationMessage(describeRepairs(diagnosis));
}

async function showReport({ findings, done, failed }: Diagnosis): Promise<void> {
  const lines = [
    ...section('Repaired', done),
    ...section('Could not be repaired', failed),
    ...diagnosisLines(findings),
    '',
    describeCounts(findings),
  ];
  const document = await vscode.workspace.openTextDocument({ content: lines.join('\n'), language: 'plaintext' });
  await vscode.window.showTextDocument(document, { preview: true });
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, '', ...lines.map((line) => `  ${line}`), ''];
}

function describeOutcome(outcome: RepairOutcome): string {
  const { subject } = outcome.finding;
  return `${subject}: ${outcome.state === 'done' ? outcome.what : toMessage(outcome.error)}`;
}
