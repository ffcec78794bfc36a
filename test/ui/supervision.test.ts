import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { useEditor } from '../support/editor.ts';
import { canFindMarked } from '../support/markedProcesses.ts';
import { signal } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { editorProcesses } from './support/editorProcesses.ts';
import { program } from './support/programs.ts';
import { placesOfSessions } from './support/sessionFiles.ts';

const description = 'what becomes of a session by itself';
const suite = canFindMarked ? describe : describe.skip;

suite(canFindMarked ? description : `${description} (its processes cannot be found on Windows)`, () => {
  const editor = useEditor({
    settings: {
      'holdfast.limits.idleTimeout': 0.6,
      'holdfast.retry.maxAttempts': 0,
      'holdfast.archiveAfter': 0.01,
    },
  });
  let workbench: Workbench;
  let sockets: string[] = [];

  before(async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.newSession('watched', program('answer'));
  });

  // A host that was killed leaves its socket.
  after(async () => {
    for (const socket of sockets) await rm(socket, { force: true });
  });

  it('is told a minute before it is ended for doing nothing', async () => {
    const text = await workbench.messages.waitForNotification('“watched”: it is ended in');
    await workbench.screenshot('supervision-01-ending');
    assert.deepEqual(
      [text.replace(/\d+/, 'N'), await workbench.messages.buttons('it is ended in')],
      ['“watched”: it is ended in N s, for it does nothing.', ['Keep Running', 'Show Terminal']],
    );
    await workbench.messages.pressButton('it is ended in', 'Keep Running');
  });

  it('is told when it has failed and is not started again, and can be restarted then', async () => {
    sockets = (await placesOfSessions(editor.repository)).map(({ socket }) => socket);
    for (const pid of await editorProcesses('host')) signal(pid, 'SIGKILL');
    const text = await workbench.messages.waitForNotification('“watched” has failed');
    const buttons = await workbench.messages.buttons('“watched” has failed');
    await workbench.screenshot('supervision-02-failed');
    await workbench.messages.pressButton('“watched” has failed', 'Restart');
    await workbench.statusBarItem('1 running').waitFor();
    assert.deepEqual([text, buttons], ['“watched” has failed: its session host was killed.', ['Restart', 'Show Log']]);
  });

  it('is told in the window that was used last, and in no other', async () => {
    const other = await editor.open();
    await other.statusBarItem('1 running').waitFor();
    for (const pid of await editorProcesses('host')) signal(pid, 'SIGKILL');
    await other.messages.waitForNotification('“watched” has failed');
    await workbench.statusBarItem('1 failed').waitFor();
    const told = await workbench.messages.notifications();
    await other.messages.pressButton('“watched” has failed', 'Restart');
    await workbench.statusBarItem('1 running').waitFor();
    await other.close();
    assert.deepEqual(
      told.filter((text) => text.includes('has failed')),
      [],
    );
  });

  it('is shown in a group of its own once it ended long ago', async () => {
    await workbench.tree.pressRowAction('watched', 'Stop Session');
    await workbench.statusBarItem('1 ended').waitFor();
    // What is due is looked at every few minutes, and when a helper starts; it may have ended too short a time ago.
    await waitFor(
      async () => {
        await workbench.runCommand('holdfast.restartHelper');
        const appears = workbench.tree.row('Archived').waitFor({ timeout: 3_000 });
        return appears.then(
          () => true,
          () => false,
        );
      },
      (isThere) => isThere,
      { what: 'the group of archived sessions', timeout: 40_000 },
    );
    const folded = await workbench.tree.rows();
    await workbench.tree.row('Archived').click();
    const open = await waitFor(
      () => workbench.tree.rows(),
      (rows) => rows.length === 2,
    );
    await workbench.screenshot('supervision-03-archived');
    assert.deepEqual(
      [folded, open.map((row) => row.replace(/ · .*/, ''))],
      [['Archived 1'], ['Archived 1', '  watched feature/watched']],
    );
  });
});
