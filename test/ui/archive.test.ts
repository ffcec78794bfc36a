import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useEditor } from '../support/editor.ts';
import { git } from '../support/repository.ts';
import { waitFor } from '../support/waitFor.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { ageless } from './support/answers.ts';

describe('a session with work that is destroyed', () => {
  const editor = useEditor();
  let workbench: Workbench;
  let folder: string;

  before(async function () {
    this.timeout(60_000);
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.newSession('login');
    const list = await git(editor.repository, 'worktree', 'list', '--porcelain');
    folder = [...list.matchAll(/^worktree (.+)$/gm)].map(([, name = '']) => name)[1] as string;
    await writeFile(join(folder, 'README.md'), 'staged\n');
    await git(folder, 'add', '.');
    await writeFile(join(folder, 'README.md'), 'changed\n');
    await writeFile(join(folder, 'idea.txt'), 'not committed yet\n');
  });

  it('is archived once the dialog has shown what would go', async () => {
    await workbench.tree.pickFromMenu('login', 'Destroy Session');
    const question = await workbench.messages.dialog();
    await workbench.screenshot('archive-01-question');
    await workbench.messages.pressDialogButton('Archive and Remove');
    const said = await workbench.messages.waitForNotification('archived');
    await waitFor(
      async () => existsSync(folder),
      (isThere) => !isThere,
    );
    await workbench.screenshot('archive-02-archived');
    const branches = await git(editor.repository, 'branch', '--list', 'feature/login');
    assert.deepEqual(
      {
        question: question.split('\n').slice(0, 4),
        said,
        buttons: await workbench.messages.buttons('archived'),
        branches,
      },
      {
        question: [
          'Destroy “login”?',
          'With its worktree would go:',
          '• 1 uncommitted file: README.md',
          '• 1 untracked file: idea.txt',
        ],
        said: '“login” was destroyed, and its worktree is archived.',
        buttons: ['Restore'],
        branches: '',
      },
    );
  });

  it('comes back from the list of archived sessions as it was', async () => {
    await workbench.runCommand('holdfast.restoreArchivedSession');
    await workbench.quickInput.titled('Restore Archived Session');
    const [entry = ''] = await workbench.quickInput.entries();
    await workbench.screenshot('archive-03-list');
    await workbench.quickInput.accept();
    const said = await workbench.messages.waitForNotification('is back');
    await workbench.tree.row('●2').waitFor();
    await workbench.screenshot('archive-04-restored');
    assert.deepEqual(
      {
        entry: entry.replace(/just now|\d+m ago/, 'AGO'),
        said,
        tree: await ageless(workbench, 1),
        status: await git(folder, 'status', '--porcelain'),
        texts: await Promise.all(['README.md', 'idea.txt'].map((name) => readFile(join(folder, name), 'utf8'))),
        staged: await git(folder, 'show', ':README.md'),
      },
      {
        entry: 'loginfeature/login, archived AGO 1 uncommitted file, 1 untracked file',
        said: '“login” is back, with its worktree as it was.',
        tree: ['login ●2 · feature/login'],
        status: 'AM README.md\n?? idea.txt',
        texts: ['changed\n', 'not committed yet\n'],
        staged: 'staged',
      },
    );
  });
});
