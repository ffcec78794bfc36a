import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useEditor } from '../support/editor.ts';
import { git } from '../support/repository.ts';
import { waitFor } from '../support/waitFor.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { ageless } from './support/answers.ts';
import { program } from './support/programs.ts';

describe('the life of a session', () => {
  const editor = useEditor();
  let workbench: Workbench;

  before(async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
  });

  it('begins with a name and a command; what is changed in the name is shown while typing and afterwards', async () => {
    await workbench.runCommand('holdfast.newSession');
    await workbench.quickInput.type('Fix: the login!');
    const hint = await workbench.quickInput.waitForMessage('became');
    await workbench.screenshot('lifecycle-01-name');
    await workbench.quickInput.accept();
    await workbench.quickInput.titled('What to Run');
    await workbench.quickInput.type(program('answer'));
    await workbench.screenshot('lifecycle-02-command');
    await workbench.quickInput.accept();
    await workbench.terminals.waitForText(/process \d+/);
    await workbench.screenshot('lifecycle-03-started');
    assert.deepEqual(
      { hint, notice: await workbench.messages.waitForNotification('became'), tree: await workbench.tree.rows(1) },
      {
        hint: '“Fix: the login!” became “Fix-the-login” so that it is safe as a branch and a folder.',
        notice: '“Fix: the login!” became “Fix-the-login” so that it is safe as a branch and a folder.',
        tree: ['Fix-the-login feature/Fix-the-login · now'],
      },
    );
  });

  it('is stopped from the tree, and its terminal says so', async () => {
    await workbench.tree.pressRowAction('Fix-the-login', 'Stop Session');
    await workbench.statusBarItem('1 ended').waitFor();
    await workbench.terminals.waitForText('Press Enter');
    await workbench.screenshot('lifecycle-04-stopped');
    assert.equal(
      lastLine(await workbench.terminals.text()),
      '[Holdfast] You stopped this session. Press Enter to run it again.',
    );
  });

  it('runs again when Enter is pressed in its terminal', async () => {
    const before = await pids(workbench);
    await workbench.terminals.focus('Fix-the-login');
    await workbench.terminals.press('Enter');
    await workbench.statusBarItem('1 running').waitFor();
    const text = await workbench.terminals.waitForText(/process \d+\n(?!.*Press Enter)[^]*process \d+$/);
    await workbench.screenshot('lifecycle-05-entered');
    assert.notEqual(/process (\d+)$/.exec(text)?.[1], before.at(-1));
  });

  it('shows how its process ended by itself', async () => {
    await workbench.terminals.type('end 3\n');
    await workbench.statusBarItem('1 failed').waitFor();
    await workbench.terminals.waitForText('Press Enter');
    await workbench.screenshot('lifecycle-06-failed');
    assert.equal(
      lastLine(await workbench.terminals.text()),
      '[Holdfast] The session ended with code 3. Press Enter to run it again.',
    );
  });

  it('is restarted by the inline action', async () => {
    await workbench.tree.pressRowAction('Fix-the-login', 'Restart Session');
    await workbench.statusBarItem('1 running').waitFor();
    await workbench.terminals.focus('Fix-the-login');
    await workbench.terminals.type('hello\n');
    assert.match(await workbench.terminals.waitForText(/heard hello$/), /process \d+, .*, heard hello$/);
  });

  it('is renamed from its menu, in the tree and on its terminal; branch and worktree keep their names', async () => {
    await workbench.tree.pickFromMenu('Fix-the-login', 'Rename Session');
    await workbench.quickInput.titled('Rename');
    await workbench.screenshot('lifecycle-07-rename');
    await workbench.quickInput.accept('login');
    await workbench.terminals.tab('login').waitFor();
    await workbench.tree.row(/^login/).waitFor();
    assert.deepEqual(
      { tree: await ageless(workbench), terminals: await workbench.terminals.names() },
      { tree: ['login feature/Fix-the-login'], terminals: ['login'] },
    );
  });

  it('is destroyed after a confirmation, and its worktree with it', async () => {
    await workbench.tree.pickFromMenu('login', 'Destroy Session');
    const question = await workbench.messages.dialog();
    await workbench.screenshot('lifecycle-08-destroy');
    await workbench.messages.pressDialogButton('Destroy');
    await workbench.tree.welcome.getByText('Run agents side by side').waitFor();
    const left = await waitFor(
      () => worktrees(editor.repository),
      (folders) => folders.length === 0,
    );
    assert.deepEqual(
      { question, worktrees: left, terminals: await workbench.terminals.names() },
      {
        question:
          'Destroy “login”?\n' + 'Its process will be ended. Its worktree is removed; nothing in it would be lost.',
        worktrees: [],
        terminals: [],
      },
    );
  });

  it('leaves its worktree where there is work in it and the user wants to keep it', async () => {
    await workbench.newSession('half-done');
    const [folder = ''] = await worktrees(editor.repository);
    await writeFile(join(folder, 'idea.txt'), 'not committed yet\n');
    await workbench.tree.pickFromMenu('half-done', 'Destroy Session');
    await workbench.messages.pressDialogButton('Keep the Worktree');
    const said = await workbench.messages.waitForNotification('half-done');
    await workbench.screenshot('lifecycle-09-kept');
    assert.deepEqual(
      { said, buttons: await workbench.messages.buttons('half-done'), kept: existsSync(join(folder, 'idea.txt')) },
      {
        said: `“half-done” was destroyed. Its worktree and the branch feature/half-done were kept: ${folder}`,
        buttons: ['Open Folder'],
        kept: true,
      },
    );
  });
});

function lastLine(text: string): string | undefined {
  return text.split('\n').at(-1);
}

async function pids(workbench: Workbench): Promise<string[]> {
  const text = await workbench.terminals.text();
  return [...text.matchAll(/process (\d+)/g)].map(([, pid = '']) => pid);
}

/** The folders of a repository's worktrees, without its main checkout. */
async function worktrees(repository: string): Promise<string[]> {
  const list = await git(repository, 'worktree', 'list', '--porcelain');
  const folders = [...list.matchAll(/^worktree (.+)$/gm)].map(([, folder = '']) => folder);
  return folders.slice(1);
}
