import * as vscode from 'vscode';
import { sessionEnvironment } from '../core/launchCommand.ts';
import { findExecutable } from '../node/executable.ts';
import { execute } from '../node/systemPrograms.ts';
import type { PullRequestContext } from './pullRequest.ts';

const extensionId = 'GitHub.vscode-pull-request-github';

/** `gh` asks GitHub what the repository is; milliseconds. */
const ghTimeout = 60_000;

/** The ways to a pull request that this window has. */
export function editorPullRequests(log: vscode.LogOutputChannel): PullRequestContext {
  return {
    extension: () => {
      const extension = vscode.extensions.getExtension(extensionId);
      if (!extension) return undefined;
      return async (argument) => {
        await extension.activate();
        await vscode.commands.executeCommand('pr.create', argument);
      };
    },
    gh: findGh,
    openPage: async (url) => vscode.env.openExternal(vscode.Uri.parse(url, true)),
    warn: (message) => log.warn(message),
  };
}

/** It opens a browser on the machine that it runs on, which must be the one in front of the user. */
async function findGh(): ReturnType<PullRequestContext['gh']> {
  if (vscode.env.remoteName !== undefined || vscode.env.uiKind === vscode.UIKind.Web) return undefined;
  const env = sessionEnvironment(process.env);
  const file = await findExecutable('gh', { cwd: process.cwd(), env });
  if (file === undefined) return undefined;
  return (args, cwd) => execute(file, args, { env, cwd, timeout: ghTimeout, windowsHide: true });
}
