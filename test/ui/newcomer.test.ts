import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { useEditor } from '../support/editor.ts';
import { isAlive } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { untilLayoutStored } from './support/layout.ts';

describeOnUnix('a newcomer', () => {
  const editor = useEditor();
  let workbench: Workbench;

  it('finds an empty view that says what to do', async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.tree.welcome.getByText('Run agents side by side').waitFor();
    await workbench.screenshot('01-welcome');
    assert.equal(await workbench.tree.welcome.getByRole('button', { name: 'New Session' }).count(), 1);
  });

  it('presses + and gets a branch, a worktree, a running process, a terminal, a tree item and a badge', async () => {
    await workbench.tree.pressTitleAction('New Session');
    await workbench.quickInput.accept('first steps');
    await workbench.quickInput.entries();
    await workbench.screenshot('02-what-to-run');
    await workbench.quickInput.accept();
    await workbench.statusBarItem('1 running').waitFor();
    await workbench.terminals.waitForText(/[#$] ?$/);
    await workbench.screenshot('03-session');
    assert.deepEqual(
      { tree: await workbench.tree.rows(1), terminals: await workbench.terminals.names() },
      { tree: ['first-steps feature/first-steps · now'], terminals: ['first-steps'] },
    );
  });

  it('hovers over the session and reads in a table what there is to know about it', async () => {
    const { heading, facts } = await workbench.tree.tooltip('first-steps');
    await workbench.screenshot('03-tooltip');
    const { Folder = '', Ports = '', Process = '', Created, 'Last activity': lastActivity, ...others } = facts;
    assert.deepEqual(
      {
        heading,
        ...others,
        folder: dirname(Folder),
        arePorts: /^\d+ to \d+$/.test(Ports),
        isAlive: isAlive(Number(Process)),
        times: Boolean(Created && lastActivity),
      },
      {
        heading: 'first-steps',
        Status: 'running: it was started',
        Runs: 'shell',
        Branch: 'feature/first-steps (from main)',
        Changes: 'nothing was changed',
        folder: join(editor.repository, '.worktrees'),
        arePorts: true,
        isAlive: true,
        times: true,
      },
    );
  });

  it('comes back to the view by a click on the badge', async () => {
    await workbench.tree.show('Search');
    const before = await workbench.tree.row('first-steps').count();
    await workbench.statusBarItem('1 running').click();
    await workbench.tree.row('first-steps').waitFor();
    assert.deepEqual([before, (await workbench.tree.rows()).length], [0, 1]);
  });

  it('reloads the window and finds the same process, screen and tree', async () => {
    await workbench.terminals.focus('first-steps');
    await workbench.terminals.type('echo "pid=$$"; printf "\\e[1;32mgreen\\e[0m wide 漢字 emoji 😀\\n"\n');
    const before = await workbench.terminals.waitForText(/wide 漢字 emoji 😀\n/);
    await untilLayoutStored(workbench);
    await workbench.reload();
    await workbench.tree.show('Holdfast');
    const after = await workbench.terminals.waitForText(/wide 漢字 emoji 😀\n/);
    await workbench.screenshot('04-reloaded');
    assert.equal(after.trim(), before.trim());
    await workbench.terminals.focus('first-steps');
    await workbench.terminals.type('echo "again=$$"\n');
    const text = await workbench.terminals.waitForText(/again=\d+/);
    assert.equal(/again=(\d+)/.exec(text)?.[1], /pid=(\d+)/.exec(before)?.[1]);
    assert.deepEqual(await workbench.terminals.names(), ['first-steps']);
  });
});
