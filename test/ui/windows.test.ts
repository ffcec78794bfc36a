import assert from 'node:assert/strict';
import { useEditor } from '../support/editor.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { ask, askAll, glance, newAnswering, untilRestored } from './support/answers.ts';

const sessions = ['one', 'two', 'three'];

describe('windows on the same folder', () => {
  const editor = useEditor();
  let workbench: Workbench;
  let processes: Record<string, string>;

  before(async function () {
    this.timeout(60_000);
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    for (const name of sessions) await newAnswering(workbench, name);
    processes = await askAll(workbench, ['one', 'three', 'two']);
  });

  it('show the same after one was closed and opened again, while its old extension host lives on', async () => {
    const before = await glance(workbench);
    await workbench.close();
    workbench = await workbench.openAgain();
    await untilRestored(workbench, 'two', '3 running');
    await workbench.screenshot('windows-01-again');
    assert.deepEqual(
      { ...(await glance(workbench)), processes: await askAll(workbench, ['one', 'three', 'two']) },
      { ...before, processes },
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
    await other.screenshot('windows-02-other');
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
    await small.screenshot('windows-03-small');
    await workbench.screenshot('windows-04-large-held-small');
    await ask(workbench, 'two');
    const typedInLarge = await sizes();
    await workbench.screenshot('windows-05-large');
    assert.deepEqual(
      { heldToSmall: typedInSmall.large, ownAgain: typedInLarge.large },
      { heldToSmall: typedInSmall.small, ownAgain: own },
    );
  });
});
