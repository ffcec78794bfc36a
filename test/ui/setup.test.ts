import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { useEditor } from '../support/editor.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import type { Workbench } from '../support/workbench/workbench.ts';

const failing = 'test -e "$HOLDFAST_ROOT/.git/ready"';

describeOnUnix('a session whose setup fails', () => {
  const editor = useEditor({ settings: { 'holdfast.worktree.setup': ['echo one', failing] } });
  let workbench: Workbench;

  before(async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.newSession('login', 'echo the command runs; cat');
  });

  it('is told of with what can be done, and is started once the setup succeeds when it is run again', async () => {
    const text = await workbench.messages.waitForNotification('“login” was not started');
    const buttons = await workbench.messages.buttons('“login” was not started');
    await workbench.screenshot('setup-01-failed');
    await writeFile(path.join(editor.repository, '.git', 'ready'), '');
    await workbench.messages.pressButton('“login” was not started', 'Run Setup Again');
    await workbench.statusBarItem('1 running').waitFor();
    const shown = await workbench.terminals.waitForText('the command runs');
    await workbench.screenshot('setup-02-runs');
    assert.deepEqual(
      [text, buttons, shown.includes('Setup, step 2 of 2'), shown.includes('Its setup has succeeded')],
      [
        `“login” was not started: its setup failed: “${failing}” ended with code 1.`,
        ['Run Setup Again', 'Start Anyway', 'Show Terminal'],
        true,
        true,
      ],
    );
  });
});

describeOnUnix('a session whose teardown does not end', () => {
  const editor = useEditor({ settings: { 'holdfast.worktree.teardown': ['sleep 603'] } });
  let workbench: Workbench;

  before(async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.newSession('login', 'cat');
  });

  it('stays with its worktree where the user cancels that', async () => {
    await workbench.tree.pickFromMenu('login', 'Destroy Session');
    await workbench.messages.pressDialogButton('Destroy');
    await workbench.messages.waitForNotification('Running the teardown');
    await workbench.screenshot('setup-03-teardown');
    await workbench.messages.pressButton('Running the teardown', 'Cancel');
    const told = await workbench.messages.waitForNotification('was not destroyed');
    await workbench.statusBarItem('1 ended').waitFor();
    const worktrees = await git(editor.repository, 'worktree', 'list');
    assert.deepEqual(
      [told, worktrees.trim().split('\n').length],
      ['The session was not destroyed, for you cancelled its teardown. Only its process was ended.', 2],
    );
  });
});
