import assert from 'node:assert/strict';
import { useEditor } from '../support/editor.ts';
import { useTempDirs } from '../support/tempDirs.ts';
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
        message: 'Maximum 1 sessions supported. Destroy a session to create a new one.',
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

  it('is in a folder without git, and runs there without a worktree, also when the folder becomes a repository', async () => {
    const folder = await temp.make('plain');
    const window = await editor.open(folder);
    await window.tree.show('Holdfast');
    await askForSession(window, 'plain');
    const message = await window.messages.waitForNotification('git repository');
    const buttons = await window.messages.buttons('git repository');
    await window.screenshot('errors-05-no-git');
    await window.messages.pressButton('git repository', 'Run Without Worktree');
    await window.statusBarItem('1 running').waitFor();
    await window.screenshot('errors-06-without-worktree');
    assert.deepEqual(
      { message, buttons, tree: await ageless(window, 1) },
      {
        message: `${folder} is not a git repository. Run the session without a worktree, or initialize a repository first.`,
        buttons: ['Run Without Worktree', 'Initialize Repository'],
        tree: ['plain no worktree'],
      },
    );
    await askForSession(window, 'second');
    await window.messages.pressButton('git repository', 'Initialize Repository');
    await window.messages.waitForNotification('The repository is ready');
    await window.statusBarItem('1 running').waitFor();
    await window.terminals.untilActive('plain');
    await window.terminals.focus('plain');
    await window.terminals.type('echo $((6 * 7))\n');
    await window.terminals.waitForText(/^42$/m);
    await window.screenshot('errors-07-initialized');
    assert.deepEqual(await window.terminals.names(), ['plain']);
  });
});

async function askForSession(workbench: Workbench, name: string): Promise<void> {
  await workbench.runCommand('holdfast.newSession');
  await workbench.quickInput.accept(name);
  await workbench.quickInput.titled('What to Run');
  await workbench.quickInput.accept();
}
