import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { configuredGit, followGitExtension } from '../../src/extension/gitExtension.ts';
import { chooseGit, gitEnvironmentOf } from '../../src/node/gitProgram.ts';
import { waitFor } from '../support/waitFor.ts';

interface GitExports {
  getAPI(version: 1): { readonly git: { readonly path: string } };
}

describe('git', () => {
  afterEach(() => chooseGit(undefined));

  it('is the one that VS Code’s Git extension has found', async () => {
    const log = vscode.window.createOutputChannel('test of git', { log: true });
    const following = followGitExtension(log, () => undefined);
    const { HOLDFAST_GIT: chosen } = await waitFor(gitEnvironmentOf, ({ HOLDFAST_GIT }) => HOLDFAST_GIT !== undefined);
    following.dispose();
    log.dispose();
    const extension = vscode.extensions.getExtension<GitExports>('vscode.git');
    assert.equal(chosen, extension?.exports.getAPI(1).git.path);
  });

  it('is the first of the Git extension’s setting that is there', () => {
    const there = process.execPath;
    const settings = [null, '', there, ['/no/such/git', there, '/also/none'], '/no/such/git', 7];
    assert.deepEqual(settings.map(configuredGit), [undefined, undefined, there, there, undefined, undefined]);
  });
});
