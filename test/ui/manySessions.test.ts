import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isRunningProcess } from '../integration/support/scene.ts';
import { useEditor } from '../support/editor.ts';
import { canFindMarked } from '../support/markedProcesses.ts';
import { signal } from '../support/processes.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { newAnswering } from './support/answers.ts';
import { editorProcesses } from './support/editorProcesses.ts';
import { placesOfSessions, rebootBeneath, type SessionOnDisk, sessionsOnDisk } from './support/sessionFiles.ts';

/** Before a restart; long enough to take the descriptors away meanwhile. Seconds. */
const retryDelay = 3;

/** The first is the one whose host does not answer at first. */
const names = ['search', 'login', 'leaving'];

const description = 'what is done about many sessions at once';
const suite = canFindMarked ? describe : describe.skip;

suite(canFindMarked ? description : `${description} (their processes cannot be found on Windows)`, () => {
  const editor = useEditor({ settings: { 'holdfast.retry.delay': retryDelay, 'holdfast.retry.maxDelay': retryDelay } });
  let workbench: Workbench;
  let silent = 0;
  let left = 0;
  const sockets = new Set<string>();

  before(async function () {
    this.timeout(60_000);
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    const [ill = '', ...others] = names;
    await newAnswering(workbench, ill);
    silent = (await session(ill)).host.pid;
    signal(silent, 'SIGSTOP');
    for (const name of others) await newAnswering(workbench, name);
  });

  // A host that was killed leaves its socket.
  after(async () => {
    signal(silent, 'SIGCONT');
    if (left !== 0) signal(left, 'SIGKILL');
    for (const socket of sockets) await rm(socket, { force: true });
  });

  it('explains one that is well, chosen in the palette', async () => {
    await workbench.runCommand('holdfast.explainSession');
    await workbench.quickInput.titled('Explain Session');
    await workbench.quickInput.pick('login');
    const text = await workbench.messages.dialog();
    await workbench.screenshot('many-01-explained');
    await workbench.messages.pressDialogButton('Cancel');
    assert.deepEqual(timeless(text), [
      'Session “login”',
      '“login” is running: it was started (AGO).',
      'It is healthy: SEEN (AGO).',
      'Its policy: it is started again by itself after a crash, at most 3 times in a row, after pauses of 3 s.',
      'It has no limits.',
    ]);
  });

  it('counts one that is not well in the status bar and on the icon of the view, and tells who and why', async () => {
    const item = workbench.statusBarItem('3 running, 1 unresponsive');
    await item.waitFor();
    const classes = await item.getAttribute('class');
    const icon = workbench.tree.icon('Holdfast');
    const badge = await icon.locator('.badge-content').textContent();
    const onIcon = await workbench.tooltipOf(icon, 'unresponsive');
    await workbench.screenshot('many-02-badge');
    const onStatusBar = await workbench.tooltipOf(item, 'login · running');
    await workbench.screenshot('many-03-status-bar');
    assert.deepEqual(
      {
        isRed: classes?.includes('error-kind'),
        badge,
        onIcon: onIcon.map(blurred),
        onStatusBar: onStatusBar.map(blurred),
      },
      {
        isRed: true,
        badge: '1',
        onIcon: ['Holdfast - 1 unresponsive', 'search: its session host has not answered for N s'],
        onStatusBar: [
          'Holdfast',
          'search · running, unresponsive: its session host has not answered for N s',
          'login · running',
          'leaving · running',
        ],
      },
    );
  });

  it('explains it, asked for in the menu of its row', async () => {
    await workbench.tree.row('unresponsive').waitFor();
    await workbench.tree.pickFromMenu('search', 'Explain Session');
    const text = await workbench.messages.dialog();
    await workbench.screenshot('many-04-unresponsive');
    await workbench.messages.pressDialogButton('Cancel');
    signal(silent, 'SIGCONT');
    await workbench.statusBarItem('unresponsive').waitFor({ state: 'detached' });
    assert.match(
      timeless(text).join('\n'),
      /^It is unresponsive: its session host has not answered for N s \(seen at the heartbeat of its host, AGO\)\. It is left alone/m,
    );
  });

  it('offers once in a profile to resume what a reboot has ended, and starts one after the other', async () => {
    await workbench.close();
    await rebootBeneath(editor.repository);
    for (const { socket } of await placesOfSessions(editor.repository)) sockets.add(socket);
    workbench = await workbench.openAgain();
    const offer = await workbench.messages.waitForNotification('idle');
    const buttons = await workbench.messages.buttons('idle');
    await workbench.screenshot('many-05-offer');
    await workbench.messages.close('idle');
    await workbench.reload();
    await workbench.statusBarItem('3 idle').waitFor();
    // A window of another profile, which starts later than that one, has not told it yet.
    const other = await editor.open();
    await other.messages.waitForNotification('idle');
    const again = await workbench.tooltipOf(workbench.messages.bell, 'Notification');
    await other.messages.pressButton('idle', 'Resume All');
    const said = await other.messages.waitForNotification('resumed');
    await other.close();
    await workbench.statusBarItem('3 running').waitFor();
    await workbench.screenshot('many-06-resumed');
    const pauses = await pausesBetweenStarts();
    assert.deepEqual(
      { offer, buttons, again, said, isStaggered: pauses.map((pause) => pause >= 500) },
      {
        offer: '3 sessions are idle: the machine was started anew.',
        buttons: ['Resume All'],
        again: ['No Notifications'],
        said: '3 sessions resumed.',
        isStaggered: [true, true],
      },
    );
  });

  it('tells once that the machine can start none, keeps saying so in the status bar, and tells when it can', async function () {
    if (process.platform !== 'linux') this.skip();
    const [helper = 0] = await editorProcesses('helper');
    for (const { host } of Object.values(await sessionsOnDisk(editor.repository))) signal(host.pid, 'SIGKILL');
    await workbench.statusBarItem('3 recovering').waitFor();
    await limitDescriptors(helper, 8);
    const held = await workbench.messages.waitForNotification('by itself for now');
    const tooltip = await workbench.tooltipOf(workbench.statusBarItem('3 recovering'), 'by itself for now');
    await workbench.screenshot('many-07-held');
    await limitDescriptors(helper, 1_024);
    await workbench.tree.show('Holdfast');
    await workbench.tree.pressRowAction('login', 'Retry Now');
    await workbench.messages.waitForNotification('Sessions are started again by themselves.');
    await workbench.statusBarItem('3 running').waitFor();
    const count = await workbench.tooltipOf(workbench.messages.bell, 'Notification');
    await workbench.screenshot('many-08-released');
    assert.deepEqual(
      { held, tooltip, count },
      {
        held: 'No session is started by itself for now: too many files are open. That is tried again from time to time; nothing was lost.',
        tooltip: [
          'Holdfast',
          ...names.map((name) => `${name} · recovering: its session host was killed`),
          'No session is started by itself for now: too many files are open.',
        ],
        count: ['2 New Notifications'],
      },
    );
  });

  it('shows what a session has left behind, and ends it where that is wanted', async () => {
    await workbench.terminals.focus('leaving');
    await workbench.terminals.type('leave\n');
    left = Number(/left (\d+)/.exec(await workbench.terminals.waitForText(/left \d+/))?.[1]);
    await workbench.tree.pressRowAction('leaving', 'Stop Session');
    await workbench.statusBarItem('2 running').waitFor();
    await workbench.runCommand('holdfast.reviewLeftovers');
    await workbench.quickInput.titled('Review Leftovers');
    const entries = await workbench.quickInput.entries();
    await workbench.screenshot('many-09-leftovers');
    await workbench.quickInput.accept();
    const question = await workbench.messages.dialog();
    await workbench.screenshot('many-10-end');
    await workbench.messages.pressDialogButton('End');
    await workbench.messages.waitForNotification(`Process ${left} has ended.`);
    assert.deepEqual(
      { entries, question, isRunning: await isRunningProcess(left) },
      {
        entries: [`Process ${left}of “leaving” sleep 605`],
        question: `End process ${left}?\nsleep 605\n\nIt is asked to end, and killed 5 seconds later.`,
        isRunning: false,
      },
    );
  });

  it('stops all after a confirmation, and none without', async () => {
    const processes = [await session('login'), await session('search')].map(({ host }) => host.ptyPid);
    const areRunning = () => Promise.all(processes.map(isRunningProcess));
    await workbench.runCommand('holdfast.stopAllSessions');
    const question = await workbench.messages.dialog();
    await workbench.screenshot('many-11-stop-all');
    await workbench.messages.pressDialogButton('Cancel');
    await workbench.runCommand('holdfast.stopAllSessions');
    await workbench.messages.dialog();
    const before = await areRunning();
    await workbench.messages.pressDialogButton('Stop');
    const said = await workbench.messages.waitForNotification('stopped');
    const after = await areRunning();
    await workbench.statusBarItem('3 ended').waitFor();
    await workbench.screenshot('many-12-stopped');
    assert.deepEqual(
      { question, before, said, after },
      {
        question:
          'Stop 2 sessions?\nsearch: running\nlogin: running\n\n' +
          'Their processes are ended; worktrees and branches stay as they are.',
        before: [true, true],
        said: '2 sessions stopped.',
        after: [false, false],
      },
    );
  });

  it('cleans up those that ended so many days ago, after showing them, and keeps work', async () => {
    const { worktreePath } = (await session('search')).record;
    await writeFile(join(worktreePath, 'idea.txt'), 'not committed yet\n');
    await workbench.runCommand('holdfast.cleanUpSessions');
    await workbench.quickInput.titled('Clean Up Old Sessions');
    const suggested = await workbench.quickInput.value();
    await workbench.quickInput.type('a week');
    const refused = await workbench.quickInput.waitForMessage('Type');
    await workbench.screenshot('many-13-age');
    await workbench.quickInput.accept('0');
    const question = await workbench.messages.dialog();
    await workbench.screenshot('many-14-planned');
    await workbench.messages.pressDialogButton('Destroy');
    const said = await workbench.messages.waitForNotification('destroyed');
    await workbench.statusBarItem('no sessions').waitFor();
    await workbench.screenshot('many-15-cleaned-up');
    assert.deepEqual(
      { suggested, refused, question, said, isKept: existsSync(join(worktreePath, 'idea.txt')) },
      {
        suggested: '7',
        refused: 'Type a number of days.',
        question:
          'Destroy 3 sessions?\n' +
          `${names.map((name) => `${name}: stopped, just now\n`).join('')}\n` +
          'A worktree with work in it stays, and you are told where. The session list is backed up first.',
        said: `3 sessions destroyed. The work of “search” was kept (1 untracked file): ${worktreePath}.`,
        isKept: true,
      },
    );
  });

  async function session(name: string): Promise<SessionOnDisk> {
    const found = (await sessionsOnDisk(editor.repository))[name];
    if (!found) throw new Error(`There is no session ${name}.`);
    return found;
  }

  /** Milliseconds between the starts of the sessions, in the order of their starts. */
  async function pausesBetweenStarts(): Promise<number[]> {
    const sessions = Object.values(await sessionsOnDisk(editor.repository));
    const starts = sessions.map(({ host }) => Date.parse(host.startedAt)).sort((a, b) => a - b);
    return starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
  }
});

/** The lines of an explanation, without what depends on when it is asked for. */
function timeless(explanation: string): string[] {
  // What it uses is known only after the first look at it.
  const lines = explanation.split('\n').filter((line) => line !== '' && !line.startsWith('It uses '));
  return lines.map((line) => blurred(line).replace(/^(It is healthy:) .*AGO\)\.$/, '$1 SEEN (AGO).'));
}

function blurred(line: string): string {
  return line.replace(/(\d+ \w+ ago|just now)\)/g, 'AGO)').replace(/for \d+ s/, 'for N s');
}

async function limitDescriptors(pid: number, limit: number): Promise<void> {
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--nofile=${limit}:`]);
}
