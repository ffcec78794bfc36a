import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryPlaces, thisMachine } from '../../src/node/places.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import { useEditor } from '../support/editor.ts';
import { endSessions } from '../support/endSessions.ts';
import { git } from '../support/repository.ts';
import { waitFor } from '../support/waitFor.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { ageless } from './support/answers.ts';
import { editorProcesses } from './support/editorProcesses.ts';
import { windowStorages } from './support/storage.ts';

describe('sessions that were lost', () => {
  const editor = useEditor();
  let workbench: Workbench;

  before(async function () {
    this.timeout(60_000);
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.newSession('login');
  });

  it('come back from a backup that was taken when they were destroyed, once it was shown what would change', async () => {
    await destroy('login');
    await workbench.runCommand('holdfast.restoreFromBackup');
    await workbench.quickInput.titled('Restore Sessions from Backup');
    const [backup = ''] = await workbench.quickInput.entries();
    await workbench.screenshot('state-01-backups');
    await workbench.quickInput.accept();
    await workbench.quickInput.titled('Restore Sessions from Backup of');
    const changes = await workbench.quickInput.entries();
    await workbench.screenshot('state-02-changes');
    await workbench.quickInput.accept();
    const question = await workbench.messages.dialog();
    await workbench.screenshot('state-03-question');
    await workbench.messages.pressDialogButton('Restore');
    const said = await workbench.messages.waitForNotification('restored');
    await workbench.tree.row('login').waitFor();
    await workbench.screenshot('state-04-restored');
    assert.deepEqual(
      { backup: withoutTime(backup), changes, question, said, tree: await ageless(workbench, 1) },
      {
        backup: 'TIME 1 session, valid AGO, before a session was destroyed',
        changes: [
          'logincomes back, feature/login Its worktree and its branch are gone; a restart makes both anew from main, without the commits that were on the branch alone.',
        ],
        question: 'Restore 1 session?\nWhat there is now is backed up first. Sessions that run go on running.',
        said: '1 session restored; it runs again once you restart it.',
        tree: ['login feature/login'],
      },
    );
  });

  it('are not taken from a backup that is damaged, which says so and leads on to another one', async () => {
    const [storage = ''] = await windowStorages(editor);
    const backups = (await readdir(join(storage, 'backups'))).sort();
    const newest = join(storage, 'backups', backups.at(-1) ?? '');
    await writeFile(newest, (await readFile(newest, 'utf8')).slice(0, -20));
    await workbench.runCommand('holdfast.restoreFromBackup');
    const [backup = ''] = await workbench.quickInput.entries();
    await workbench.screenshot('state-05-damaged');
    await workbench.quickInput.accept();
    const said = await workbench.messages.waitForNotification('cannot be used');
    const buttons = await workbench.messages.buttons('cannot be used');
    await workbench.screenshot('state-06-refused');
    await workbench.messages.pressButton('cannot be used', 'Choose Another…');
    await workbench.quickInput.titled('Restore Sessions from Backup');
    await workbench.quickInput.cancel();
    assert.deepEqual(
      { backup: withoutTime(backup), said, buttons },
      {
        backup: 'TIME damaged AGO, before a restore. Cannot be used: it is not whole JSON.',
        said: 'This backup cannot be used: it is not whole JSON. Nothing was changed.',
        buttons: ['Choose Another…'],
      },
    );
  });

  it('are in the tree again when the list was damaged behind the back of the window, and that is said once', async () => {
    const [storage = ''] = await windowStorages(editor);
    const list = join(storage, 'sessions.json');
    await writeFile(list, (await readFile(list, 'utf8')).slice(0, 200));
    await workbench.reload();
    await workbench.tree.show('Holdfast');
    await workbench.tree.row('login').waitFor();
    const said = await workbench.messages.waitForNotification('session list');
    await workbench.screenshot('state-07-recovered');
    const tree = await ageless(workbench, 1);
    await workbench.reload();
    await workbench.tree.show('Holdfast');
    await workbench.tree.row('login').waitFor();
    // Its answer comes after all that there is to say about the start of the window.
    await workbench.runCommand('holdfast.listSavedSessions');
    await workbench.messages.waitForNotification('No session is saved');
    assert.match(
      said,
      /^The session list of this window was damaged .*1 session .*recovered from its previous version/,
    );
    assert.deepEqual(
      { tree, messages: await workbench.messages.notifications(), again: await ageless(workbench, 1) },
      {
        tree: ['login feature/login'],
        messages: ['No session is saved. Use “Holdfast: Save Session”.'],
        again: ['login feature/login'],
      },
    );
  });

  it('were saved, and come back with a new worktree; what was saved can be deleted', async () => {
    await workbench.tree.pressRowAction('login', 'Restart Session');
    await workbench.statusBarItem('1 running').waitFor();
    await workbench.tree.pickFromMenu('login', 'Save Session');
    const saved = await workbench.messages.waitForNotification('was saved');
    await workbench.screenshot('state-08-saved');
    await destroy('login');
    await workbench.runCommand('holdfast.loadSavedSession');
    const entries = await workbench.quickInput.entries();
    await workbench.screenshot('state-09-which');
    await workbench.quickInput.accept();
    await workbench.statusBarItem('1 running').waitFor();
    await workbench.terminals.tab('login').waitFor();
    await workbench.screenshot('state-10-loaded');
    const tree = await ageless(workbench, 1);
    await workbench.runCommand('holdfast.listSavedSessions');
    await workbench.quickInput.pick('login');
    await workbench.quickInput.titled('Saved Session “login”');
    await workbench.screenshot('state-11-what');
    await workbench.quickInput.pick('Delete…');
    const question = await workbench.messages.dialog();
    await workbench.messages.pressDialogButton('Delete');
    const deleted = await workbench.messages.waitForNotification('was deleted');
    await workbench.runCommand('holdfast.deleteSavedSession');
    const none = await workbench.messages.waitForNotification('No session is saved');
    assert.deepEqual(
      { saved, entries, tree, worktrees: (await worktreeFolders()).length, question, deleted, none },
      {
        saved: '“login” was saved. What is not committed stays in its worktree alone.',
        entries: ['loginfeature/login, saved just now'],
        tree: ['login feature/login'],
        worktrees: 1,
        question:
          'Delete the saved session “login”?\n' +
          'Only what was saved is deleted. Sessions, worktrees and branches stay as they are.',
        deleted: 'The saved session “login” was deleted.',
        none: 'No session is saved. Use “Holdfast: Save Session”.',
      },
    );
  });

  it('were exported to a file, of which the sound ones are imported when it is damaged', async () => {
    await workbench.tree.pickFromMenu('login', 'Export Session…');
    await workbench.quickInput.titled('Export “login”');
    // The dialog shows the folder before it has the name.
    const file = await waitFor(
      () => workbench.quickInput.value(),
      (value) => value.endsWith('.json'),
    );
    await workbench.screenshot('state-12-export');
    await workbench.quickInput.accept();
    const exported = await workbench.messages.waitForNotification('exported');
    await workbench.screenshot('state-13-exported');
    await destroy('login');
    const content = JSON.parse(await readFile(file, 'utf8'));
    content.sessions.push({ ...content.sessions[0], id: randomUUID(), name: 'forged' });
    await writeFile(file, JSON.stringify(content));
    await workbench.runCommand('holdfast.importSessions');
    await workbench.quickInput.titled('Import Sessions');
    await waitFor(
      () => workbench.quickInput.entries(),
      (entries) => entries.includes('holdfast-login.json'),
    );
    await workbench.quickInput.accept(file);
    const refused = await workbench.messages.waitForNotification('is damaged');
    await workbench.screenshot('state-14-damaged');
    await workbench.messages.pressButton('is damaged', 'Import What Is Sound…');
    const question = await workbench.messages.dialog();
    await workbench.screenshot('state-15-import');
    await workbench.messages.pressDialogButton('Import');
    await workbench.messages.waitForNotification('1 session imported.');
    await workbench.screenshot('state-16-imported');
    await rm(file);
    assert.deepEqual(
      { file, exported, refused, question, tree: await ageless(workbench, 1) },
      {
        file: join(editor.repository, 'holdfast-login.json'),
        exported: `1 session exported to ${file}.`,
        refused: `${file} is damaged: its checksum is wrong. Nothing was changed. Salvage what is sound in it: login.`,
        question:
          'Import 1 session?\n' +
          'login: in a new worktree of feature/login, made anew at main without its work\n\n' +
          'Nothing is started, and what there is now is backed up first.',
        tree: ['login feature/login'],
      },
    );
  });

  it('are found by their worktrees when all that was noted of them is gone; a doubtful one is asked about', async () => {
    const [folder = ''] = await worktreeFolders();
    const found = join(editor.repository, '.worktrees', 'found');
    await git(editor.repository, 'worktree', 'add', '--quiet', '-b', 'found', found);
    await workbench.close();
    await waitFor(
      () => editorProcesses('extensionHost'),
      (processes) => processes.length === 0,
      {
        what: 'the end of the extension host',
      },
    );
    await endSessions();
    const { key } = await findWorkplace(editor.repository);
    await rm(repositoryPlaces(thisMachine(), key).folder, { recursive: true });
    for (const storage of await windowStorages(editor)) await rm(storage, { recursive: true });
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await workbench.tree.row('login').waitFor();
    const said = await workbench.messages.waitForNotification('Rebuilt');
    await workbench.screenshot('state-17-rebuilt');
    const rebuilt = await ageless(workbench, 1);
    await workbench.runCommand('holdfast.rebuildSessions');
    const [proposal] = await workbench.quickInput.entries();
    await workbench.screenshot('state-18-proposal');
    await workbench.quickInput.pick('found');
    await workbench.quickInput.accept();
    const evidence = await workbench.messages.dialog();
    await workbench.screenshot('state-19-evidence');
    await workbench.messages.pressDialogButton('Take In');
    const accepted = await workbench.messages.waitForNotification('Found again');
    await workbench.screenshot('state-20-accepted');
    assert.deepEqual(
      {
        said,
        rebuilt,
        proposal,
        evidence,
        accepted,
        tree: await ageless(workbench, 2),
        worktrees: [folder, found].map(existsSync),
      },
      {
        said: 'The session list was gone. Rebuilt from their worktrees: “login”.',
        rebuilt: ['login feature/login'],
        proposal: `found${join('.worktrees', 'found')}, no tag says whose it is ${evidenceOfFound}`,
        evidence: `Take in “found”?\n${found}\n${evidenceOfFound}\n\nNothing is started or deleted.`,
        accepted: 'Found again: “found”.',
        tree: ['login feature/login', 'found found'],
        worktrees: [true, true],
      },
    );
  });

  async function destroy(name: string): Promise<void> {
    await workbench.tree.pickFromMenu(name, 'Destroy Session');
    await workbench.messages.pressDialogButton('Destroy');
    await workbench.tree.welcome.getByText('Run agents side by side').waitFor();
  }

  async function worktreeFolders(): Promise<string[]> {
    const folder = join(editor.repository, '.worktrees');
    return (await readdir(folder)).map((name) => join(folder, name));
  }
});

const evidenceOfFound =
  'Git lists the worktree with the branch found checked out. ' +
  'It lies in the folder for worktrees of sessions, but has no tag that says whose it is.';

/** Times differ from run to run. */
function withoutTime(text: string): string {
  return text.replace(/^.*?(?=\d+ session|damaged)/, 'TIME ').replace(/just now|\d+m ago/, 'AGO');
}
