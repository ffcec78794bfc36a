import * as vscode from 'vscode';
import { HoldfastError } from '../base/errors.ts';
import type { PushOptions } from '../client/bringHome.ts';
import { describePushed } from '../core/homeWords.ts';
import type { PushedBranch } from '../node/pushBranch.ts';
import { cancellable, isCancelled, outputAction } from './cancellable.ts';
import type { CommandContext } from './commands.ts';
import { tell } from './dialogs.ts';
import { hasGitExtension, pushThroughEditor } from './editorPush.ts';
import { type ErrorActions, showError } from './errorMessage.ts';
import type { MadePullRequest } from './pullRequest.ts';

export async function pushWithQuestions(context: CommandContext, id: string): Promise<PushedBranch | undefined> {
  const pushed = await whileAsking(context, id, (options) => context.home.push(id, options));
  if (pushed) tell(describePushed(pushed));
  return pushed;
}

export async function createPullRequest(context: CommandContext, id: string): Promise<MadePullRequest | undefined> {
  return whileAsking(context, id, (options) => context.home.createPullRequest(id, options));
}

/** Pushes on the way; which remote is meant and how to sign in there is asked where it is not known. */
async function whileAsking<T>(
  context: CommandContext,
  id: string,
  push: (options: PushOptions) => Promise<T>,
  options: PushOptions = {},
): Promise<T | undefined> {
  const { name = '' } = context.workspace.get(id) ?? {};
  try {
    return await cancellable(`Pushing “${name}”…`, (control) => push({ ...options, ...control }));
  } catch (error) {
    if (isCancelled(error)) return undefined;
    const remote = await pickRemote(error);
    if (remote !== undefined) return whileAsking(context, id, push, { remote });
    const again = () => whileAsking(context, id, push, options);
    return showError<T>(error, context.log, pushActions(context, id, again));
  }
}

/** Undefined also where there is none to choose from. */
async function pickRemote(error: unknown): Promise<string | undefined> {
  if (!(error instanceof HoldfastError) || error.code !== 'NO_REMOTE' || !Array.isArray(error.data.remotes)) return;
  const remotes = error.data.remotes as string[];
  if (remotes.length === 0) return undefined;
  const items = remotes.map((label) => ({ label }));
  return (await vscode.window.showQuickPick(items, { title: 'Push', placeHolder: 'To which remote?' }))?.label;
}

/** What can be done about a push that failed ends in another try. */
function pushActions<T>(context: CommandContext, id: string, again: () => Promise<T | undefined>): ErrorActions<T> {
  const { log, workspace } = context;
  const record = workspace.get(id);
  const output = (error: HoldfastError) => outputAction(error, log);
  return {
    AUTHENTICATION_FAILED: (error) => {
      const { remote, setsUpstream = false } = error.data;
      const signIn = async () => {
        if (!record) return undefined;
        const { worktreePath, branch } = record;
        await pushThroughEditor(worktreePath, {
          remote: String(remote),
          branch,
          setsUpstream: setsUpstream === true,
        });
        return again();
      };
      return [...(hasGitExtension() ? [{ title: 'Sign In with VS Code', run: signIn }] : []), output(error)];
    },
    PUSH_REJECTED: (error) => [output(error)],
    HOOK_FAILED: (error) => [output(error)],
  };
}
