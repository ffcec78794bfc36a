import assert from 'node:assert/strict';
import { join } from 'node:path';
import { whileNoHelperStarts } from '../support/brokenHelper.ts';
import { useEditor } from '../support/editor.ts';
import { canFindMarked } from '../support/markedProcesses.ts';
import { repositoryRoot } from '../support/paths.ts';
import { signal } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { ageless } from './support/answers.ts';
import { editorProcesses } from './support/editorProcesses.ts';

describe('a window that is opened while no helper can be started', () => {
  const editor = useEditor();
  const notConnected = (window: Workbench) =>
    window.page.locator('.statusbar-item [aria-label*="helper not connected"]');
  let first: Workbench;
  let second: Workbench;

  before(async function () {
    if (!canFindMarked) this.skip();
    this.timeout(60_000);
    first = await editor.open();
    await first.tree.show('Holdfast');
    await first.newSession('one', 'cat');
  });

  it('shows the sessions as soon as there is a helper', async () => {
    await whileNoHelperStarts(join(repositoryRoot, 'dist'), async () => {
      await endHelper();
      second = await editor.open();
      await second.tree.show('Holdfast');
      await notConnected(second).waitFor();
    });
    await second.statusBarItem('1 running').waitFor();
    await notConnected(second).waitFor({ state: 'detached' });
    assert.deepEqual(await ageless(second, 1), ['one feature/one']);
  });

  it('shows what another window makes after all sessions and the helper have gone', async () => {
    await first.tree.pickFromMenu('one', 'Destroy Session');
    await first.messages.pressDialogButton('Destroy');
    for (const window of [first, second]) await window.statusBarItem('no sessions').waitFor();
    await endHelper();
    await first.newSession('two', 'cat');
    await second.tree.row('two').waitFor();
    await second.screenshot('late-helper-01-two');
    assert.deepEqual(await ageless(second, 1), ['two feature/two']);
  });
});

async function endHelper(): Promise<void> {
  const [helper] = await editorProcesses('helper');
  if (helper === undefined) throw new Error('There is no helper to end.');
  signal(helper, 'SIGKILL');
  await waitFor(
    () => editorProcesses('helper'),
    (pids) => !pids.includes(helper),
  );
}
