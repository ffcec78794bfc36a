import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { SessionRecord } from '../../src/extension/api.ts';
import { commandIds } from '../../src/extension/ids.ts';
import { waitFor } from '../support/waitFor.ts';
import { useDialogs } from './support/dialogs.ts';
import { useHoldfast } from './support/holdfast.ts';

const isWindows = process.platform === 'win32';

(isWindows ? describe.skip : describe)('the commands that make worktrees ready and end them', () => {
  // Before sessions are destroyed after each test.
  afterEach(() => set({ 'worktree.setup': undefined, 'worktree.teardown': undefined, env: undefined }));
  const api = useHoldfast();
  const dialogs = useDialogs();

  const set = async (values: Record<string, unknown>) => {
    const settings = vscode.workspace.getConfiguration('holdfast');
    for (const [name, value] of Object.entries(values))
      await settings.update(name, value, vscode.ConfigurationTarget.Workspace);
  };
  const create = async (options: { command?: string[]; env?: Record<string, string> } = {}) =>
    api().newSession({ name: 'login', command: ['cat'], show: false, ...options });
  const until = ({ id }: SessionRecord, isWanted: (record: SessionRecord) => boolean, what: string) =>
    waitFor(
      () => api().getSession(id),
      (record): record is SessionRecord => record !== undefined && isWanted(record),
      { what },
    );

  it('start a session without the setup that has failed, and run it again', async () => {
    await set({ 'worktree.setup': ['exit 7'] });
    const record = await create();
    await until(record, ({ status }) => status === 'failed', 'the failure of the setup');
    const started = await vscode.commands.executeCommand<SessionRecord>(commandIds.startWithoutSetup, {
      id: record.id,
    });
    // Waits until it is ended.
    await set({ 'worktree.setup': ['cat'] });
    const again = await vscode.commands.executeCommand<SessionRecord>(commandIds.runSetup, { id: record.id });
    assert.deepEqual(
      [started.status, started.setup?.state, again.setup?.state, again.currentPhase],
      ['active', 'skipped', 'running', 'setup'],
    );
  });

  it('tell why a session stays whose teardown fails, and leave that out where the user says so', async () => {
    const record = await create();
    await set({ 'worktree.teardown': ['echo no database; exit 3'] });
    dialogs.answer(({ choices }) =>
      choices.find((choice) => choice === 'Destroy' || choice === 'Destroy Without Teardown'),
    );
    await vscode.commands.executeCommand(commandIds.destroySession, record.id);
    const [, told] = dialogs.shown;
    assert.deepEqual(
      [
        told?.kind,
        /“login” failed: .* ended with code 3, and said last: no database\./.test(told?.text ?? ''),
        told?.choices,
      ],
      ['showErrorMessage', true, ['Destroy Without Teardown', 'Show Log']],
    );
    assert.equal(api().getSession(record.id), undefined);
  });

  it('refuse a variable with an unknown placeholder before anything is made', async () => {
    await set({ env: { DB: `app_\${slugg}` } });
    await assert.rejects(create(), {
      code: 'INVALID_ARGUMENT',
      message: /“DB” has an unknown placeholder: \$\{slugg\}/,
    });
    assert.deepEqual(api().listSessions(), []);
  });
});
