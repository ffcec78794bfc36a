import assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';
import type { DestroyedSession, NewSessionOptions, SessionRecord } from '../../src/extension/api.ts';
import { commandIds } from '../../src/extension/ids.ts';
import { whileNoHelperStarts } from '../support/brokenHelper.ts';
import { isAlive } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';
import { dist, helperProcess, hideLogs, shownLogs, terminalNames, useHoldfast } from './support/holdfast.ts';

const unknown = '00000000-0000-4000-8000-000000000000';

describe('the commands', () => {
  const api = useHoldfast();

  it('are all registered', async () => {
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      Object.values(commandIds).filter((id) => !registered.has(id)),
      [],
    );
  });

  it('create a session, show its terminal and return its record, all without asking', async () => {
    const record = await create({ name: 'by command', command: ['cat'] });
    await waitFor(() => vscode.window.activeTerminal?.name === 'by-command');
    assert.deepEqual([record, terminalNames()], [api().getSession(record.id), ['by-command']]);
  });

  it('take every option of a new session', async () => {
    const record = await create({
      name: 'all',
      branch: 'topic/all',
      baseBranch: 'main',
      command: ['cat'],
      cwd: '.',
      env: { COLOUR: 'green' },
      show: false,
    });
    const { name, branch, baseBranch, command, metadata } = record;
    assert.deepEqual(
      { name, branch, baseBranch, command, metadata },
      {
        name: 'all',
        branch: 'topic/all',
        baseBranch: 'main',
        command: ['cat'],
        metadata: { ownsBranch: true, env: { COLOUR: 'green' } },
      },
    );
  });

  it('create a session from an empty object', async () => {
    const { name, command } = await create({});
    assert.deepEqual([name.replace(/\d{4}-\d\d-\d\d/, 'DATE'), command], ['feature-DATE-001', null]);
  });

  it('bring back a terminal whose tab was closed, with its session unharmed', async () => {
    const record = await create({ name: 'closed', command: ['cat'] });
    vscode.window.terminals.find(({ name }) => name === 'closed')?.dispose();
    await waitFor(terminalNames, (names) => names.length === 0);
    const shown = await run<SessionRecord>(commandIds.showTerminal, { id: record.id });
    assert.deepEqual([shown, terminalNames(), isAlive(record.ptyPid ?? 0)], [record, ['closed'], true]);
  });

  it('stop a session', async () => {
    const { id, ptyPid = 0 } = await create({ command: ['cat'], show: false });
    const { status } = await run<SessionRecord>(commandIds.stopSession, { id });
    assert.deepEqual([status, isAlive(ptyPid), api().getSession(id)?.status], ['cancelled', false, 'cancelled']);
  });

  it('restart a running session without asking', async () => {
    const { id, ptyPid } = await create({ command: ['cat'], show: false });
    const again = await run<SessionRecord>(commandIds.restartSession, { id });
    assert.deepEqual([again.status, again.ptyPid !== ptyPid], ['active', true]);
  });

  it('rename a session', async () => {
    const { id } = await create({ name: 'before', command: ['cat'], show: false });
    const renamed = await run<SessionRecord>(commandIds.renameSession, { id, name: 'after' });
    await run(commandIds.showTerminal, { id });
    await waitFor(terminalNames, (names) => names.length > 0);
    assert.deepEqual([renamed.name, api().getSession(id)?.name, terminalNames()], ['after', 'after', ['after']]);
  });

  it('destroy a running session without asking, and close its terminal', async () => {
    const { id } = await create({ name: 'gone', command: ['cat'] });
    await waitFor(() => terminalNames().includes('gone'));
    const { name, branch, deletedAt } = await run<DestroyedSession>(commandIds.destroySession, { id });
    await waitFor(terminalNames, (names) => names.length === 0);
    assert.deepEqual([name, branch, typeof deletedAt, api().listSessions()], ['gone', 'feature/gone', 'string', []]);
  });

  it('show the log of a session without asking', async () => {
    const record = await create({ command: ['cat'], show: false });
    await hideLogs();
    const shown = await run<SessionRecord>(commandIds.showLog, { id: record.id });
    await waitFor(shownLogs, (logs) => logs.length > 0);
    assert.deepEqual([shown, shownLogs()], [record, [record.id]]);
  });

  it('show the log of the extension without asking', async () => {
    await create({ command: ['cat'], show: false });
    await hideLogs();
    const shown = await run<undefined>(commandIds.showLog, {});
    await waitFor(shownLogs, (logs) => logs.length > 0);
    assert.deepEqual([shown, shownLogs()], [undefined, ['the extension']]);
  });

  it('replace the helper, with the sessions unharmed', async () => {
    const { ptyPid = 0 } = await create({ command: ['cat'], show: false });
    const before = await helperProcess();
    await run(commandIds.restartHelper, {});
    assert.deepEqual([(await helperProcess()) !== before, isAlive(ptyPid)], [true, true]);
  });

  it('throw to a caller that wants another helper where none can be started', async () => {
    const { id } = await create({ command: ['cat'], show: false });
    await whileNoHelperStarts(dist(), () =>
      assert.rejects(run(commandIds.restartHelper, {}), { code: 'HELPER_START_FAILED' }),
    );
    assert.equal((await run<SessionRecord>(commandIds.stopSession, { id })).status, 'cancelled');
  });

  const refused: [what: string, command: string, argument: unknown, code: string][] = [
    ['a session that is not there', commandIds.showTerminal, { id: unknown }, 'SESSION_NOT_FOUND'],
    ['a session that is not there', commandIds.stopSession, { id: unknown }, 'SESSION_NOT_FOUND'],
    ['a session that is not there', commandIds.restartSession, { id: unknown }, 'SESSION_NOT_FOUND'],
    ['a session that is not there', commandIds.renameSession, { id: unknown, name: 'x' }, 'SESSION_NOT_FOUND'],
    ['a session that is not there', commandIds.destroySession, { id: unknown }, 'SESSION_NOT_FOUND'],
    ['a session that is not there', commandIds.showLog, { id: unknown }, 'SESSION_NOT_FOUND'],
    ['an id that is no text', commandIds.showLog, { id: 7 }, 'INVALID_ARGUMENT'],
    ['an id that is no text', commandIds.stopSession, { id: 7 }, 'INVALID_ARGUMENT'],
    ['an object without an id', commandIds.stopSession, {}, 'INVALID_ARGUMENT'],
    ['a name that is no text', commandIds.newSession, { name: 7 }, 'INVALID_ARGUMENT'],
    ['an environment that is no text', commandIds.newSession, { env: { X: 1 } }, 'INVALID_ARGUMENT'],
    ['a folder outside', commandIds.newSession, { cwd: '..' }, 'INVALID_ARGUMENT'],
    ['a command that is not found', commandIds.newSession, { command: ['no-such-program'] }, 'COMMAND_NOT_FOUND'],
    ['a branch that is checked out', commandIds.newSession, { branch: 'main' }, 'BRANCH_EXISTS'],
  ];
  for (const [what, command, argument, code] of refused) {
    it(`throw to the caller of ${command}, with a code: ${what}`, async () => {
      await assert.rejects(run(command, argument), { code });
    });
  }

  it('archive a worktree that has work in it where that is asked for, and bring the session back', async () => {
    const { id, worktreePath } = await create({ name: 'archived', command: ['cat'], show: false });
    const file = vscode.Uri.file(path.join(worktreePath, 'new.txt'));
    await vscode.workspace.fs.writeFile(file, new Uint8Array([7]));
    const { kept, archive } = await run<DestroyedSession>(commandIds.destroySession, { id, worktree: 'archive' });
    const back = await run<SessionRecord>(commandIds.restoreArchivedSession, { id });
    const content = await vscode.workspace.fs.readFile(file);
    await run(commandIds.destroySession, { id: back.id, worktree: 'remove' });
    for (const one of [id, back.id]) await run(commandIds.deleteArchivedSession, { id: one });
    await assert.rejects(run(commandIds.restoreArchivedSession, { id }), { code: 'ARCHIVE_NOT_FOUND' });
    assert.deepEqual([kept, typeof archive, back.status, [...content]], [undefined, 'string', 'idle', [7]]);
  });

  it('keep a worktree that has work in it, and return where', async () => {
    const { id, worktreePath } = await create({ name: 'with work', command: ['cat'], show: false });
    await vscode.workspace.fs.writeFile(vscode.Uri.file(path.join(worktreePath, 'new.txt')), new Uint8Array());
    const { name, kept } = await run<DestroyedSession>(commandIds.destroySession, { id });
    assert.deepEqual([name, kept], ['with-work', { path: worktreePath, reason: '1 untracked file' }]);
  });
});

function create(options: NewSessionOptions): Promise<SessionRecord> {
  return run(commandIds.newSession, options);
}

async function run<T>(command: string, argument: unknown): Promise<T> {
  return vscode.commands.executeCommand<T>(command, argument);
}
