import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { HoldfastApi } from '../../src/extension/api.ts';
import { isAlive } from '../support/processes.ts';
import { reportMark } from '../support/reportMark.ts';
import { waitFor } from '../support/waitFor.ts';
import {
  helperProcess,
  hideLogs,
  holdfastExtension,
  shownLogs,
  terminalNames,
  useHoldfast,
  workspaceFolder,
} from './support/holdfast.ts';

const unknown = '00000000-0000-4000-8000-000000000000';

describe('the extension', () => {
  useHoldfast();

  it('is active without anybody asking, and tells how long its code took to load', async () => {
    const { extensionPath, isActive } = holdfastExtension();
    const bundle = require.resolve(path.join(extensionPath, 'dist', 'extension.cjs'));
    const loaded = require.cache[bundle];
    delete require.cache[bundle];
    const started = performance.now();
    require(bundle);
    console.log(
      `${reportMark}      Loading the extension's code takes ${(performance.now() - started).toFixed(1)} ms.`,
    );
    if (loaded) require.cache[bundle] = loaded;
    assert.equal(isActive, true);
  });
});

describe('the exported API', () => {
  const api = useHoldfast();

  it('has what api.ts promises and nothing else', () => {
    const kinds = Object.entries(Object.getOwnPropertyDescriptors(api())).map(([name, { value, get }]) => [
      name,
      get ? 'getter' : typeof value,
    ]);
    assert.deepEqual(Object.fromEntries(kinds), {
      version: 'number',
      onDidChangeSessions: 'function',
      onDidChangeHealth: 'function',
      ready: 'getter',
      listSessions: 'function',
      getSession: 'function',
      newSession: 'function',
      showTerminal: 'function',
      stopSession: 'function',
      restartSession: 'function',
      renameSession: 'function',
      destroySession: 'function',
      health: 'function',
      explainSession: 'function',
      retryNow: 'function',
      giveUp: 'function',
      keepRunning: 'function',
      setPolicy: 'function',
      stopAllSessions: 'function',
      resumeAllSessions: 'function',
      cleanUpSessions: 'function',
      dealWithLeftover: 'function',
      showLog: 'function',
      restartHelper: 'function',
      listBackups: 'function',
      restoreBackup: 'function',
      saveSession: 'function',
      listSavedSessions: 'function',
      getSavedSession: 'function',
      loadSavedSession: 'function',
      deleteSavedSession: 'function',
      listArchivedSessions: 'function',
      restoreArchivedSession: 'function',
      deleteArchivedSession: 'function',
      exportSessions: 'function',
      importSessions: 'function',
      diagnose: 'function',
      rebuildSessions: 'function',
      getChanges: 'function',
      onDidChangeWork: 'function',
      checkOverlaps: 'function',
      commitAll: 'function',
      createPullRequest: 'function',
      getOverlaps: 'function',
      inspectWorktree: 'function',
      mergeSession: 'function',
      planMerge: 'function',
      pushBranch: 'function',
      repairWorktree: 'function',
      reviewChanges: 'function',
    });
  });

  it('creates a session in the folder that is open', async () => {
    const record = await api().newSession({ name: 'from the api', command: ['cat'], show: false });
    const worktree = path.join(workspaceFolder(), '.worktrees', `from-the-api-${record.id.slice(0, 8)}`);
    assert.deepEqual(
      [record.name, record.status, record.worktreePath, existsSync(worktree), isAlive(record.ptyPid ?? 0)],
      ['from-the-api', 'active', worktree, true, true],
    );
  });

  it('lists a session as it returned it, and gets it by its id', async () => {
    const record = await api().newSession({ command: ['cat'], show: false });
    assert.deepEqual([api().listSessions(), api().getSession(record.id)], [[record], record]);
  });

  it('leads a session through its life', async () => {
    const { id } = await api().newSession({ name: 'life', command: ['cat'], show: false });
    const seen = [
      (await api().stopSession(id)).status,
      (await api().restartSession(id)).status,
      (await api().renameSession(id, 'other life')).name,
    ];
    const { id: destroyed, deletedAt, kept } = await api().destroySession(id);
    assert.deepEqual(
      [...seen, destroyed, typeof deletedAt, kept, api().getSession(id)],
      ['cancelled', 'active', 'other-life', id, 'string', undefined, undefined],
    );
  });

  it('tells of every change', async () => {
    let changes = 0;
    const subscription = api().onDidChangeSessions(() => {
      changes++;
    });
    const { id } = await api().newSession({ command: ['cat'], show: false });
    const afterCreation = changes;
    await api().renameSession(id, 'renamed');
    const afterRename = changes;
    subscription.dispose();
    await api().stopSession(id);
    assert.deepEqual([afterCreation > 0, afterRename > afterCreation, changes], [true, true, afterRename]);
  });

  it('opens a terminal only where one is wanted', async () => {
    const hidden = await api().newSession({ name: 'hidden', command: ['cat'], show: false });
    await api().newSession({ name: 'shown', command: ['cat'] });
    await waitFor(() => vscode.window.activeTerminal?.name === 'shown');
    const before = terminalNames();
    await api().showTerminal(hidden.id);
    assert.deepEqual([before, terminalNames()], [['shown'], ['shown', 'hidden']]);
  });

  it('says where work was kept', async () => {
    const { id, worktreePath } = await api().newSession({ name: 'kept', command: ['cat'], show: false });
    await vscode.workspace.fs.writeFile(vscode.Uri.file(path.join(worktreePath, 'new.txt')), new Uint8Array());
    const { kept } = await api().destroySession(id);
    assert.deepEqual(kept, { path: worktreePath, reason: '1 untracked file' });
  });

  it('shows the log of a session, and its own', async () => {
    const record = await api().newSession({ command: ['cat'], show: false });
    await hideLogs();
    const shown = await api().showLog(record.id);
    await waitFor(shownLogs, (logs) => logs.length === 1);
    const own = await api().showLog();
    await waitFor(shownLogs, (logs) => logs.length === 2);
    assert.deepEqual([shown, own, shownLogs().sort()], [record, undefined, [record.id, 'the extension'].sort()]);
  });

  it('replaces the helper, and the sessions run on', async () => {
    const { id, ptyPid = 0 } = await api().newSession({ command: ['cat'], show: false });
    const before = await helperProcess();
    await api().restartHelper();
    const after = await helperProcess();
    const { status, ptyPid: pid } = api().getSession(id) ?? {};
    assert.deepEqual([after !== before, status, pid, isAlive(ptyPid)], [true, 'active', ptyPid, true]);
  });

  it('rejects with a code and advice', async () => {
    await assert.rejects(api().newSession({ command: ['no-such-program'] }), {
      name: 'HoldfastError',
      code: 'COMMAND_NOT_FOUND',
      message: 'The command “no-such-program” was not found. Nothing was created.',
      advice: 'Check its spelling, or install it so that it is on your PATH.',
    });
  });

  it('rejects at the limit with the message for it', async () => {
    const settings = vscode.workspace.getConfiguration('holdfast');
    await settings.update('maxSessions', 1, vscode.ConfigurationTarget.Global);
    await api().newSession({ command: ['cat'], show: false });
    const attempt = api().newSession({ command: ['cat'], show: false });
    await attempt.catch(() => undefined);
    await settings.update('maxSessions', undefined, vscode.ConfigurationTarget.Global);
    await assert.rejects(attempt, {
      code: 'MAX_SESSIONS',
      text: 'Maximum 1 session supported. Destroy a session to create a new one.',
    });
  });

  const wrong: [what: string, call: (api: HoldfastApi) => Promise<unknown>][] = [
    ['an option of a new session that there is not', (it) => it.newSession({ nmae: 'x' } as object)],
    ['an id that is no text', (it) => it.stopSession({} as string)],
    ['a name that is no text', (it) => it.renameSession(unknown, 7 as unknown as string)],
    ['a note that is no text', (it) => it.saveSession(unknown, { a: 1 } as unknown as string)],
    ['the id of a saved session that is no text', (it) => it.getSavedSession({} as string)],
    ['an option of loading that is no flag', (it) => it.loadSavedSession(unknown, { start: 'no' } as object)],
    ['ids that are no list', (it) => it.restoreBackup(unknown, unknown as unknown as string[])],
    ['an option of an export that there is not', (it) => it.exportSessions('x.json', { sessionsIds: [] } as object)],
    ['options that are no object', (it) => it.importSessions('x.json', 7 as unknown as object)],
    ['an option of the doctor that there is not', (it) => it.diagnose({ fixx: true } as object)],
  ];
  for (const [what, call] of wrong) {
    it(`rejects ${what}`, async () => {
      await assert.rejects(call(api()), { code: 'INVALID_ARGUMENT' });
    });
  }

  for (const method of ['showTerminal', 'stopSession', 'restartSession', 'destroySession', 'showLog'] as const) {
    it(`rejects ${method} where there is no such session`, async () => {
      await assert.rejects(api()[method](unknown), { code: 'SESSION_NOT_FOUND' });
    });
  }
});
