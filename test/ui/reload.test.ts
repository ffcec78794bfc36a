import assert from 'node:assert/strict';
import { useEditor } from '../support/editor.ts';
import { describeOnUnix, itOnUnix } from '../support/unix.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { ask, askAll, askAllAtRest, glance, newAnswering, untilRestored } from './support/answers.ts';
import { untilLayoutStored } from './support/layout.ts';

const sessions = ['one', 'two', 'three'];

describe('a window that is reloaded', () => {
  const editor = useEditor();
  let workbench: Workbench;
  let processes: Record<string, string>;

  before(async function () {
    this.timeout(60_000);
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    for (const name of sessions) await newAnswering(workbench, name);
  });

  it('had a tab closed, which ended nothing: the session runs on and its terminal comes back with its screen', async () => {
    const process = await ask(workbench, 'one');
    const screen = await workbench.terminals.screen();
    await workbench.terminals.close('one');
    await workbench.terminals.tab('one').waitFor({ state: 'detached' });
    const badge = await workbench.statusBarItem('3 running').isVisible();
    await workbench.screenshot('reload-01-tab-closed');
    await workbench.tree.pressRowAction('one', 'Show Terminal');
    await workbench.terminals.untilActive('one');
    await workbench.terminals.waitForText(/process \d+/);
    await workbench.screenshot('reload-02-tab-back');
    assert.deepEqual(
      { badge, screen: await workbench.terminals.screen(), process: await ask(workbench, 'one') },
      { badge: true, screen, process },
    );
  });

  it('shows the same tree, and the same terminals in the same order with the same one in front', async () => {
    processes = await askAll(workbench, sessions);
    const before = await glance(workbench);
    await workbench.screenshot('reload-03-before');
    await untilLayoutStored(workbench);
    await workbench.reload();
    await untilRestored(workbench, 'three', '3 running');
    await workbench.screenshot('reload-04-after');
    assert.deepEqual(await glance(workbench), { ...before, terminals: ['two', 'three', 'one'], front: 'three' });
  });

  it('has the same processes behind its terminals, and has resized none of them', async () => {
    assert.deepEqual(await askAllAtRest(workbench, sessions), processes);
  });

  itOnUnix('has them back as well where an ordinary terminal was in front', async () => {
    await workbench.runCommand('Terminal: Create New Terminal');
    await workbench.terminals.tab('bash').waitFor();
    await workbench.terminals.waitForText(/[#$] ?$/);
    await workbench.reload();
    await workbench.terminals.tab('one').waitFor();
    await workbench.screenshot('reload-05-ordinary');
    const names = await workbench.terminals.names();
    assert.deepEqual(
      names.filter((name) => sessions.includes(name)),
      ['two', 'three', 'one'],
    );
  });
});

describeOnUnix('a window that draws its terminals with the graphics processor, as VS Code does by default', () => {
  // Its letters have another size, which VS Code knows only some time after it has laid the terminal out.
  const editor = useEditor({ settings: { 'terminal.integrated.gpuAcceleration': 'on' } });

  it('shows a shell as before when it is reloaded, with command lines that wrap', async () => {
    const workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.newSession('shell', 'env PS1="ready> " bash --norc --noprofile');
    await workbench.terminals.waitForText(/ready>$/);
    await workbench.terminals.type(`echo ${'wide '.repeat(60)}end; tput cols\n`);
    await workbench.terminals.waitForText(/end\n\d+\nready>$/);
    const text = await workbench.terminals.text();
    await workbench.reload();
    await workbench.tree.show('Holdfast');
    await workbench.terminals.waitForText(/end\n\d+\nready>$/);
    await workbench.terminals.focus('shell');
    await workbench.terminals.type('echo done\n');
    await workbench.terminals.waitForText(/^done$/m);
    await workbench.screenshot('reload-06-graphics');
    assert.equal((await workbench.terminals.text()).replace(/ echo done\ndone\nready>$/, ''), text);
  });
});
