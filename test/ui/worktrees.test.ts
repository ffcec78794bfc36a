import assert from 'node:assert/strict';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Editor, useEditor } from '../support/editor.ts';
import { git } from '../support/repository.ts';
import { waitFor } from '../support/waitFor.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { program } from './support/programs.ts';

describe('what was done in a session', () => {
  const editor = useEditor({ repository: { commits: 3 } });
  let workbench: Workbench;

  before(async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.newSession('login', program('answer'));
  });

  const worktree = async (name: string) => {
    const folder = path.join(editor.repository, '.worktrees');
    const found = (await readdir(folder)).find((one) => one.startsWith(`${name}-`));
    assert.ok(found);
    return path.join(folder, found);
  };
  const untilRow = (wanted: RegExp) =>
    waitFor(
      () => workbench.tree.rows(),
      (rows) => rows.some((row) => wanted.test(row)),
      { what: `${wanted} in the tree`, timeout: 30_000 },
    );

  it('is in its row and its tooltip', async () => {
    const folder = await worktree('login');
    await writeFile(path.join(folder, 'file-1.txt'), 'Changed by the session\n');
    await git(folder, 'commit', '--quiet', '--all', '-m', 'Change a file');
    await writeFile(path.join(folder, 'file-2.txt'), 'Changed and not committed\n');
    await writeFile(path.join(folder, 'new file.txt'), 'New\n');
    await rename(path.join(folder, 'file-3.txt'), path.join(folder, 'moved.txt'));
    await git(folder, 'add', 'moved.txt', 'file-3.txt');
    const row = (await untilRow(/●3 ↑1/)).find((one) => one.startsWith('login'));
    const { facts } = await workbench.tree.tooltip('login');
    await workbench.screenshot('worktrees-01-row');
    assert.deepEqual(
      [row?.replace(/ · \w+$/, ''), facts.Changes],
      ['login ●3 ↑1 · feature/login', '1 changed, 1 staged, 1 untracked; 1 commit ahead of main'],
    );
  });

  it('is shown as a comparison with its base', async () => {
    await workbench.tree.pressRowAction('login', 'Review Changes');
    const { page } = workbench;
    await page.getByRole('tab', { name: /login: changes since main/ }).waitFor({ timeout: 30_000 });
    const editors = page.locator('.multiDiffEntry .view-lines');
    const text = await waitFor(
      async () => (await editors.allInnerTexts()).join('\n').replaceAll('\u00a0', ' '),
      (all) =>
        ['Commit 1', 'Changed by the session', 'Changed and not committed', 'New'].every((one) => all.includes(one)),
      { what: 'both sides of the comparison', timeout: 30_000 },
    );
    await workbench.screenshot('worktrees-02-review');
    assert.match(text, /Commit 2/);
  });

  it('says which other session changes the same files, and that the two would conflict', async () => {
    await workbench.newSession('search', program('answer'));
    const folder = await worktree('search');
    await writeFile(path.join(folder, 'file-1.txt'), 'Changed by another session\n');
    await git(folder, 'commit', '--quiet', '--all', '-m', 'Change it, too');
    await untilRow(/^search.*⚠/);
    const rows = await untilRow(/^login.*⚠/);
    const { facts } = await workbench.tree.tooltip('search');
    await workbench.screenshot('worktrees-03-overlap');
    assert.deepEqual(
      [rows.map((row) => row.replace(/ · \w+$/, '')), facts.Overlap],
      [
        ['login ●3 ↑1 ⚠ · feature/login', 'search ↑1 ⚠ · feature/search'],
        'also changed by login: file-1.txt; would conflict in file-1.txt',
      ],
    );
  });

  it('is seen in a window on the worktree itself as other programs do it', async () => {
    const folder = await worktree('search');
    const other = await editor.open(folder);
    await other.tree.show('Holdfast');
    await other.tree.row(/^search/).waitFor();
    // Nothing tells when VS Code has begun to watch the folder.
    await waitFor(
      async () => {
        await writeFile(path.join(folder, 'from outside.txt'), `${Math.random()}`);
        const appears = workbench.tree.row(/^search.*●1/).waitFor({ timeout: 3_000 });
        return appears.then(
          () => true,
          () => false,
        );
      },
      Boolean,
      { what: 'the file in the tree', timeout: 25_000 },
    );
    await other.screenshot('worktrees-04-window');
    await other.close();
    assert.match((await untilRow(/^search.*●1/)).find((row) => row.startsWith('search')) ?? '', /●1 ↑1 ⚠/);
  });

  it('opens in a window of its own', async () => {
    const opened = workbench.page.context().waitForEvent('page');
    await workbench.tree.pickFromSubmenu('login', 'Worktree', 'Open Worktree in New Window');
    const page = await opened;
    await page.waitForURL(/folder=/);
    const folder = new URL(page.url()).searchParams.get('folder');
    await page.close();
    assert.equal(folder, await worktree('login'));
  });

  it('is added to the workspace, and leaves it when its session is destroyed', async () => {
    const file = path.join(editor.dataFolder, 'both.code-workspace');
    await writeFile(file, JSON.stringify({ folders: [{ path: editor.repository }] }));
    const other = await openWorkspace(editor, file);
    await other.newSession('extra', program('answer'));
    await other.tree.pickFromSubmenu('extra', 'Worktree', 'Add Worktree to Workspace');
    const added = await waitFor(
      () => foldersIn(file),
      ({ length }) => length === 2,
    );
    await other.tree.pickFromMenu('extra', 'Destroy Session');
    await other.messages.pressDialogButton('Destroy');
    const left = await waitFor(
      () => foldersIn(file),
      ({ length }) => length === 1,
    );
    await other.close();
    assert.deepEqual([added[1]?.name, left.length], ['extra', 1]);
  });
});

/** VS Code in a browser reads a workspace file as one without folders now and then, and stays so. */
async function openWorkspace(editor: Editor, file: string): Promise<Workbench> {
  const other = await editor.open(file);
  await other.tree.show('Holdfast');
  const isThere = await other.tree
    .row('login')
    .waitFor({ timeout: 20_000 })
    .then(
      () => true,
      () => false,
    );
  if (isThere) return other;
  await other.close();
  return openWorkspace(editor, file);
}

async function foldersIn(workspaceFile: string): Promise<{ path: string; name?: string }[]> {
  const text = await readFile(workspaceFile, 'utf8');
  return text === '' ? [] : JSON.parse(text).folders;
}
