import * as vscode from 'vscode';
import { describeError, HoldfastError } from '../base/errors.ts';
import type { StorageProblem } from '../client/registryReplica.ts';
import type { Proposal } from '../core/rebuildProposals.ts';
import { describeRecovery, type WindowRecovery } from '../core/recoveryNotice.ts';
import { commandIds } from './ids.ts';

/** Where it is noted which worktrees the user has been told about. */
const toldKey = 'holdfast.proposedWorktrees';

/** Tells what was found wrong and how it was put right, in one sentence that is not repeated. */
export async function tellOnce(notice: string, log: vscode.LogOutputChannel): Promise<void> {
  log.warn(notice);
  const actions: Record<string, () => unknown> = {
    'Run Doctor': () => vscode.commands.executeCommand(commandIds.doctor),
    'Show Log': () => log.show(),
  };
  const chosen = await vscode.window.showWarningMessage(notice, ...Object.keys(actions));
  if (chosen) actions[chosen]?.();
}

/** Something could not be kept in this window's storage, which concerns no session: the helper has it. */
export function tellProblem({ error, isNews }: StorageProblem, log: vscode.LogOutputChannel): void {
  log.error('Something could not be kept in this window’s storage', error as Error);
  if (!isNews) return;
  const why = error instanceof HoldfastError ? error.text : describeError(error);
  void tellOnce(
    `This window’s copy of the session list is not up to date: ${why} Sessions run on, and the helper keeps what changed.`,
    log,
  );
}

/** Tells what was recovered on opening the window, and from where. */
export async function tellRecovered(recovery: WindowRecovery, log: vscode.LogOutputChannel): Promise<void> {
  const notice = describeRecovery(recovery);
  if (notice !== undefined) await tellOnce(notice, log);
}

/** Tells that there are worktrees that a person has to judge. */
export async function tellProposed(
  proposals: readonly Proposal[],
  memento: vscode.Memento,
  log: vscode.LogOutputChannel,
): Promise<void> {
  const doubtful = await newlyProposed(proposals, memento);
  if (doubtful === 0) return;
  const notice = `${doubtful} worktree${doubtful === 1 ? '' : 's'} may be lost sessions.`;
  log.warn(notice);
  const review = 'Review…';
  const chosen = await vscode.window.showWarningMessage(notice, review);
  if (chosen === review) await vscode.commands.executeCommand(commandIds.rebuildSessions);
}

/** How many there are of which the user was not told; a worktree that nothing speaks for is told on request alone. */
async function newlyProposed(proposals: readonly Proposal[], memento: vscode.Memento): Promise<number> {
  const told = memento.get<string[]>(toldKey, []);
  const paths = proposals.filter(({ kind }) => kind !== 'untagged').map(({ path }) => path);
  const fresh = paths.filter((path) => !told.includes(path));
  if (fresh.length > 0) await memento.update(toldKey, paths);
  return fresh.length;
}
