import * as vscode from 'vscode';
import type { Proposal, ProposalKind } from '../core/rebuildProposals.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
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
export async function rebuildSessions(actions: StateActions): Promise<SessionRecord[] | undefined> {
  const { restored, proposals } = await actions.rebuild();
  const accepted = await offerProposals(actions, proposals);
  const all = [...restored, ...accepted];
  const names = all.map(({ name }) => `“${name}”`).join(', ');
  const text = all.length > 0 ? `Found again: ${names}.` : 'No lost session was found that could be taken in.';
  void vscode.window.showInformationMessage(text);
  return all;
}

/** Shows each proposal with its evidence; returns the sessions that were made of those chosen. */
export async function offerProposals(actions: StateActions, proposals: readonly Proposal[]): Promise<SessionRecord[]> {
  if (proposals.length === 0) return [];
  const items = proposals.map((proposal) => ({
    label: `$(question) ${proposal.record.name}`,
    description: `${doubts[proposal.kind]}: ${proposal.path}`,
    detail: proposal.evidence.join(' '),
    proposal,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Rebuild Sessions',
    placeHolder: 'Which of these worktrees are sessions? Nothing is deleted, whatever you choose.',
    canPickMany: true,
    matchOnDescription: true,
  });
  const accepted: SessionRecord[] = [];
  for (const { proposal } of chosen ?? []) accepted.push(await actions.accept(proposal));
  return accepted;
}
