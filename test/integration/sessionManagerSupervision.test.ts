import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { defaultSettings } from '../../src/core/supervisionPolicy.ts';
import { sessionPlaces } from '../../src/node/places.ts';
import { readLastScreen } from '../../src/node/savedScreen.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { isAlive, signal } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';
import { hostPids, screenOf, useProject } from './support/project.ts';
import { machine } from './support/scene.ts';

/** Long enough that nothing is started again by itself meanwhile; seconds. */
const patient = { retryDelay: 600, maxRetryDelay: 600 };

describe('what a window does about its sessions’ health', () => {
  const project = useProject();
  let window: SessionManager;
  beforeEach(async () => {
    window = await project().open();
  });

  it('starts one that waits for its restart at once, below the screen it had', async () => {
    const record = await crashed('login', ['sh', '-c', 'echo hello from $$; cat']);
    const again = await window.supervision.retryNow(record.id);
    const screen = await screenOf(window, again, /hello from \d+[\s\S]*hello from \d+/);
    assert.deepEqual([again.status, again.attempts, screen.match(/hello from/g)?.length], ['active', 1, 2]);
  });

  it('leaves one as failed that is given up', async () => {
    const { id } = await crashed('login');
    const { status, evidence } = await window.supervision.giveUp(id);
    assert.deepEqual([status, evidence?.what], ['failed', 'you gave up; its session host was killed']);
  });

  it('ends a recovery by a stop, as by a cancel', async () => {
    const [one, other] = [await crashed('one'), await crashed('other')];
    const stopped = [await window.stop(one.id), await window.supervision.cancel(other.id)];
    assert.deepEqual(
      stopped.map(({ status, evidence }) => [status, evidence?.what]),
      [
        ['cancelled', 'you stopped it'],
        ['cancelled', 'you stopped it'],
      ],
    );
  });

  it('stops all sessions, those that recover included', async () => {
    const running = await create('running');
    await crashed('recovering');
    await window.stop((await create('stopped')).id);
    const results = await window.supervision.stopAll();
    assert.deepEqual(
      [results.map(({ name, state }) => `${name} ${state}`), isAlive(running.ptyPid as number), statuses()],
      [['running done', 'recovering done'], false, ['cancelled', 'cancelled', 'cancelled']],
    );
  });

  it('stops what was agreed to, and nothing that was started since', async () => {
    const agreed = [await create('agreed'), await create('stopped since')];
    await window.stop(agreed[1]?.id ?? '');
    await create('late');
    const results = await window.supervision.stopAll(agreed);
    assert.deepEqual([results.map(({ name }) => name), statuses()], [['agreed'], ['cancelled', 'cancelled', 'active']]);
  });

  it('resumes sessions that were lost by the form they have for that, and leaves the others', async () => {
    const sh = (text: string) => ['sh', '-c', `echo ${text}; cat`];
    const lost = await create('lost', sh('begins'), { resumeCommand: sh('goes on') });
    await create('runs');
    await window.stop(lost.id);
    await window.helper.update(window.require(lost.id), () => ({
      status: 'idle',
      exit: { code: null, signal: null, reason: 'lost' },
    }));
    const results = await window.supervision.resumeAll();
    await screenOf(window, lost, /begins[\s\S]*goes on/);
    assert.deepEqual(
      [results.map(({ name, state }) => `${name} ${state}`), statuses()],
      [['lost done'], ['active', 'active']],
    );
  });

  it('cleans up what is over and old, and keeps a worktree with work in it', async () => {
    const [clean, dirty] = [await create('clean'), await create('dirty')];
    await create('runs');
    await writeFile(path.join(dirty.worktreePath, 'work.txt'), 'work');
    for (const { id } of [clean, dirty]) {
      await window.stop(id);
      await window.helper.update(window.require(id), () => ({ endedAt: '2020-01-01T00:00:00.000Z' }));
    }
    const options = { olderThanDays: 30 };
    const planned = await window.supervision.cleanUp({ ...options, dryRun: true });
    const results = await window.supervision.cleanUp(options);
    assert.deepEqual(
      {
        planned: planned.map(({ record, state }) => `${record.name} ${state}`),
        done: results.map((result) => [result.record.name, result.state, 'kept' in result]),
        left: window.list().map(({ name }) => name),
      },
      {
        planned: ['clean planned', 'dirty planned'],
        done: [
          ['clean', 'destroyed', false],
          ['dirty', 'destroyed', true],
        ],
        left: ['runs'],
      },
    );
  });

  it('cleans up after one backup, which has all that goes', async () => {
    await createOver('one', 'two', 'three');
    await window.supervision.cleanUp({ olderThanDays: 0 });
    const backups = (await window.state.listBackups()).filter(({ reason }) => reason === 'destroy');
    assert.deepEqual([backups.map(({ count }) => count), window.list()], [[3], []]);
  });

  it('cleans up what was agreed to, and neither what has ended since nor what was started again', async () => {
    const [, touched] = await createOver('agreed', 'touched');
    const options = { olderThanDays: 0 };
    const planned = (await window.supervision.cleanUp({ ...options, dryRun: true })).map(({ record }) => record);
    await window.restart(touched?.id ?? '');
    await window.stop(touched?.id ?? '');
    await createOver('late');
    const results = await window.supervision.cleanUp(options, planned);
    assert.deepEqual(
      [
        results.map((result) => [result.record.name, result.state === 'failed' ? `${result.error}` : result.state]),
        window.list().map(({ name }) => name),
      ],
      [
        [
          ['agreed', 'destroyed'],
          ['touched', 'HoldfastError: “touched” was started again meanwhile. Nothing was changed.'],
        ],
        ['touched', 'late'],
      ],
    );
  });

  it('changes what of a policy is named, and keeps the rest', async () => {
    const { id } = await create('login', ['cat'], { policy: { maxAttempts: 2, neverRetry: [3] } });
    const { policy } = await window.supervision.setPolicy(id, { maxAttempts: 5 });
    assert.deepEqual(policy, { retry: 'onCrash', maxAttempts: 5, neverRetry: [3] });
  });

  it('creates nothing with a policy that makes no sense', async () => {
    const policy = { idleTimeout: -5 };
    await assert.rejects(window.create({ command: ['cat'], policy }), {
      code: 'INVALID_ARGUMENT',
      message: /^policy\.idleTimeout: /,
    });
    assert.deepEqual(window.list(), []);
  });

  it('is told how all are, and that one was killed, without asking again', async () => {
    const { id } = await create('login', ['cat'], { policy: patient });
    const before = await window.supervision.health();
    await killHost();
    const lost = () => window.supervision.healthOf(id);
    const after = await waitFor(lost, (health) => health?.state === 'lost');
    assert.deepEqual(
      [before.totalSessions, before.sessions.map(({ state }) => state), after?.evidence[0]?.what],
      [1, ['healthy'], 'its session host was killed'],
    );
  });

  /** @param command one that goes on until it is ended */
  async function create(name: string, command = ['cat'], options = {}): Promise<SessionRecord> {
    return (await window.create({ name, command, ...options })).record;
  }

  async function createOver(...names: string[]): Promise<SessionRecord[]> {
    const records: SessionRecord[] = [];
    for (const name of names) records.push(await window.stop((await create(name)).id));
    return records;
  }

  async function crashed(name: string, command = ['cat']): Promise<SessionRecord> {
    const others = new Set(await hostPids(window));
    const { id } = await create(name, command, { policy: patient });
    if (command.length > 1) await untilSaved(id, 'hello');
    await killHost(others);
    const recovering = await waitFor(
      () => window.get(id),
      (record) => record?.status === 'recovering',
    );
    return recovering as SessionRecord;
  }

  /** What its host has not saved yet is gone with it. */
  async function untilSaved(id: string, text: string): Promise<void> {
    const places = sessionPlaces(machine, window.options.workplace.key, id);
    const read = () => readLastScreen(places).catch(() => undefined);
    await waitFor(read, (last) => last?.screen.includes(text) ?? false, { what: `${text} in the checkpoint` });
  }

  async function killHost(but: ReadonlySet<number> = new Set()): Promise<void> {
    for (const pid of await hostPids(window)) if (!but.has(pid)) signal(pid, 'SIGKILL');
  }

  function statuses(): string[] {
    return window.list().map(({ status }) => status);
  }
});

describe('the settings of a window', () => {
  const project = useProject();

  it('decide about a new session’s restarts, and about all sessions once they are told', async () => {
    const supervision = { ...defaultSettings, policy: { retry: 'never' as const } };
    const window = await project().open({ settings: { supervision } });
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    for (const pid of await hostPids(window)) signal(pid, 'SIGKILL');
    const { status } = (await waitFor(
      () => window.get(record.id),
      (now) => now?.status !== 'active',
    )) as SessionRecord;
    assert.deepEqual([record.policy, status], [{ retry: 'never' }, 'failed']);
  });

  it('are told anew to the helper when they change', async () => {
    const supervision = { ...defaultSettings, policy: { maxAttempts: 3 } };
    const window = await project().open({ settings: { supervision } });
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    supervision.policy.maxAttempts = 0;
    await window.supervision.configure();
    for (const pid of await hostPids(window)) signal(pid, 'SIGKILL');
    const { status } = (await waitFor(
      () => window.get(record.id),
      (now) => now?.status !== 'active',
    )) as SessionRecord;
    assert.equal(status, 'failed');
  });
});
