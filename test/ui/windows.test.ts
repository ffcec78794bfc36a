import assert from 'node:assert/strict';
import { useEditor } from '../support/editor.ts';
import { canFindMarked } from '../support/markedProcesses.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { ask, askAll, askAllAtRest, glance, newAnswering, untilRestored } from './support/answers.ts';
import { editorProcesses } from './support/editorProcesses.ts';
import { untilLayoutStored } from './support/layout.ts';

const sessions = ['one', 'two', 'three'];

/** The order to ask them in, so that neither the first nor the last is left in front. */
const inOrder = ['one', 'three', 'two'];

const extensionHosts = async () => (await editorProcesses('extensionHost')).length;

describe('windows on the same folder', () => {
  const editor = useEditor();
  let workbench: Workbench;
  let processes: Record<string, string>;

  before(async function () {
    this.timeout(60_000);
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    for (const name of sessions) await newAnswering(workbench, name);
    processes = await askAll(workbench, inOrder);
  });

  it('show the same after one was closed and opened again', async () => {
    const before = await glance(workbench);
    await untilLayoutStored(workbench);
    await workbench.close();
    workbench = await workbench.openAgain();
    await untilRestored(workbench, 'two', '3 running');
    await workbench.screenshot('windows-01-again');
    const now = await glance(workbench);
    assert.deepEqual({ ...now, processes: await askAllAtRest(workbench, inOrder) }, { ...before, processes });
  });

  it('show the same after one crashed and was opened again, while its old extension host lives on', async () => {
    const before = await glance(workbench);
    await untilLayoutStored(workbench);
    await workbench.crash();
    workbench = await workbench.openAgain();
    await untilRestored(workbench, 'two', '3 running');
    await workbench.screenshot('windows-02-after-crash');
    const now = await glance(workbench);
    assert.deepEqual(
      { ...now, processes: await askAllAtRest(workbench, inOrder), extensionHosts: await extensionHosts() },
      { ...before, processes, extensionHosts: canFindMarked ? 2 : 0 },
    );
  });

  it('show what is typed in the other', async () => {
    const other = await editor.open();
    await other.tree.show('Holdfast');
    await other.tree.row('two').click();
    await other.terminals.waitForText(/process \d+/);
    await ask(workbench, 'two');
    const inOther = await ask(other, 'two');
    await workbench.terminals.waitForText((await other.terminals.text()).split('\n').at(-1) ?? '');
    await other.screenshot('windows-03-other');
    assert.deepEqual(
      { process: inOther, screen: await workbench.terminals.screen() },
      { process: processes.two, screen: await other.terminals.screen() },
    );
    await other.close();
  });

  it('lay a terminal out for the one that was typed in last', async () => {
    const own = await workbench.terminals.size();
    const small = await editor.open();
    await small.page.setViewportSize({ width: 900, height: 600 });
    await small.tree.show('Holdfast');
    await small.tree.row('two').click();
    await small.terminals.waitForText(/process \d+/);
    const sizes = async () => ({ small: await small.terminals.size(), large: await workbench.terminals.size() });
    await ask(small, 'two');
    const typedInSmall = await sizes();
    await small.screenshot('windows-04-small');
    await workbench.screenshot('windows-05-large-held-small');
    await ask(workbench, 'two');
    const typedInLarge = await sizes();
    await workbench.screenshot('windows-06-large');
    assert.deepEqual(
      { heldToSmall: typedInSmall.large, ownAgain: typedInLarge.large },
      { heldToSmall: typedInSmall.small, ownAgain: own },
    );
  });
});
