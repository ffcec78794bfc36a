import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { findExecutable } from '../../src/node/executable.ts';
import { whileNoHelperStarts } from '../support/brokenHelper.ts';
import { type Editor, useEditor } from '../support/editor.ts';
import { repositoryRoot } from '../support/paths.ts';
import { git, makeRepository, type RepositoryOptions } from '../support/repository.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { currentTestRun } from '../support/testRun.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { ageless } from './support/answers.ts';

describe('a session that cannot be made', () => {
  const editor = useEditor({ settings: { 'holdfast.maxSessions': 1 } });
  const temp = useTempDirs();
  let workbench: Workbench;

  it('is one too many: the message says the limit and offers to raise it or to destroy one', async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.newSession('first');
    await askForSession(workbench, 'second');
    const message = await workbench.messages.waitForNotification('Maximum');
    await workbench.screenshot('errors-01-limit');
    assert.deepEqual(
      { message, buttons: await workbench.messages.buttons('Maximum') },
      {
        message: 'Maximum 1 session supported. Destroy a session to create a new one.',
        buttons: ['Raise the Limit to 2', 'Destroy a Session…'],
      },
    );
  });

  it('is made after all once the limit is raised from the message', async () => {
    await workbench.messages.pressButton('Maximum', 'Raise the Limit to 2');
    await workbench.statusBarItem('2 running').waitFor();
    await workbench.screenshot('errors-02-raised');
    assert.deepEqual(await ageless(workbench, 2), ['first feature/first', 'second feature/second']);
  });

  it('is made after all once another one is destroyed from the message', async () => {
    await askForSession(workbench, 'third');
    await workbench.messages.pressButton('Maximum', 'Destroy a Session…');
    await workbench.quickInput.titled('Destroy Session');
    await workbench.screenshot('errors-03-which');
    await workbench.quickInput.pick('first');
    await workbench.messages.pressDialogButton('Destroy');
    await workbench.tree.row('third').waitFor();
    assert.deepEqual(await ageless(workbench, 2), ['second feature/second', 'third feature/third']);
  });

  it('has a program that is not there: the message names it, and nothing is left behind', async () => {
    await workbench.runCommand('holdfast.newSession');
    await workbench.quickInput.accept('typo');
    await workbench.quickInput.titled('What to Run');
    await workbench.quickInput.accept('no-such-agent --fast');
    const message = await workbench.messages.waitForNotification('no-such-agent');
    await workbench.screenshot('errors-04-command');
    assert.deepEqual(
      { message, tree: await ageless(workbench, 2) },
      {
        message:
          'The command “no-such-agent” was not found. Nothing was created. ' +
          'Check its spelling, or install it so that it is on your PATH.',
        tree: ['second feature/second', 'third feature/third'],
      },
    );
  });

  it('is none in a folder without git, where it just runs, also when the folder becomes a repository', async () => {
    const folder = await temp.make('plain');
    const window = await editor.open(folder);
    await window.tree.show('Holdfast');
    await window.runCommand('holdfast.newSession');
    const prompt = await window.quickInput.waitForMessage('no git repository');
    await window.screenshot('errors-05-no-git');
    await window.quickInput.accept('plain');
    await window.quickInput.titled('What to Run');
    await window.quickInput.accept();
    await window.statusBarItem('1 running').waitFor();
    await window.screenshot('errors-06-without-worktree');
    assert.deepEqual(
      { says: prompt.includes('the session will work in the folder itself'), tree: await ageless(window, 1) },
      { says: true, tree: ['plain no worktree'] },
    );
    await window.runCommand('holdfast.newSession');
    await window.quickInput.pressButton('Choose Branch or Worktree');
    await window.quickInput.pick('Initialize Repository');
    await window.messages.waitForNotification('The repository is ready');
    await window.statusBarItem('1 running').waitFor();
    await window.terminals.untilActive('plain');
    await window.terminals.focus('plain');
    await window.terminals.type('echo $((6 * 7))\n');
    await window.terminals.waitForText(/^42$/m);
    await window.screenshot('errors-07-initialized');
    assert.deepEqual(await window.terminals.names(), ['plain']);
  });

  it('is in a repository without a commit, and runs there without a worktree', async () => {
    const window = await openOn(editor, await temp.make('fresh'), { commits: 0 });
    await askForSession(window, 'early');
    const message = await window.messages.waitForNotification('no commit');
    const buttons = await window.messages.buttons('no commit');
    await window.screenshot('errors-08-no-commit');
    await window.messages.pressButton('no commit', 'Run Without Worktree');
    await window.statusBarItem('1 running').waitFor();
    assert.deepEqual(
      { message, buttons, tree: await ageless(window, 1) },
      {
        message:
          'This repository has no commit yet, so there is nothing to branch from. ' +
          'Make a first commit, or run the session without a worktree.',
        buttons: ['Run Without Worktree'],
        tree: ['early no worktree'],
      },
    );
  });

  it('is in a repository with a detached HEAD, and starts from that commit', async () => {
    const folder = await temp.make('detached');
    const window = await openOn(editor, folder, { commits: 2, head: 'detached' });
    await git(folder, 'checkout', '--quiet', 'HEAD~1');
    await askForSession(window, 'older');
    const message = await window.messages.waitForNotification('detached HEAD');
    const buttons = await window.messages.buttons('detached HEAD');
    await window.screenshot('errors-09-detached');
    await window.messages.pressButton('detached HEAD', 'Start from This Commit');
    await window.statusBarItem('1 running').waitFor();
    assert.deepEqual(
      {
        message,
        buttons,
        tree: await ageless(window, 1),
        commit: await git(folder, 'rev-parse', 'feature/older'),
      },
      {
        message: 'No branch is checked out (detached HEAD). Check out a branch, or start the session from this commit.',
        buttons: ['Start from This Commit'],
        tree: ['older feature/older'],
        commit: await git(folder, 'rev-parse', 'main~1'),
      },
    );
  });

  it('has no helper that starts: the message has its log a click away', async () => {
    const window = await openOn(editor, await temp.make('helpless'));
    const buttons = await whileNoHelperStarts(join(repositoryRoot, 'dist'), async () => {
      await askForSession(window, 'helpless');
      return window.messages.buttons('The Holdfast helper ended at once.');
    });
    await window.messages.pressButton('The Holdfast helper ended at once.', 'Show Log');
    await window.page.getByRole('tab', { name: /^helper\.log/ }).waitFor();
    await window.screenshot('errors-10-helper-log');
    assert.deepEqual({ buttons, tree: await window.tree.rows() }, { buttons: ['Show Log'], tree: [] });
  });
});

describe('a window that finds no git', () => {
  const programs = join(currentTestRun().folder, 'programs');
  // A server that was started by the command line takes its PATH as it is, and not from the user's login shell.
  const editor = useEditor({ env: { PATH: programs, VSCODE_CLI: '1' } });
  let workbench: Workbench;

  it('says in its view what is wrong and what to do', async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    const { welcome } = workbench.tree;
    await welcome.getByText('Holdfast needs git').waitFor();
    await workbench.screenshot('errors-11-git-missing');
    assert.deepEqual(await welcome.getByRole('button').allInnerTexts(), [
      'Install or update git',
      'Try Again',
      'Show Log',
    ]);
  });

  it('says it with its code’s own advice when trying again is of no use', async () => {
    await workbench.tree.welcome.getByRole('button', { name: 'Try Again' }).click();
    assert.equal(
      await workbench.messages.waitForNotification('git was not found'),
      'git was not found. Install git, or start the editor from a shell that has it on its PATH.',
    );
  });

  it('is ready for sessions once there is git and it tries again', async () => {
    const program = await findExecutable('git', { cwd: repositoryRoot, env: { PATH: process.env.PATH ?? '' } });
    await mkdir(programs);
    await symlink(program as string, join(programs, 'git'));
    await workbench.tree.welcome.getByRole('button', { name: 'Try Again' }).click();
    await workbench.tree.welcome.getByText('Run agents side by side').waitFor();
    assert.equal(await workbench.tree.welcome.getByText('Holdfast needs git').count(), 0);
  });
});

/** Opens a window of its own on a new repository. */
async function openOn(editor: Editor, folder: string, options: RepositoryOptions = {}): Promise<Workbench> {
  const window = await editor.open(await makeRepository(folder, options));
  await window.tree.show('Holdfast');
  return window;
}

async function askForSession(workbench: Workbench, name: string): Promise<void> {
  await workbench.runCommand('holdfast.newSession');
  await workbench.quickInput.accept(name);
  await workbench.quickInput.titled('What to Run');
  await workbench.quickInput.accept();
}
