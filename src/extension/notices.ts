import * as vscode from 'vscode';
import { describeError, HoldfastError } from '../base/errors.ts';
import type { StorageProblem } from '../client/registryReplica.ts';
import type { RebuildPlan } from '../core/rebuildPlan.ts';
import type { Proposal } from '../core/rebuildProposals.ts';
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

/** Tells which sessions were made anew from their worktrees, and that others have to be judged. */
export async function tellRebuilt(
  { sessions, proposals }: RebuildPlan,
  memento: vscode.Memento,
  log: vscode.LogOutputChannel,
): Promise<void> {
  const names = sessions.filter(({ from }) => from.kind === 'tag').map(({ record }) => `“${record.name}”`);
  const rebuilt =
    names.length > 0 ? `The session list was gone. Rebuilt from their worktrees: ${names.join(', ')}. ` : '';
  const doubtful = await newlyProposed(proposals, memento);
  if (!rebuilt && doubtful === 0) return;
  const asked = doubtful > 0 ? `${doubtful} worktree${doubtful === 1 ? '' : 's'} may be lost sessions.` : '';
  const notice = (rebuilt + asked).trim();
  log.warn(notice);
  const review = 'Review…';
  const chosen = await vscode.window.showWarningMessage(notice, ...(doubtful > 0 ? [review] : []));
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
