import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import type { SessionPlaces } from '../../src/node/places.ts';
import { readLastScreen } from '../../src/node/savedScreen.ts';
import { useEditor } from '../support/editor.ts';
import { canFindMarked } from '../support/markedProcesses.ts';
import { signal } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { ageless } from './support/answers.ts';
import { editorProcesses } from './support/editorProcesses.ts';
import { program } from './support/programs.ts';
import { placesOfSessions } from './support/sessionFiles.ts';

/** Before a restart; long enough to see it counted down, and never to be waited for. Seconds. */
const retryDelay = 100;

const countdown = /^crashing recovering in (\d+) s · attempt \d of 3$/;

const description = 'a session whose host is killed';
const suite = canFindMarked ? describe : describe.skip;

suite(canFindMarked ? description : `${description} (its processes cannot be found on Windows)`, () => {
  const editor = useEditor({ settings: { 'holdfast.retry.delay': retryDelay, 'holdfast.retry.maxDelay': retryDelay } });
  let workbench: Workbench;
  let sockets: string[] = [];

  before(async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.newSession('crashing', program('answer'));
    await workbench.terminals.waitForText(/process \d+/);
    await workbench.terminals.type('hello\n');
    await workbench.terminals.waitForText('heard hello');
  });

  // A host that was killed leaves its socket.
  after(async () => {
    for (const socket of sockets) await rm(socket, { force: true });
  });

  it('is counted down to its restart in the tree, and its terminal says so', async () => {
    await killHosts('heard hello');
    const first = await untilCounting();
    await waitFor(rowText, (row) => countdown.test(row) && row !== first, { what: 'another second' });
    await workbench.terminals.waitForText('Press Enter to start it now.');
    await workbench.screenshot('recovery-01-countdown');
    const text = (await workbench.terminals.text()).replace(/\s+/g, ' ');
    assert.match(text, /Its session host was killed; it is started again by itself\. Press Enter to start it now\.$/);
  });

  it('tells in its tooltip why, and what will happen', async () => {
    const text = 'It is to be started again: attempt 1 of 3';
    const lines = await workbench.tooltipOf(workbench.tree.row('crashing'), text);
    await workbench.screenshot('recovery-02-tooltip');
    assert.match(
      lines.join(' '),
      /“crashing” is recovering: its session host was killed \(seen at its session host, .*ago\)\. ?It is to be started again: /,
    );
  });

  it('comes back with Retry Now, its old screen above the line that says what happened', async () => {
    await pressUntil('Retry Now', '1 running');
    await waitFor(
      () => ageless(workbench),
      ([row]) => row === 'crashing feature/crashing',
    );
    const shown = /process (\d+)\n[^]*heard hello\n[^]*── Its session host was killed at .* ──\n[^]*process (\d+)/;
    const [, before, after] = shown.exec(await workbench.terminals.waitForText(shown)) ?? [];
    await workbench.screenshot('recovery-03-back');
    await workbench.terminals.focus('crashing');
    await workbench.terminals.type('again\n');
    await workbench.terminals.waitForText(`process ${after}, resized to`);
    assert.notEqual(before, after);
  });

  it('is left as failed with Give Up', async () => {
    await killHosts('heard again');
    await untilCounting();
    await pressUntil('Give Up', '1 failed');
    await workbench.terminals.waitForText('You gave up; its session host was killed. Press Enter to run it again.');
    await workbench.screenshot('recovery-04-given-up');
    // The tree is drawn a moment after the status bar.
    await waitFor(
      () => ageless(workbench),
      ([row]) => row === 'crashing feature/crashing',
      { what: 'the row of a session that does not recover' },
    );
  });

  it('is told once in its terminal where its program crashes, with what follows', async () => {
    await workbench.newSession('segfault', 'read line; kill -SEGV $$');
    await workbench.terminals.focus('segfault');
    await workbench.terminals.type('\n');
    await workbench.terminals.waitForText('Press Enter');
    await workbench.screenshot('recovery-05-crashed');
    const text = (await workbench.terminals.text()).replace(/\s+/g, ' ');
    assert.deepEqual(text.match(/\[Holdfast\].*$/)?.[0].split(/(?=\[Holdfast\])/), [
      '[Holdfast] The session was ended by SIGSEGV; it is started again by itself. Press Enter to start it now.',
    ]);
  });

  /** A row that is drawn anew between the two halves of a click, as one that counts down may be, takes none. */
  async function pressUntil(action: string, told: string): Promise<void> {
    await waitFor(
      async () => {
        await workbench.tree.pressRowAction('crashing', action).catch(() => undefined);
        const appears = workbench.statusBarItem(told).waitFor({ timeout: 3_000 });
        return appears.then(
          () => true,
          () => false,
        );
      },
      (isTold) => isTold,
      { what: told, timeout: 60_000 },
    );
  }

  /** What a host has not saved yet is gone with it. */
  async function killHosts(saved: string): Promise<void> {
    await waitFor(savedScreens, (screens) => screens.includes(saved), { what: `${saved} in the checkpoint` });
    for (const pid of await editorProcesses('host')) signal(pid, 'SIGKILL');
    sockets = (await placesOfSessions(editor.repository)).map(({ socket }) => socket);
  }

  async function savedScreens(): Promise<string> {
    const read = (session: SessionPlaces) => readLastScreen(session).catch(() => undefined);
    return (await Promise.all((await placesOfSessions(editor.repository)).map(read)))
      .map((last) => last?.screen ?? '')
      .join('\n');
  }

  async function rowText(): Promise<string> {
    return (await workbench.tree.rows())[0] ?? '';
  }

  async function untilCounting(): Promise<string> {
    return waitFor(rowText, (row) => countdown.test(row), { what: 'a countdown', timeout: 30_000 });
  }
});
