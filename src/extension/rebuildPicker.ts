import * as vscode from 'vscode';
import type { Proposal, ProposalKind } from '../core/rebuildProposals.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { withProgress } from './dialogs.ts';
import { toMessage } from './errorMessage.ts';
import type { StateActions } from './stateActions.ts';

/** What makes each kind doubtful, in a few words. */
const doubts: Record<ProposalKind, string> = {
  untagged: 'no tag says whose it is',
  twoClaims: 'two sessions claim it',
  moved: 'it was moved',
  locked: 'git has it locked',
  prunable: 'its folder is gone',
  foreignTag: 'its tag is of another repository',
  unreadableTag: 'its tag cannot be read',
  otherBranch: 'another branch is checked out',
  kept: 'it was kept of a destroyed session',
};

/** Takes in lost sessions that are beyond doubt, and lets the user decide about the others. */
export async function rebuildSessions(actions: StateActions): Promise<SessionRecord[]> {
  const { restored, proposals } = await withProgress('Looking for lost sessions…', () => actions.rebuild());
  const found = [...restored, ...(await offerProposals(actions, proposals))];
  void vscode.window.showInformationMessage(describeFound(found, proposals));
  return found;
}

/** Shows each proposal with its evidence; returns the sessions that were made of those chosen. */
export async function offerProposals(actions: StateActions, proposals: readonly Proposal[]): Promise<SessionRecord[]> {
  if (proposals.length === 0) return [];
  const items = proposals.map((proposal) => ({
    label: `$(question) ${proposal.record.name}`,
    description: doubts[proposal.kind],
    detail: [proposal.path, ...proposal.evidence].join(' · '),
    proposal,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Rebuild Sessions',
    placeHolder: 'Which of these worktrees are sessions? Nothing is deleted, whatever you choose.',
    canPickMany: true,
    matchOnDetail: true,
  });
  const accepted: SessionRecord[] = [];
  for (const { proposal } of chosen ?? []) {
    const record = await actions.accept(proposal).catch((error) => tellRefused(proposal, error));
    if (record) accepted.push(record);
  }
  return accepted;
}

/** The others are taken in all the same. */
function tellRefused({ record }: Proposal, error: unknown): undefined {
  void vscode.window.showErrorMessage(`“${record.name}” could not be taken in: ${toMessage(error)}`);
}

function describeFound(found: readonly SessionRecord[], { length }: readonly Proposal[]): string {
  if (found.length > 0) return `Found again: ${found.map(({ name }) => `“${name}”`).join(', ')}.`;
  if (length === 0) return 'No lost session was found.';
  return length === 1 ? 'The worktree stays as it is.' : `All ${length} worktrees stay as they are.`;
}
