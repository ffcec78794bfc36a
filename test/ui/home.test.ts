import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { useEditor } from '../support/editor.ts';
import { git } from '../support/repository.ts';
import { waitFor } from '../support/waitFor.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { program } from './support/programs.ts';

describe('the work of a session', () => {
  const editor = useEditor();
  let workbench: Workbench;
  let worktree: string;

  before(async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.newSession('login', program('answer'));
    const list = await git(editor.repository, 'worktree', 'list', '--porcelain');
    worktree = list.match(/^worktree (.*login.*)$/m)?.[1] ?? '';
    await writeFile(path.join(worktree, 'login.txt'), 'it works\n');
    // The user goes on with something else meanwhile.
    await writeFile(path.join(editor.repository, 'mine.txt'), 'mine\n');
  });

  it('is committed from the tree, with a message', async () => {
    await workbench.tree.pickFromMenu('login', 'Commit All…');
    await workbench.quickInput.titled('Commit All: login');
    const prompt = await workbench.quickInput.message();
    await workbench.screenshot('home-01-commit');
    await workbench.quickInput.accept('Login works');
    const told = await workbench.messages.waitForNotification('Committed');
    assert.deepEqual(
      [/1 file/.test(prompt), told.replace(/[0-9a-f]{8}/, 'HASH'), await git(worktree, 'log', '-1', '--format=%s')],
      [true, 'Committed 1 file on feature/login (HASH).', 'Login works'],
    );
  });

  it('is merged after it is shown what will happen, while the session runs and the checkout is dirty', async () => {
    const main = await git(editor.repository, 'symbolic-ref', '--short', 'HEAD');
    await workbench.tree.pickFromMenu('login', 'Merge into…');
    await workbench.quickInput.titled('Merge “login” into…');
    await workbench.screenshot('home-02-into');
    await workbench.quickInput.pick(main);
    await workbench.quickInput.titled(`Merge into ${main}`);
    await workbench.screenshot('home-03-how');
    await workbench.quickInput.pick('Merge');
    const message = await workbench.quickInput.waitForMessage('first line');
    await workbench.quickInput.accept();
    const dialog = await workbench.messages.dialog();
    await workbench.screenshot('home-04-agree');
    await workbench.messages.pressDialogButton('Merge');
    const told = await workbench.messages.waitForNotification('Merged 1 commit');
    await workbench.screenshot('home-05-merged');
    const files = await Promise.all(
      ['login.txt', 'mine.txt'].map((name) => readFile(path.join(editor.repository, name), 'utf8')),
    );
    assert.deepEqual(
      [
        message.includes('first line'),
        dialog.replace(/\s+/g, ' '),
        told,
        await git(editor.repository, 'log', '-1', '--format=%s'),
        files,
        await workbench.messages.buttons('Merged 1 commit'),
      ],
      [
        true,
        [
          `Merge “login” into ${main}?`,
          `A merge commit brings 1 commit of feature/login into ${main}.`,
          `${main} is checked out in ${editor.repository}: 1 file will be updated there.`,
          '“login” runs: what it commits from now on will not be merged.',
        ].join(' '),
        `Merged 1 commit of feature/login into ${main} (1 file, updated in ${editor.repository}).`,
        `Merge branch 'feature/login' into ${main}`,
        ['it works\n', 'mine\n'],
        ['Undo', 'Destroy Session…'],
      ],
    );
  });

  it('is taken back, and the user’s own stays', async () => {
    await workbench.messages.pressButton('Merged 1 commit', 'Undo');
    await workbench.messages.waitForNotification('is where it was before the merge');
    const status = await waitFor(
      () => git(editor.repository, 'status', '--porcelain'),
      (text) => text !== '',
    );
    assert.equal(status, '?? mine.txt');
  });
});
