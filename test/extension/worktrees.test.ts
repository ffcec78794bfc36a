import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Overlap, ReviewedChanges, SessionRecord } from '../../src/extension/api.ts';
import { baseScheme, commandIds } from '../../src/extension/ids.ts';
import { git } from '../support/repository.ts';
import { waitFor } from '../support/waitFor.ts';
import { useDialogs } from './support/dialogs.ts';
import { useHoldfast } from './support/holdfast.ts';

describe('what was done in worktrees, through the commands and the API', () => {
  const api = useHoldfast();
  const dialogs = useDialogs();
  afterEach(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  it('is told by the API, and when it changes', async () => {
    const session = await create('told');
    let fired = 0;
    const subscription = api().onDidChangeWork(() => fired++);
    await edit(session, 'file-1.txt');
    await saved(session);
    await untilChanged(session, 1);
    subscription.dispose();
    assert.ok(fired > 0);
  });

  it('is shown as a comparison with the base, committed and not', async () => {
    const session = await create('reviewed');
    await edit(session, 'file-1.txt');
    await git(session.worktreePath, 'commit', '--quiet', '--all', '-m', 'Change');
    await edit(session, 'new file.txt');
    const reviewed = await run<ReviewedChanges>(commandIds.reviewChanges, { id: session.id });
    const [tab] = await waitFor(shownTabs, (tabs) => tabs.length === 1);
    assert.deepEqual(
      [reviewed.title, tab, reviewed.files.map(({ kind, path: file }) => `${kind} ${file}`)],
      [
        'reviewed: changes since main',
        'reviewed: changes since main (2 files)',
        ['changed file-1.txt', 'added new file.txt'],
      ],
    );
  });

  it('compares with what the file was, which cannot be written', async () => {
    const session = await create('compared');
    const before = await vscode.workspace.fs.readFile(fileIn(session, 'file-1.txt'));
    await edit(session, 'file-1.txt');
    const { commit } = await api().reviewChanges(session.id);
    const address = { kind: 'committed', cwd: session.worktreePath, commit, file: 'file-1.txt' };
    const uri = fileIn(session, 'file-1.txt').with({ scheme: baseScheme, query: JSON.stringify(address) });
    const read = await vscode.workspace.fs.readFile(uri);
    await assert.rejects(Promise.resolve(vscode.workspace.fs.writeFile(uri, read)));
    assert.deepEqual(Buffer.from(read), Buffer.from(before));
  });

  it('says that nothing was changed, and opens nothing', async () => {
    const session = await create('untouched');
    await run(commandIds.reviewChanges, session.id);
    assert.deepEqual(
      [dialogs.shown.map(({ text }) => text), shownTabs()],
      [['“untouched”: nothing was changed since main.'], []],
    );
  });

  it('says of a worktree that is gone where its work is, to a person and to a program', async () => {
    const session = await create('gone');
    await rm(session.worktreePath, { recursive: true });
    const commands = [commandIds.reviewChanges, commandIds.openWorktree, commandIds.openInSourceControl];
    const codes: unknown[] = [];
    for (const command of commands)
      await run(command, { id: session.id }).catch((error: { code: string }) => codes.push(error.code));
    await run(commandIds.reviewChanges, session.id);
    assert.deepEqual(
      [
        codes,
        dialogs.shown.map(({ kind, text }) => [
          kind,
          /worktree of “gone” is gone: .*branch feature\/gone\./.test(text),
        ]),
      ],
      [['NO_FOLDER', 'NO_FOLDER', 'NO_FOLDER'], [['showErrorMessage', true]]],
    );
  });

  it('refuses what has no worktree, and a key that there is not', async () => {
    const { id } = await api().newSession({ name: 'plain', worktree: false, show: false });
    const codes: unknown[] = [];
    for (const argument of [{ id }, { id, all: true }])
      await run(commandIds.reviewChanges, argument).catch((error: { code: string }) => codes.push(error.code));
    assert.deepEqual(codes, ['NO_WORKTREE', 'INVALID_ARGUMENT']);
  });

  it('copies the path of a worktree', async () => {
    const session = await create('copied');
    await run(commandIds.copyWorktreePath, { id: session.id });
    assert.equal(await vscode.env.clipboard.readText(), session.worktreePath);
  });

  it('opens a worktree in Source Control', async () => {
    const session = await create('controlled');
    const { id } = await run<SessionRecord>(commandIds.openInSourceControl, { id: session.id });
    const { exports } = vscode.extensions.getExtension('vscode.git') as vscode.Extension<GitExports>;
    const roots = exports.getAPI(1).repositories.map(({ rootUri }) => rootUri.fsPath);
    assert.deepEqual([id, roots.includes(session.worktreePath)], [session.id, true]);
  });

  it('shows which two sessions change a file, and how their versions differ', async () => {
    const [one, other] = [await create('one'), await create('other')];
    for (const session of [one, other]) {
      await edit(session, 'file-1.txt');
      await git(session.worktreePath, 'commit', '--quiet', '--all', '-m', session.name);
      await saved(session);
    }
    await waitFor(
      () => api().getOverlaps(one.id),
      (found) => found.length === 1,
      { timeout: 20_000 },
    );
    const [overlap] = await run<Overlap[]>(commandIds.checkOverlaps, { id: one.id });
    dialogs.answer(({ choices }) => choices[0]);
    await run(commandIds.checkOverlaps);
    const [tab] = await waitFor(shownTabs, (tabs) => tabs.length === 1);
    assert.deepEqual(
      [overlap?.files, overlap?.merge, dialogs.shown.map(({ choices }) => choices), tab],
      [
        ['file-1.txt'],
        { state: 'conflicts', files: ['file-1.txt'] },
        [['$(warning) one ↔ other'], ['file-1.txt']],
        'file-1.txt (one ↔ other)',
      ],
    );
  });

  it('says that no two sessions are in each other’s way', async () => {
    await create('alone');
    await run(commandIds.checkOverlaps);
    assert.deepEqual(
      dialogs.shown.map(({ text }) => text),
      ['No two sessions change the same files, and none would conflict.'],
    );
  });

  const create = (name: string) => api().newSession({ name, command: ['sleep', '600'], show: false });

  /** As the user does it in an editor. */
  async function saved(session: SessionRecord): Promise<void> {
    const document = await vscode.workspace.openTextDocument(fileIn(session, 'file-1.txt'));
    const change = new vscode.WorkspaceEdit();
    change.insert(document.uri, new vscode.Position(0, 0), '');
    await document.save();
  }

  async function untilChanged({ id }: SessionRecord, count: number): Promise<void> {
    const changes = () => api().getChanges(id);
    await waitFor(changes, (known) => known?.state === 'known' && known.uncommitted === count, { timeout: 20_000 });
  }
});

interface GitExports {
  getAPI(version: 1): { repositories: { rootUri: vscode.Uri }[] };
}

function run<T>(command: string, ...rest: unknown[]): Promise<T> {
  return Promise.resolve(vscode.commands.executeCommand<T>(command, ...rest));
}

function fileIn({ worktreePath }: SessionRecord, file: string): vscode.Uri {
  return vscode.Uri.file(path.join(worktreePath, file));
}

async function edit(session: SessionRecord, file: string): Promise<void> {
  await writeFile(fileIn(session, file).fsPath, `${session.name}\n`);
}

function shownTabs(): string[] {
  return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label));
}
