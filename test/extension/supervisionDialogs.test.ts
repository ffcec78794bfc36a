import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { SessionRecord } from '../../src/extension/api.ts';
import { tellMany } from '../../src/extension/dialogs.ts';
import { archiveRow, commandIds, settingIds } from '../../src/extension/ids.ts';
import { waitFor } from '../support/waitFor.ts';
import { useDialogs } from './support/dialogs.ts';
import { useHoldfast } from './support/holdfast.ts';

describe('what is asked before many sessions are stopped or destroyed', () => {
  const api = useHoldfast();
  const dialogs = useDialogs();

  it('is nothing where no session runs', async () => {
    await stopped('over');
    await vscode.commands.executeCommand(commandIds.stopAllSessions);
    assert.deepEqual(dialogs.shown, [{ text: 'No session is running.', choices: [] }]);
  });

  it('is which ones run, and no other is stopped', async () => {
    const [one, over] = [await create('one'), await stopped('over')];
    let late: SessionRecord | undefined;
    dialogs.answer(async ({ choices }) => {
      late ??= await create('late');
      return choices.find((choice) => choice === 'Stop');
    });
    await vscode.commands.executeCommand(commandIds.stopAllSessions);
    assert.deepEqual(
      [dialogs.shown, [one, over, late].map((record) => api().getSession(record?.id ?? '')?.status)],
      [
        [
          {
            text: 'Stop 1 session?',
            detail: 'one: running\n\nTheir processes are ended; worktrees and branches stay as they are.',
            choices: ['Stop'],
          },
          { text: '1 session stopped.', choices: [] },
        ],
        ['cancelled', 'cancelled', 'active'],
      ],
    );
  });

  it('is not how old they are in the group of those that are archived, but whether to destroy them', async () => {
    await vscode.commands.executeCommand(commandIds.cleanUpSessions, archiveRow);
    await archived('folded');
    await stopped('listed');
    dialogs.answer(({ choices }) => choices.find((choice) => choice === 'Destroy'));
    await vscode.commands.executeCommand(commandIds.cleanUpSessions, archiveRow);
    assert.deepEqual(
      [
        dialogs.shown.map(({ text, detail }) => [text, ...(detail?.split('\n').slice(0, -2) ?? [])]),
        api()
          .listSessions()
          .map(({ name }) => name),
      ],
      [
        [['No session is archived.'], ['Destroy 1 session?', 'folded: stopped, just now'], ['1 session destroyed.']],
        ['listed'],
      ],
    );
  });

  it('is told in a few sentences afterwards, and in the log in all', async () => {
    const lines: string[] = [];
    const log = { info: note('info', lines), error: note('error', lines), show: () => lines.push('shown') };
    const reasons = ['1', '2', '3', '4', '5', '6'].map((number) => `“${number}” does not end.`);
    dialogs.answer(({ choices }) => choices[0]);
    tellMany(log as unknown as vscode.LogOutputChannel, { summary: '0 sessions stopped.', reasons });
    await waitFor(() => lines.at(-1) === 'shown');
    assert.deepEqual(
      [dialogs.shown, lines],
      [
        [{ text: `0 sessions stopped. ${reasons.slice(0, 5).join(' ')} and 1 more`, choices: ['Show Log'] }],
        [...reasons.map((reason) => `error ${reason}`), 'shown'],
      ],
    );
  });

  function create(name: string): Promise<SessionRecord> {
    return api().newSession({ name, command: ['cat'], show: false, worktree: false });
  }

  async function stopped(name: string): Promise<SessionRecord> {
    return api().stopSession((await create(name)).id);
  }

  /** What is due is looked at every few minutes, and when a helper starts. */
  async function archived(name: string): Promise<void> {
    const { id } = await stopped(name);
    const settings = vscode.workspace.getConfiguration();
    await settings.update(settingIds.archiveAfter, 0.001, vscode.ConfigurationTarget.Global);
    try {
      await api().restartHelper();
      await waitFor(() => api().getSession(id)?.archivedAt !== undefined);
    } finally {
      await settings.update(settingIds.archiveAfter, undefined, vscode.ConfigurationTarget.Global);
    }
  }
});

function note(level: string, lines: string[]): (text: string) => void {
  return (text) => lines.push(`${level} ${text}`);
}
