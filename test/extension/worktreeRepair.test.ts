import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { Emitter } from '../../src/base/event.ts';
import type { WorktreeSituation } from '../../src/core/worktreeSituation.ts';
import type { HealthReport, SessionRecord, WorktreeInspection } from '../../src/extension/api.ts';
import { commandIds } from '../../src/extension/ids.ts';
import { WorktreeNotices, type WorktreeNoticesOptions } from '../../src/extension/worktreeNotices.ts';
import { git } from '../support/repository.ts';
import { waitFor } from '../support/waitFor.ts';
import { aRecord } from '../unit/records.ts';
import { useDialogs } from './support/dialogs.ts';
import { useHoldfast, workspaceFolder } from './support/holdfast.ts';

describe('a worktree that was changed behind the back of its session', () => {
  const api = useHoldfast();
  const dialogs = useDialogs();
  let record: SessionRecord;
  let number = 0;
  beforeEach(async () => {
    const created = await api().newSession({ name: `repair-${++number}`, command: ['cat'], show: false });
    record = await api().stopSession(created.id);
  });

  const choose = (wanted: string) => dialogs.answer(({ choices }) => choices.find((choice) => choice === wanted));
  const run = (argument: unknown = record.id) => vscode.commands.executeCommand(commandIds.repairWorktree, argument);

  it('is told of with what can be done, and the session goes on with its branch', async () => {
    await git(record.worktreePath, 'switch', '--quiet', '--create', 'better');
    choose('Go On with better');
    await run();
    const { text, choices } = dialogs.shown[0] ?? {};
    assert.deepEqual(
      [text, choices, api().getSession(record.id)?.branch],
      [
        `The worktree of “${record.name}” has the branch better checked out instead of ${record.branch}.`,
        ['Go On with better', `Switch Back to ${record.branch}`],
        'better',
      ],
    );
  });

  it('leads from a restart that fails to its repair', async () => {
    await rm(record.worktreePath, { recursive: true });
    dialogs.answer(({ choices }) => choices.find((choice) => ['Repair Worktree…', 'Make It Again'].includes(choice)));
    await vscode.commands.executeCommand(commandIds.restartSession, record.id);
    const inspection = await api().inspectWorktree(record.id);
    assert.deepEqual(
      [dialogs.shown.map(({ choices }) => choices), inspection.situation],
      [[['Repair Worktree…'], ['Make It Again', 'Locate…', 'Destroy Session…'], ['OK']], { kind: 'sound' }],
    );
  });

  it('is inspected and repaired by other extensions without a question', async () => {
    const to = join(workspaceFolder(), '.worktrees', 'moved');
    await git(workspaceFolder(), 'worktree', 'move', '-f', '-f', record.worktreePath, to);
    const seen = (await run({ id: record.id })) as WorktreeInspection;
    const repaired = await api().repairWorktree({ id: record.id, repair: 'use' });
    const refused = await api()
      .repairWorktree({ id: record.id, repair: 'recreate' })
      .catch((error) => error.code);
    assert.deepEqual(
      [seen.situation, seen.repairs, repaired.worktreePath, refused, dialogs.shown],
      [{ kind: 'moved', to }, ['use'], to, 'INVALID_ARGUMENT', []],
    );
  });

  it('says so where nothing is wrong', async () => {
    await run();
    await waitFor(() => dialogs.shown.length > 0);
    assert.deepEqual(
      dialogs.shown.map(({ kind, choices }) => [kind, choices]),
      [['showInformationMessage', []]],
    );
  });
});

describe('the notice of what is wrong with a worktree', () => {
  const dialogs = useDialogs();
  const kept = new Map<string, unknown>();
  let situation: WorktreeSituation;
  let onHealth: Emitter<HealthReport>;
  let speaks: boolean;
  let notices: WorktreeNotices;
  beforeEach(() => {
    kept.clear();
    situation = { kind: 'otherBranch', branch: 'better', isOldBranchThere: true };
    onHealth = new Emitter();
    speaks = true;
    notices = open();
  });
  afterEach(() => notices.dispose());

  const record = aRecord();
  const open = () => {
    const manager = {
      supervision: { onHealth: onHealth.event },
      helper: {
        get speaks() {
          return speaks;
        },
      },
      inspectWorktree: async () => situation,
      require: () => record,
    };
    const memento = {
      get: (key: string, otherwise: unknown) => kept.get(key) ?? otherwise,
      update: async (key: string, value: unknown) => kept.set(key, value),
    };
    const options = { manager, workspace: { manager: async () => manager }, memento, log: undefined };
    return new WorktreeNotices(options as unknown as WorktreeNoticesOptions);
  };
  const seen = async (what?: string) => {
    const evidence = what === undefined ? [] : [{ what, by: 'integrity', at: '2026-03-07T10:00:00.000Z' }];
    const health = { id: record.id, evidence, ...(what === undefined ? {} : { worktree: 'otherBranch' }) };
    onHealth.fire({ sessions: [health] } as unknown as HealthReport);
    await new Promise(setImmediate);
    return dialogs.shown.length;
  };
  const other = (name: string) => `its worktree has the branch ${name} checked out instead of feature/login`;

  it('comes once for each thing that is wrong, also over a reload, and again where it was right meanwhile', async () => {
    const counts = [await seen(other('better')), await seen(other('better'))];
    notices.dispose();
    notices = open();
    counts.push(await seen(other('better')), await seen(other('best')), await seen(), await seen(other('best')));
    assert.deepEqual(counts, [1, 1, 1, 2, 2, 3]);
  });

  it('does not come for a commit that is only looked at, in a window that is not used, or where it is right again', async () => {
    const counts = [await seen('its worktree has no branch, but a commit, checked out instead of feature/login')];
    speaks = false;
    counts.push(await seen(other('better')));
    speaks = true;
    situation = { kind: 'sound' };
    counts.push(await seen(other('better')));
    assert.deepEqual(counts, [0, 0, 0]);
  });
});
