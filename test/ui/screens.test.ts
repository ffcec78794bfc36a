import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { useEditor } from '../support/editor.ts';
import { describeOnUnix } from '../support/unix.ts';
import type { TerminalLook } from '../support/workbench/terminalCells.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { untilLayoutStored } from './support/layout.ts';
import { lookLike, settledLook } from './support/looks.ts';
import { program } from './support/programs.ts';

describeOnUnix('the screen of a session', () => {
  const editor = useEditor({ settings: { 'holdfast.maxSessions': 9 } });
  let workbench: Workbench;

  before(async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
  });

  it('is the same after a reload for a program that paints once: colours, wide characters, modes, cursor', async () => {
    await workbench.newSession('painting', program('painting'));
    await workbench.terminals.waitForText('scrolled 5');
    const before = await settledLook(workbench);
    await workbench.screenshot('screens-01-painting');
    await reload(workbench, 'painting');
    const after = await lookLike(workbench, before);
    await workbench.screenshot('screens-02-painting-after');
    assert.deepEqual(after, before);
  });

  const programs = [
    { name: 'vim', command: 'vim -u NONE -c "set number" -c "split" file-1.txt', shows: 'Commit 1' },
    { name: 'less', command: 'less -R +G file-1.txt', shows: '(END)' },
  ];

  for (const { name, command, shows } of programs) {
    it(`is the same after a reload for ${name}`, async function () {
      if (!isInstalled(name)) this.skip();
      const before = await show(workbench, name, command, shows);
      await reload(workbench, name);
      const after = await lookLike(workbench, before);
      await workbench.screenshot(`screens-04-${name}-after`);
      assert.deepEqual(after, before);
    });
  }

  it('is the same after a reload for top, but for its figures', async function () {
    if (process.platform !== 'linux' || !isInstalled('top')) this.skip();
    const before = await show(workbench, 'top', 'top -d 999', 'COMMAND');
    await reload(workbench, 'top');
    await workbench.terminals.waitForText('COMMAND');
    const after = await settledLook(workbench);
    await workbench.screenshot('screens-04-top-after');
    assert.deepEqual(withoutFigures(after), withoutFigures(before));
  });

  it('is laid out anew where the window became larger while the terminal was closed', async function () {
    if (process.platform === 'win32') this.skip();
    await workbench.newSession('resized');
    await workbench.terminals.waitForText(/[#$%>] ?$/);
    await workbench.terminals.close('resized');
    await workbench.terminals.tab('resized').waitFor({ state: 'detached' });
    await workbench.page.setViewportSize({ width: 1500, height: 1000 });
    await workbench.tree.pressRowAction('resized', 'Show Terminal');
    await workbench.terminals.focused();
    await workbench.terminals.type('stty size\n');
    const [, told] = /^(\d+ \d+)$/m.exec(await workbench.terminals.waitForText(/^\d+ \d+$/m)) ?? [];
    await workbench.screenshot('screens-05-resized');
    const { rows, columns } = await workbench.terminals.size();
    assert.deepEqual({ told, isLarger: columns > 100 }, { told: `${rows} ${columns}`, isLarger: true });
  });
});

async function show(workbench: Workbench, name: string, command: string, shows: string): Promise<TerminalLook> {
  await workbench.newSession(name, command);
  await workbench.terminals.waitForText(shows);
  const look = await settledLook(workbench);
  await workbench.screenshot(`screens-03-${name}`);
  return look;
}

async function reload(workbench: Workbench, front: string): Promise<void> {
  await untilLayoutStored(workbench);
  await workbench.reload();
  await workbench.terminals.untilActive(front);
}

function isInstalled(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

/** The head of top's screen; the rows below are those of whatever is busy just then. */
function withoutFigures({ screen, ...look }: TerminalLook): unknown {
  const head = screen.slice(1, 7);
  return { ...look, screen: head.map((line) => line.replace(/ *\d[\d.]*/g, ' #')) };
}
