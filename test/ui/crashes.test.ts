import assert from 'node:assert/strict';
import path from 'node:path';
import { whileNoHelperStarts } from '../support/brokenHelper.ts';
import { useEditor } from '../support/editor.ts';
import { canFindMarked } from '../support/markedProcesses.ts';
import { repositoryRoot } from '../support/paths.ts';
import { signal } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { ageless, askProcesses, glance, newAnswering, untilRestored } from './support/answers.ts';
import { editorProcesses } from './support/editorProcesses.ts';
import { untilLayoutStored } from './support/layout.ts';

const sessions = ['one', 'two', 'three'];

describe('sessions whose editor is killed', () => {
  const editor = useEditor();
  let workbench: Workbench;
  let processes: Record<string, string>;

  before(async function () {
    if (!canFindMarked) this.skip();
    this.timeout(60_000);
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    for (const name of sessions) await newAnswering(workbench, name);
    processes = await askProcesses(workbench, sessions);
  });

  it('go on in their terminals when the helper is killed, and another helper takes over', async () => {
    const [helper = 0] = await editorProcesses('helper');
    signal(helper, 'SIGKILL');
    const { three } = await askProcesses(workbench, ['three']);
    const [successor] = await waitFor(
      () => editorProcesses('helper'),
      (pids) => pids.some((pid) => pid !== helper),
    );
    await workbench.statusBarItem('3 running').waitFor();
    await workbench.screenshot('crashes-01-helper');
    assert.deepEqual(
      { three, isAnother: successor !== helper, tree: await ageless(workbench, 3) },
      {
        three: processes.three,
        isAnother: true,
        tree: ['one feature/one', 'two feature/two', 'three feature/three'],
      },
    );
  });

  it('run on where no helper can be started: the badge says so until one comes back', async () => {
    const [helper = 0] = await editorProcesses('helper');
    const warning = workbench.page.locator('.statusbar-item [aria-label*="helper not connected"]');
    const { three } = await whileNoHelperStarts(path.join(repositoryRoot, 'dist'), async () => {
      signal(helper, 'SIGKILL');
      await warning.waitFor();
      await workbench.screenshot('crashes-02-no-helper');
      return askProcesses(workbench, ['three']);
    });
    await warning.waitFor({ state: 'detached' });
    assert.deepEqual(
      { three, helpers: (await editorProcesses('helper')).length },
      { three: processes.three, helpers: 1 },
    );
  });

  it('are back without a dead twin once VS Code has replaced an extension host that was killed', async () => {
    const before = await glance(workbench);
    await untilLayoutStored(workbench);
    await workbench.terminals.untilReplaced(killExtensionHosts);
    await untilRestored(workbench, 'three', '3 running');
    await workbench.screenshot('crashes-03-replaced');
    assert.deepEqual(
      { ...(await glance(workbench)), processes: await askProcesses(workbench, sessions) },
      { ...before, processes },
    );
  });

  it('are back without a dead twin after the extension host was killed and the window reloaded', async () => {
    const before = await glance(workbench);
    await untilLayoutStored(workbench);
    await killExtensionHosts();
    await workbench.statusBarItem('3 running').waitFor({ state: 'detached' });
    await workbench.screenshot('crashes-04-killed');
    await workbench.reload();
    await untilRestored(workbench, 'three', '3 running');
    await workbench.screenshot('crashes-05-reloaded');
    assert.deepEqual(
      { ...(await glance(workbench)), processes: await askProcesses(workbench, sessions) },
      { ...before, processes },
    );
  });

  it('are back after the whole server was ended and started again', async () => {
    const before = await glance(workbench);
    await untilLayoutStored(workbench);
    await editor.server.stop();
    await editor.startServer();
    await workbench.reload();
    await untilRestored(workbench, 'three', '3 running');
    await workbench.screenshot('crashes-06-server');
    assert.deepEqual(
      { ...(await glance(workbench)), processes: await askProcesses(workbench, sessions) },
      { ...before, processes },
    );
  });
});

async function killExtensionHosts(): Promise<void> {
  for (const pid of await editorProcesses('extensionHost')) signal(pid, 'SIGKILL');
}
