import * as vscode from 'vscode';
import { ailment, healthColor } from '../core/healthPresentation.ts';
import { countSessions, lookOf, sessionFacts, spokenRow } from '../core/presentation.ts';
import { isRecovering, isRunning } from '../core/sessionRecord.ts';
import type { SessionHealth } from '../protocol/health.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { treeContexts } from './ids.ts';

/** What stands beside a session’s name: as it is read, and as it is read out. */
export interface RowText {
  shown: string;
  spoken: string;
}

/** A session’s row in the tree, all but its tooltip and what a click on it runs. */
export function sessionItem(
  record: SessionRecord,
  { shown, spoken }: RowText,
  health: SessionHealth | undefined,
): vscode.TreeItem {
  const item = new vscode.TreeItem(record.name);
  const look = lookOf(record);
  const illness = ailment(record, health);
  const color = (illness && healthColor(illness)) ?? look.color;
  item.id = record.id;
  item.description = shown;
  item.iconPath = new vscode.ThemeIcon(look.icon, color ? new vscode.ThemeColor(color) : undefined);
  item.contextValue = contextOf(record);
  item.accessibilityInformation = { label: spokenRow(record, spoken) };
  return item;
}

/** The group of those that ended long ago. */
export function archiveItem(count: number): vscode.TreeItem {
  const item = new vscode.TreeItem('Archived', vscode.TreeItemCollapsibleState.Collapsed);
  item.description = String(count);
  item.iconPath = new vscode.ThemeIcon('archive');
  item.contextValue = treeContexts.archive;
  item.accessibilityInformation = { label: `Archived, ${countSessions(count)}` };
  return item;
}

/** A heading, a table, for the eye finds a fact faster in a column, and below it how the session is in words. */
export function sessionTooltip(
  record: SessionRecord,
  { sentences, work }: { sentences: readonly string[]; work: readonly [label: string, text: string][] },
  now: Date,
): vscode.MarkdownString {
  const text = new vscode.MarkdownString('', true);
  text.appendMarkdown(`$(${lookOf(record).icon}) **${cell(record.name)}**\n\n|||\n|:--|:--|\n`);
  const facts = [...sessionFacts(record, now), ...work];
  for (const [fact, value] of facts) text.appendMarkdown(`|${fact}&nbsp;&nbsp;|${cell(value)}|\n`);
  // The spaces of a cell keep its words together, and those of a sentence must not.
  for (const sentence of sentences) text.appendMarkdown(`\n\n${cell(sentence).replaceAll('&nbsp;', ' ')}`);
  return text;
}

function contextOf(record: SessionRecord): string {
  const isPlain = record.branch === '';
  if (isRecovering(record)) return isPlain ? treeContexts.recoveringPlain : treeContexts.recovering;
  if (isRunning(record)) return isPlain ? treeContexts.runningPlain : treeContexts.running;
  return isPlain ? treeContexts.endedPlain : treeContexts.ended;
}

/** Plain text as it goes into a cell of a table, where what looks like an icon would be drawn as one. */
function cell(text: string): string {
  const escaped = new vscode.MarkdownString('', true).appendText(text.replace(/\s+/g, ' ')).value;
  return escaped.replaceAll('|', '\\|').trim();
}
