import assert from 'node:assert/strict';
import { useEditor } from '../support/editor.ts';
import { canFindMarked } from '../support/markedProcesses.ts';
import { signal } from '../support/processes.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { editorProcesses } from './support/editorProcesses.ts';
import { program } from './support/programs.ts';

const lines = 6_000;
const scrollback = 20_000;

const description = 'a session that prints while what shows it is killed with SIGKILL';
// Windows shows no process's environment, by which those of a test are told from others.
const suite = canFindMarked ? describe : describe.skip;

suite(canFindMarked ? description : `${description} (its processes cannot be found on Windows)`, () => {
  const editor = useEditor({
    settings: {
      'terminal.integrated.scrollback': scrollback,
      'holdfast.scrollback': scrollback,
      'holdfast.maxSessions': 8,
    },
  });
  let workbench: Workbench;

  before(async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
  });

  it('shows every line once after the extension host was killed', async () => {
    await print('extension-host');
    for (const pid of await editorProcesses('extensionHost')) signal(pid, 'SIGKILL');
    await shown('extension-host');
  });

  it('shows every line once after the helper was killed', async () => {
    await print('helper');
    for (const pid of await editorProcesses('helper')) signal(pid, 'SIGKILL');
    await shown('helper');
  });

  it('shows every line once after the browser was killed', async () => {
    await print('browser');
    await editor.killBrowser();
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.tree.row('browser').click();
    await shown('browser');
  });

  /** Starts a session that prints for some ten seconds; resolves in the midst of that. */
  async function print(name: string): Promise<void> {
    await workbench.newSession(name, program('numberedLines', { suite: 'integration', args: [lines, 30] }));
    await workbench.terminals.waitForText(/line 0000500$/m, { timeout: 30_000 });
  }

  async function shown(name: string): Promise<void> {
    await workbench.terminals.waitForText(/all printed$/m, { timeout: 60_000 });
    await workbench.screenshot(`killed-${name}`);
    const text = await workbench.terminals.text();
    const numbers = [...text.matchAll(/^line (\d+)$/gm)].map(([, number]) => Number(number));
    assert.deepEqual(
      numbers,
      Array.from({ length: lines }, (_, index) => index + 1),
    );
  }
});
