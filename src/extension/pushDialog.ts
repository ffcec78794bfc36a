import * as vscode from 'vscode';
import { HoldfastError } from '../base/errors.ts';
import type { PushOptions } from '../client/bringHome.ts';
import { describePushed } from '../core/homeWords.ts';
import type { PushTarget } from '../core/pushTarget.ts';
import type { PushedBranch } from '../node/pushBranch.ts';
import { cancellable, isCancelled, outputAction } from './cancellable.ts';
import type { CommandContext } from './commands.ts';
import { tell, withProgress } from './dialogs.ts';
import { hasGitExtension } from './editorPush.ts';
import { type ErrorActions, showError } from './errorMessage.ts';
import { tellMergedHere } from './mergedHere.ts';
import type { MadePullRequest } from './pullRequest.ts';

export async function pushWithQuestions(context: CommandContext, id: string): Promise<PushedBranch | undefined> {
  const pushed = await push(context, id);
  if (pushed) tell(describePushed(pushed));
  return pushed;
}

export async function createPullRequest(context: CommandContext, id: string): Promise<MadePullRequest | undefined> {
  const pushed = await push(context, id);
  return pushed && context.home.openPullRequest(id, pushed);
}

/** Which remote is meant and how to sign in there is asked where it is not known. */
async function push(context: CommandContext, id: string, options: PushOptions = {}): Promise<PushedBranch | undefined> {
  const { name = '' } = context.workspace.get(id) ?? {};
  try {
    return await cancellable(`Pushing “${name}”…`, (control) => context.home.push(id, { ...options, ...control }));
  } catch (error) {
    if (isCancelled(error)) return undefined;
    const remotes = remotesToChooseFrom(error);
    if (remotes.length === 0) return showError(error, context.log, pushActions(context, id));
    const items = remotes.map((label) => ({ label }));
    const chosen = await vscode.window.showQuickPick(items, { title: 'Push', placeHolder: 'To which remote?' });
    return chosen && push(context, id, { remote: chosen.label });
  }
}

function remotesToChooseFrom(error: unknown): string[] {
  const isOpen = error instanceof HoldfastError && error.code === 'NO_REMOTE';
  return isOpen && Array.isArray(error.data.remotes) ? error.data.remotes : [];
}

function pushActions(context: CommandContext, id: string): ErrorActions<PushedBranch> {
  const { home, log } = context;
  const output = (error: HoldfastError) => outputAction(error, log);
  return {
    AUTHENTICATION_FAILED: (error) => {
      const signIn = () => home.pushThroughEditor(id, error.data as unknown as PushTarget);
      const offered = hasGitExtension() ? [{ title: 'Sign In with VS Code', run: signIn }] : [];
      return [...offered, output(error)];
    },
    PUSH_REJECTED: (error) => {
      const bring = { title: 'Merge Them into the Session', run: () => pull(context, id, error) };
      return [...(error.data.isBehind === true ? [bring] : []), output(error)];
    },
    HOOK_FAILED: (error) => [output(error)],
  };
}

/** Where there is no conflict the push goes on at once. */
async function pull(context: CommandContext, id: string, { data }: HoldfastError): Promise<PushedBranch | undefined> {
  const { remote, ref } = data as unknown as PushTarget;
  const merged = await withProgress(`Merging from ${remote}…`, () => context.home.pullHere(id, { remote, ref }));
  if (merged.state === 'merged') return push(context, id, { remote });
  tellMergedHere(context, id, { from: remote, ...merged });
  return undefined;
}
