import * as vscode from 'vscode';
import type { Proposal, ProposalKind } from '../core/rebuildProposals.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { confirm, tell, withProgress } from './dialogs.ts';
import { toMessage } from './errorMessage.ts';
import type { LoadedSession, StateActions } from './stateActions.ts';

/** What makes each kind doubtful, in a few words. */
const doubts: Record<ProposalKind, string> = {
  untagged: 'no tag says whose it is',
  twoClaims: 'two sessions claim it',
  branchTaken: 'another session works on its branch',
  moved: 'it was moved',
  locked: 'git has it locked',
  prunable: 'its folder is gone',
  foreignTag: 'its tag is of another repository',
  unreadableTag: 'its tag cannot be read',
  otherBranch: 'another branch is checked out',
  kept: 'it was kept of a destroyed session',
};

/** How many worktrees a dialog describes. */
const maxDescribed = 5;

/** Takes in lost sessions that are beyond doubt, and lets the user decide about the others. */
export async function rebuildSessions(actions: StateActions): Promise<SessionRecord[]> {
  const { restored, proposals } = await withProgress('Looking for lost sessions…', () => actions.rebuild());
  const offered = proposals.filter(({ hindrance }) => hindrance === undefined);
  const found: LoadedSession[] = [
    ...restored.map((record) => ({ record })),
    ...(await offerProposals(actions, offered)),
  ];
  const notices = found.flatMap(({ notice }) => notice ?? []);
  tell([describeFound(found, offered), ...notices, ...describeHindered(proposals)].join(' '));
  return found.map(({ record }) => record);
}

/** Shows each proposal with its evidence; returns the sessions that were made of those chosen. */
async function offerProposals(actions: StateActions, proposals: readonly Proposal[]): Promise<LoadedSession[]> {
  const accepted: LoadedSession[] = [];
  for (const proposal of await pickProposals(proposals)) {
    const session = await actions.accept(proposal).catch((error) => tellRefused(proposal, error));
    if (session) accepted.push(session);
  }
  return accepted;
}

async function pickProposals(proposals: readonly Proposal[]): Promise<Proposal[]> {
  if (proposals.length === 0) return [];
  const items = proposals.map((proposal) => ({
    label: `$(question) ${proposal.record.name}`,
    description: `${vscode.workspace.asRelativePath(proposal.path)}, ${doubts[proposal.kind]}`,
    detail: proposal.evidence.join(' '),
    proposal,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Rebuild Sessions',
    placeHolder: 'Which of these worktrees are lost sessions?',
    canPickMany: true,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  const wanted = (chosen ?? []).map(({ proposal }) => proposal);
  if (wanted.length === 0) return [];
  // A list cuts off what is longer than a line, and the evidence is what the user has to judge.
  const question = wanted.length === 1 ? `Take in “${wanted[0]?.record.name}”?` : `Take in ${wanted.length} worktrees?`;
  return (await confirm(question, describeEvidence(wanted), 'Take In')) ? wanted : [];
}

function describeEvidence(proposals: readonly Proposal[]): string {
  const parts = proposals.slice(0, maxDescribed).map(({ path, evidence }) => `${path}\n${evidence.join(' ')}`);
  const others = proposals.length > maxDescribed ? [`And ${proposals.length - maxDescribed} more.`] : [];
  return [...parts, ...others, 'Nothing is started or deleted.'].join('\n\n');
}

/** The others are taken in all the same. */
function tellRefused({ record }: Proposal, error: unknown): undefined {
  void vscode.window.showErrorMessage(`“${record.name}” could not be taken in: ${toMessage(error)}`);
}

/** What a list to choose from would offer in vain. */
function describeHindered(proposals: readonly Proposal[]): string[] {
  return proposals
    .flatMap(({ record, hindrance }) =>
      hindrance === undefined ? [] : `“${record.name}” was found as well. ${hindrance}`,
    )
    .slice(0, maxDescribed);
}

function describeFound(found: readonly LoadedSession[], { length }: readonly Proposal[]): string {
  if (found.length > 0) return `Found again: ${found.map(({ record }) => `“${record.name}”`).join(', ')}.`;
  if (length === 0) return 'No lost session was found.';
  return length === 1 ? 'The worktree stays as it is.' : `All ${length} worktrees stay as they are.`;
}
