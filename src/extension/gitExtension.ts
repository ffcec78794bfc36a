import { statSync } from 'node:fs';
import * as vscode from 'vscode';
import type { Disposable } from '../base/lifecycle.ts';
import { chooseGit, gitProgram } from '../node/gitProgram.ts';

/** The part of what VS Code’s Git extension exports that is used here. */
interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): { readonly git: { readonly path: string } };
}

/**
 * Runs the git that VS Code’s Git extension runs: that of its setting at once, and the one that it has found as soon as
 * it has.
 *
 * @param onChange another one is run from now on
 */
export function followGitExtension(log: vscode.LogOutputChannel, onChange: () => void): Disposable {
  const choose = (path: string | undefined) => {
    const before = gitProgram();
    chooseGit(path ?? configuredGit());
    if (gitProgram() === before) return;
    log.info(`git is ${gitProgram()}`);
    onChange();
  };
  choose(undefined);
  void foundGit().then(choose, (error) => log.debug('The Git extension does not tell which git it runs', error));
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration('git.path')) choose(undefined);
  });
}

/** The first of the paths in the Git extension’s setting at which there is a file. */
export function configuredGit(
  setting: unknown = vscode.workspace.getConfiguration('git').get('path'),
): string | undefined {
  const paths = [setting].flat().filter((path): path is string => typeof path === 'string' && path !== '');
  return paths.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

async function foundGit(): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<GitExtension>('vscode.git');
  const exported = await extension?.activate();
  return exported?.enabled ? exported.getAPI(1).git.path : undefined;
}
