import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import * as vscode from 'vscode';
import type { CleanedUpSession, HealthReport, SessionOutcome, SessionRecord } from '../../src/extension/api.ts';
import { commandIds, settingIds } from '../../src/extension/ids.ts';
import { readJson } from '../../src/node/durableFile.ts';
import { sessionPlaces, thisMachine } from '../../src/node/places.ts';
import { processTable } from '../../src/node/processIdentity.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import { isAlive, signal } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';
import { useHoldfast, workspaceFolder } from './support/holdfast.ts';

const unknown = '00000000-0000-4000-8000-000000000000';

/** Long enough that nothing is started again by itself meanwhile; seconds. */
const patient = { retryDelay: 600, maxRetryDelay: 600 };

describe('supervision through the API and the commands', () => {
  const api = useHoldfast();
  const sockets: string[] = [];
  // A host that was killed leaves its socket.
  afterEach(async () => {
    for (const socket of sockets.splice(0)) await rm(socket, { force: true });
  });

  it('starts a session at once that waits for its restart', async () => {
    const { id } = await crashed('retried');
    const byApi = await api().retryNow(id);
    await killHost(id);
    await untilStatus(id, 'recovering');
    const byCommand = await run<SessionRecord>(commandIds.retryNow, { id });
    assert.deepEqual(
      [byApi, byCommand].map(({ status, attempts }) => [status, attempts]),
      [
        ['active', 1],
        ['active', 2],
      ],
    );
  });

  it('leaves one as failed that is given up', async () => {
    const [one, other] = [await crashed('one'), await crashed('other')];
    const given = [await api().giveUp(one.id), await run<SessionRecord>(commandIds.giveUp, { id: other.id })];
    assert.deepEqual(
      given.map(({ status }) => status),
      ['failed', 'failed'],
    );
  });

  it('ends what a session has left behind, and nothing else', async () => {
    const daemon = "setsid sh -c 'exec sleep 604' & sleep 0.3";
    const { id } = await api().newSession({ name: 'leaving', command: ['sh', '-c', daemon], worktree: false });
    const left = async () => (await api().health()).leftovers.filter(({ sessionId }) => sessionId === id);
    const [leftover] = await waitFor(left, (found) => found.length > 0, { what: 'the leftover', timeout: 30_000 });
    const pid = leftover?.pid as number;
    await assert.rejects(api().dealWithLeftover({ sessionId: id, pid: process.pid, action: 'end' }), /left behind/);
    await run(commandIds.reviewLeftovers, { sessionId: id, pid, action: 'end' });
    // Where nobody reaps orphans a process that has ended is still listed, without a start time.
    assert.deepEqual([await processTable().startTime(pid), await left()], [undefined, []]);
    await api().destroySession(id);
  });

  it('explains a session in sentences', async () => {
    const { id } = await crashed('explained');
    const [first] = await api().explainSession(id);
    const [same] = await run<string[]>(commandIds.explainSession, { id });
    const expected = /^“explained” is recovering: its session host was killed \(seen at its session host, .*\)\.$/;
    assert.deepEqual(
      [first, same].map((sentence) => expected.test(sentence ?? '')),
      [true, true],
    );
  });

  it('tells how all sessions are, and when that changes', async () => {
    const reports: HealthReport[] = [];
    const subscription = api().onDidChangeHealth((report) => reports.push(report));
    const { id } = await crashed('watched');
    await waitFor(() => reports.some(({ sessions }) => sessions.some((one) => one.id === id && one.state === 'lost')));
    subscription.dispose();
    const { totalSessions, healthySessions, sessionsByStatus } = await api().health();
    assert.deepEqual([totalSessions, healthySessions, sessionsByStatus.recovering], [1, 0, 1]);
  });

  it('stops all sessions without asking', async () => {
    const recovering = await crashed('recovering');
    const running = await create('running');
    const outcomes = await run<SessionOutcome[]>(commandIds.stopAllSessions, {});
    assert.deepEqual(
      [outcomes.map(({ id, state }) => [id, state]), isAlive(running.ptyPid ?? 0), await api().stopAllSessions()],
      [
        [
          [recovering.id, 'done'],
          [running.id, 'done'],
        ],
        false,
        [],
      ],
    );
  });

  it('resumes nothing where nothing was lost', async () => {
    await create('running');
    const outcomes = [await api().resumeAllSessions(), await run(commandIds.resumeAllSessions, {})];
    assert.deepEqual(outcomes, [[], []]);
  });

  it('cleans up what ended so long ago, and first tells what it would do', async () => {
    const { id } = await create('old');
    await create('running');
    await api().stopSession(id);
    const planned = await run<CleanedUpSession[]>(commandIds.cleanUpSessions, { olderThanDays: 0, dryRun: true });
    const young = await api().cleanUpSessions({ olderThanDays: 1 });
    const done = await api().cleanUpSessions({ olderThanDays: 0 });
    assert.deepEqual(
      [planned, young, done].map((results) => results.map(({ record, state }) => [record.name, state])),
      [[['old', 'planned']], [], [['old', 'destroyed']]],
    );
  });

  it('changes the policy of one session', async () => {
    const { id } = await create('policy');
    const { policy } = await api().setPolicy(id, { maxAttempts: 7 });
    assert.deepEqual(policy, { retry: 'onCrash', maxAttempts: 7 });
  });

  it('takes back what one session has of its own', async () => {
    const { id } = await create('policy', { maxAttempts: 7, idleTimeout: 30 });
    const { policy } = await api().setPolicy(id, { maxAttempts: null });
    assert.deepEqual(policy, { retry: 'onCrash', idleTimeout: 30 });
  });

  it('lets a session go on, tells until when, and says where it has ended', async () => {
    const { id } = await create('kept', { idleTimeout: 10 });
    const { endsAt = '', endsBy } = await api().keepRunning(id);
    assert.deepEqual([endsBy, Math.round((Date.parse(endsAt) - Date.now()) / 60_000)], ['idleTimeout', 10]);
    await api().stopSession(id);
    await assert.rejects(api().keepRunning(id), { code: 'SESSION_NOT_RUNNING' });
  });

  it('refuses a policy that makes no sense, by the name of the field', async () => {
    const { id } = await create('policy');
    await assert.rejects(api().setPolicy(id, { maxAttempts: -1 }), {
      code: 'INVALID_ARGUMENT',
      message: /^policy\.maxAttempts: /,
    });
  });

  it('throws to a caller that names no session', async () => {
    const attempts = [
      () => api().retryNow(unknown),
      () => run(commandIds.giveUp, { id: unknown }),
      () => run(commandIds.explainSession, { id: unknown }),
      () => api().keepRunning(unknown),
    ];
    for (const attempt of attempts) await assert.rejects(attempt(), { code: 'SESSION_NOT_FOUND' });
  });

  it('follows a setting without a reload, and creates sessions by it', async () => {
    const settings = vscode.workspace.getConfiguration();
    await settings.update(settingIds.retryPolicy, 'never', vscode.ConfigurationTarget.Global);
    try {
      const { policy } = await create('never');
      assert.deepEqual(policy, { retry: 'never' });
    } finally {
      await settings.update(settingIds.retryPolicy, undefined, vscode.ConfigurationTarget.Global);
    }
  });

  function create(name: string, policy = {}): Promise<SessionRecord> {
    return api().newSession({ name, command: ['cat'], show: false, policy });
  }

  async function crashed(name: string): Promise<SessionRecord> {
    const { id } = await create(name, patient);
    await killHost(id);
    return untilStatus(id, 'recovering');
  }

  async function untilStatus(id: string, status: string): Promise<SessionRecord> {
    return (await waitFor(
      () => api().getSession(id),
      (record) => record?.status === status,
    )) as SessionRecord;
  }

  async function killHost(id: string): Promise<void> {
    const { key } = await findWorkplace(workspaceFolder());
    const { host, socket } = sessionPlaces(thisMachine(), key, id);
    const { pid } = (await readJson(host)) as { pid: number };
    signal(pid, 'SIGKILL');
    sockets.push(socket);
  }
});

async function run<T = unknown>(command: string, argument: object): Promise<T> {
  return vscode.commands.executeCommand<T>(command, argument);
}
