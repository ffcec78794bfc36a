import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { CleanedUpSession, HealthReport, SessionRecord } from '../../src/extension/api.ts';
import type { CommandContext } from '../../src/extension/commands.ts';
import { tellMany } from '../../src/extension/dialogs.ts';
import { archiveRow, commandIds } from '../../src/extension/ids.ts';
import { reviewLeftovers } from '../../src/extension/leftoverCommands.ts';
import { supervisionHandlers } from '../../src/extension/supervisionCommands.ts';
import { waitFor } from '../support/waitFor.ts';
import { aRecord } from '../unit/records.ts';
import { useDialogs } from './support/dialogs.ts';
import { useHoldfast } from './support/holdfast.ts';

describe('what is asked before many sessions are stopped or destroyed', () => {
  const api = useHoldfast();
  const dialogs = useDialogs();

  it('is nothing where no session runs', async () => {
    await stopped('over');
    await vscode.commands.executeCommand(commandIds.stopAllSessions);
    assert.deepEqual(dialogs.shown, [{ kind: 'showInformationMessage', text: 'No session is running.', choices: [] }]);
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
            kind: 'showWarningMessage',
            text: 'Stop 1 session?',
            detail: 'one: running\n\nTheir processes are ended; worktrees and branches stay as they are.',
            choices: ['Stop'],
          },
          { kind: 'showInformationMessage', text: '1 session stopped.', choices: [] },
        ],
        ['cancelled', 'cancelled', 'active'],
      ],
    );
  });

  it('is not how old they are in the group of those that are archived, but whether to destroy them', async () => {
    const archivedAt = new Date().toISOString();
    const folded = aRecord({ name: 'folded', status: 'cancelled', endedAt: archivedAt, archivedAt });
    const listed = aRecord({ name: 'listed', status: 'cancelled', endedAt: archivedAt });
    dialogs.answer(({ choices }) => choices.find((choice) => choice === 'Destroy'));
    const calls = [...(await cleanUpArchive([listed])), ...(await cleanUpArchive([folded, listed]))];
    assert.deepEqual(
      [dialogs.shown.map(({ text, detail }) => [text, ...(detail?.split('\n').slice(0, -2) ?? [])]), calls],
      [
        [['No session is archived.'], ['Destroy 1 session?', 'folded: stopped, just now'], ['1 session destroyed.']],
        [
          [{ olderThanDays: 0, dryRun: true }],
          [{ olderThanDays: 0, dryRun: true }],
          [{ olderThanDays: 0 }, [{ state: 'planned', record: folded }]],
        ],
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
        [
          {
            kind: 'showErrorMessage',
            text: `0 sessions stopped. ${reasons.slice(0, 5).join(' ')} and 1 more`,
            choices: ['Show Log'],
          },
        ],
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

  /** Presses the broom of the group where these have ended; returns what was asked of the sessions’ manager. */
  async function cleanUpArchive(records: SessionRecord[]): Promise<unknown[][]> {
    const calls: unknown[][] = [];
    const cleanUp = async (...call: [object, CleanedUpSession[]?]) => {
      calls.push(call);
      return call[1] ?? records.map((record) => ({ state: 'planned', record }));
    };
    const supervision = { cleanUp, health: async () => ({ leftovers: [] }) };
    const log = { info: () => undefined, error: () => undefined };
    const handlers = supervisionHandlers({ supervision, log } as unknown as CommandContext);
    await handlers[commandIds.cleanUpSessions]?.(archiveRow);
    return calls;
  }
});

describe('what is asked and told about one session', () => {
  const api = useHoldfast();
  const dialogs = useDialogs();

  it('is that there is none of that kind, which is no error', async () => {
    for (const command of [commandIds.retryNow, commandIds.giveUp, commandIds.stopSession, commandIds.showTerminal])
      await vscode.commands.executeCommand(command);
    assert.deepEqual(
      dialogs.shown.map(({ text }) => text),
      ['No session is recovering.', 'No session is recovering.', 'No session is running.', 'There is no session yet.'],
    );
  });

  it('is how it is, to be copied, and what can be done about it', async () => {
    const { id } = await api().newSession({ name: 'login', command: ['cat'], show: false, worktree: false });
    await vscode.commands.executeCommand(commandIds.explainSession, id);
    await api().stopSession(id);
    dialogs.answer(() => 'Copy');
    await vscode.commands.executeCommand(commandIds.explainSession, id);
    const copied = await vscode.env.clipboard.readText();
    assert.deepEqual(
      [dialogs.shown.map(({ text, choices }) => [text, choices]), copied],
      [
        [
          ['Session “login”', ['Show Log', 'Copy']],
          ['Session “login”', ['Restart', 'Show Log', 'Copy']],
        ],
        dialogs.shown[1]?.detail?.replaceAll('\n\n', '\n'),
      ],
    );
  });

  it('is an error where what was chosen cannot be done', async () => {
    const { id } = await api().newSession({ name: 'login', command: ['cat'], show: false, worktree: false });
    dialogs.answer(async ({ choices }) => {
      if (choices.includes('Show Log')) await api().destroySession(id);
      return 'Show Log';
    });
    await vscode.commands.executeCommand(commandIds.explainSession, id);
    assert.deepEqual(
      dialogs.shown.map(({ text }) => text),
      ['Session “login”', 'There is no such session.'],
    );
  });
});

describe('what is asked about leftovers', () => {
  const dialogs = useDialogs();
  const host = { kind: 'host' as const, sessionId: 'one', pid: 41, what: 'a host without a session' };
  const daemon = { kind: 'daemon' as const, sessionId: 'two', pid: 42, what: 'sleep 600' };

  it('is of a host whether it becomes a session again, first of all, or is ended', async () => {
    dialogs.answer(({ choices }) => choices[0]);
    assert.deepEqual(
      [await review({ leftovers: [host, daemon] }), dialogs.shown.map(({ text, choices }) => [text, ...choices])],
      [
        [{ sessionId: 'one', pid: 41, action: 'adopt' }],
        [
          ['Review Leftovers', '$(server-process) Host of one', '$(circuit-board) Process 42'],
          ['Review Leftovers', '$(debug-restart) Make It a Session Again', '$(debug-stop) End'],
          ['The session is in the list again.'],
        ],
      ],
    );
  });

  it('is of a process whether to end it; how many there are beside those in the list is said', async () => {
    dialogs.answer(({ choices }) => choices.at(-1));
    assert.deepEqual(
      [await review({ leftovers: [daemon], leftoversUntold: 3 }), dialogs.shown.map(({ text }) => text)],
      [
        [{ sessionId: 'two', pid: 42, action: 'end' }],
        ['Review Leftovers (1 of 4)', 'End process 42?', 'Process 42 has ended.'],
      ],
    );
  });

  async function review(report: Partial<HealthReport>): Promise<unknown[]> {
    const done: unknown[] = [];
    const supervision = { health: async () => report, dealWith: async (request: unknown) => done.push(request) };
    const context = { supervision, workspace: { get: () => undefined } };
    await reviewLeftovers(context as unknown as CommandContext, undefined);
    return done;
  }
});

function note(level: string, lines: string[]): (text: string) => void {
  return (text) => lines.push(`${level} ${text}`);
}
