import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { mock } from 'node:test';
import { Deferred, KeyedSequencer } from '../../../src/base/async.ts';
import { HoldfastError } from '../../../src/base/errors.ts';
import { Emitter } from '../../../src/base/event.ts';
import { CircuitBreaker } from '../../../src/core/circuitBreaker.ts';
import { defaultSettings } from '../../../src/core/supervisionPolicy.ts';
import { DiskQuestions } from '../../../src/helper/diskQuestions.ts';
import { Registry } from '../../../src/helper/registry.ts';
import { SessionFiles } from '../../../src/helper/sessionFiles.ts';
import { SessionProgress } from '../../../src/helper/sessionProgress.ts';
import { SessionRecovery } from '../../../src/helper/sessionRecovery.ts';
import { StartFolders } from '../../../src/helper/startFolders.ts';
import { silentLog } from '../../../src/node/log.ts';
import { thisMachine } from '../../../src/node/places.ts';
import type { LaunchSpec } from '../../../src/protocol/hostMessages.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { aRecord } from '../records.ts';

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

const held =
  'No session is started by itself for now: the disk is full. That is tried again from time to time; nothing was lost.';

const diskFull = () => new HoldfastError('DISK_FULL', 'The disk is full: /state/launch.json.');
const noFile = () => new HoldfastError('HOST_START_FAILED', 'There is no such program.');

describe('the recovery of sessions', () => {
  const dirs = useTempDirs();
  let folder: string;
  let registry: Registry;
  let progress: SessionProgress;
  let breaker: CircuitBreaker;
  let recovery: SessionRecovery;
  /** Names of the sessions that a start was tried of. */
  let starts: string[];
  let launches: LaunchSpec[];
  let notices: string[];
  /** Why nothing can be started; undefined where it can. */
  let obstacle: (() => Error) | undefined;
  /** A start finds that the session runs. */
  let runsAlready: boolean;
  let onStart: Emitter<string>;
  let whileStarting: () => Promise<unknown>;
  let saveError: Error | undefined;
  let nextPid: number;
  let monotonic: number;
  let sessionFolder: string;
  /** Whether there is a folder; undefined for a real look. */
  let look: ((folder: string) => Promise<boolean>) | undefined;
  /** Also those that a test does not wait for. */
  let attempts: Promise<unknown>[];

  before(async () => {
    folder = await dirs.make();
  });

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.parse('2026-03-07T10:00:00Z') });
    starts = [];
    launches = [];
    notices = [];
    obstacle = undefined;
    runsAlready = false;
    onStart = new Emitter();
    whileStarting = async () => undefined;
    saveError = undefined;
    nextPid = 100;
    monotonic = 5 * minute;
    sessionFolder = folder;
    look = undefined;
    attempts = [];
  });

  afterEach(async () => {
    recovery.dispose();
    // A deadline that is cleared only once its clock was replaced would take another timer with it.
    await Promise.allSettled(attempts);
    mock.timers.reset();
  });

  const open = (...records: SessionRecord[]) => {
    const save = async () => {
      if (saveError) throw saveError;
    };
    registry = new Registry({ records, save });
    progress = new SessionProgress({ registry, settings: () => defaultSettings, random: () => 0 });
    breaker = new CircuitBreaker();
    recovery = newRecovery();
  };

  const newRecovery = () => {
    const turns = new KeyedSequencer<string>();
    const links = {
      inTurn: <T>(id: string, task: () => Promise<T>) => {
        const attempt = turns.queue(id, task);
        attempts.push(attempt);
        return attempt;
      },
      launchOf: (sessionId: string) => aLaunch(sessionId),
    };
    const startInTurn = async (launch: LaunchSpec) => {
      starts.push(registry.require(launch.sessionId).name);
      launches.push(launch);
      await whileStarting();
      if (obstacle) throw obstacle();
      if (runsAlready) return registry.require(launch.sessionId);
      const record = await progress.started(launch.sessionId, nextPid++);
      onStart.fire(record.id);
      return record;
    };
    const made = new SessionRecovery({
      registry,
      supervisor: { startInTurn, onStart: onStart.event, links },
      files: new SessionFiles(thisMachine({ HOLDFAST_STATE_DIR: folder }), '0123456789abcdef', silentLog),
      folders: new StartFolders(new DiskQuestions(silentLog), look),
      progress,
      breaker,
      settings: () => defaultSettings,
      log: silentLog,
      monotonic: () => monotonic,
    });
    made.onNotice((notice) => notices.push(notice));
    return made;
  };

  const aLaunch = (sessionId: string): LaunchSpec => {
    return { sessionId, file: 'cat', args: [], cwd: '/where/it/was', env: {}, cols: 80, rows: 24, scrollback: 100 };
  };

  const crashed = (name: string): SessionRecord =>
    aRecord({ id: randomUUID(), name, branch: '', worktreePath: sessionFolder, status: 'active', ptyPid: 7 });
  const crash = ({ id }: SessionRecord) => progress.lost(id, { kind: 'hostLost' });
  const seen = ({ id }: SessionRecord) => registry.require(id);
  const pass = (time: number) => {
    monotonic += time;
    mock.timers.tick(time);
  };
  const setClock = (shift: number) => mock.timers.setTime(Date.now() + shift);
  /** As many changes as are under way end, which no clock has a part in. */
  const until = async (condition: () => boolean) => {
    for (let turn = 0; turn < 20_000 && !condition(); turn++) await new Promise(setImmediate);
    assert.ok(condition(), `It did not come to this; last: ${JSON.stringify(registry.list().records)}`);
  };
  const triedTimes = (count: number) => until(() => starts.length === count);
  /** Whatever is under way has come to rest. */
  const rest = async () => {
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  };

  it('starts one when its pause is over, and not before', async () => {
    const login = crashed('login');
    open(login);
    await crash(login);
    pass(second - 1);
    const early = [...starts];
    pass(1);
    await until(() => seen(login).status === 'active');
    assert.deepEqual([early, starts, seen(login).attempts, seen(login).ptyPid], [[], ['login'], 1, 100]);
  });

  it('says in the new process’s terminal why it was started', async () => {
    const login = crashed('login');
    open(login);
    await crash(login);
    pass(second);
    await triedTimes(1);
    assert.match(launches[0]?.notice ?? '', /^Its session host was killed at \d\d:\d\d:\d\d; this is attempt 1 of 3$/);
  });

  it('takes an attempt for each start that fails for the session’s own reason, until none is left', async () => {
    const login = crashed('login');
    open(login);
    obstacle = noFile;
    await crash(login);
    for (let attempt = 1; attempt <= 3; attempt++) {
      pass(second);
      await until(() => starts.length === attempt && (attempt === 3 || seen(login).attempts === attempt + 1));
    }
    await until(() => seen(login).status === 'failed');
    pass(day);
    const what = 'it could not be started again: There is no such program; no attempt is left of 3';
    assert.deepEqual([starts.length, seen(login).evidence?.what, notices], [3, what, []]);
  });

  it('takes none where the machine can start nothing, stops trying, and says so once', async () => {
    const sessions = ['login', 'search', 'checkout', 'payment'].map(crashed);
    await allFail(sessions);
    pass(29 * second);
    await rest();
    const what = 'it cannot be started again: the disk is full';
    assert.deepEqual(
      [starts.length, sessions.map((one) => `${seen(one).attempts}: ${seen(one).evidence?.what}`), notices],
      [4, Array(4).fill(`1: ${what}`), [held]],
    );
  });

  it('lets one start through to see, and waits for longer each time that it fails', async () => {
    await allFail(['login', 'search', 'checkout', 'payment'].map(crashed));
    const counts: number[] = [];
    for (const pause of [30, 60, 120, 240, 300, 300]) {
      pass(pause * second - 1);
      await rest();
      const before = starts.length;
      pass(1);
      await triedTimes(before + 1);
      await rest();
      counts.push(starts.length);
    }
    assert.deepEqual([counts, notices], [[5, 6, 7, 8, 9, 10], [held]]);
  });

  it('starts all that were held soon after one start has succeeded, and says so once', async () => {
    const sessions = ['login', 'search', 'checkout', 'payment'].map(crashed);
    await allFail(sessions);
    obstacle = undefined;
    pass(30 * second);
    await triedTimes(5);
    await until(() => notices.length === 2);
    pass(second);
    await until(() => sessions.every((one) => seen(one).status === 'active'));
    assert.deepEqual(
      [starts.length, sessions.map((one) => seen(one).attempts), notices],
      [8, [1, 1, 1, 1], [held, 'Sessions are started again by themselves.']],
    );
  });

  it('starts all that were held once the user could start another session', async () => {
    const sessions = ['login', 'search', 'checkout'].map(crashed);
    await allFail(sessions);
    obstacle = undefined;
    onStart.fire('another');
    pass(second);
    await until(() => sessions.every((one) => seen(one).status === 'active'));
    assert.deepEqual(notices, [held, 'Sessions are started again by themselves.']);
  });

  it('starts none that were held where a start has only found that its session runs', async () => {
    const sessions = ['login', 'search', 'checkout'].map(crashed);
    await allFail(sessions);
    obstacle = undefined;
    runsAlready = true;
    await recovery.retryNow((sessions[0] as SessionRecord).id).catch(() => undefined);
    assert.deepEqual([breaker.state.kind, notices], ['open', [held]]);
  });

  it('makes the attempt that the user wants at once, also while starts are held', async () => {
    const sessions = ['login', 'search', 'checkout'].map(crashed);
    const [login, search, checkout] = sessions as [SessionRecord, SessionRecord, SessionRecord];
    await allFail(sessions);
    await assert.rejects(recovery.retryNow(login.id), { code: 'HOST_START_FAILED' });
    obstacle = undefined;
    const started = await recovery.retryNow(search.id);
    pass(second);
    await until(() => seen(checkout).status === 'active');
    assert.deepEqual([seen(login).attempts, started.status, notices.length], [1, 'active', 2]);
  });

  it('tries again also where not even the failure can be written down', async () => {
    const login = crashed('login');
    open(login);
    await crash(login);
    obstacle = diskFull;
    saveError = diskFull();
    pass(second);
    await triedTimes(1);
    await rest();
    pass(10 * second);
    await triedTimes(2);
    await rest();
    obstacle = saveError = undefined;
    pass(10 * second);
    await until(() => seen(login).status === 'active');
    assert.equal(starts.length, 3);
  });

  it('starts soon after another one also those of which not even the failure could be written down', async () => {
    const sessions = ['login', 'search', 'checkout'].map(crashed);
    open(...sessions);
    for (const session of sessions) await crash(session);
    obstacle = diskFull;
    saveError = diskFull();
    pass(second);
    await triedTimes(3);
    await rest();
    obstacle = saveError = undefined;
    await recovery.retryNow(sessions[0]?.id as string);
    pass(second);
    await until(() => sessions.every((one) => seen(one).status === 'active'));
    assert.deepEqual(notices, [held, 'Sessions are started again by themselves.']);
  });

  it('does not wait for longer than was decided when the clock is put back a day', async () => {
    const login = crashed('login');
    open(login);
    await crash(login);
    recovery.dispose();
    setClock(-day);
    recovery = newRecovery();
    recovery.resume();
    pass(second);
    await until(() => seen(login).status === 'active');
  });

  it('waits no longer, nor less, for a change of its record meanwhile', async () => {
    const login = crashed('login');
    open(login);
    await crash(login);
    pass(second / 2);
    await registry.apply(login.id, () => ({ name: 'renamed' }));
    pass(second / 2 - 1);
    await rest();
    const early = [...starts];
    pass(1);
    await until(() => seen(login).status === 'active');
    assert.deepEqual([early, starts], [[], ['renamed']]);
  });

  it('makes no second attempt before its time where its record changes during the first', async () => {
    const login = crashed('login');
    open(login);
    obstacle = noFile;
    whileStarting = async () => {
      await registry.apply(login.id, () => ({ name: 'renamed' }));
      pass(0);
    };
    await crash(login);
    pass(second);
    await until(() => seen(login).attempts === 2);
    await rest();
    assert.deepEqual([starts, seen(login).attempts], [['login'], 2]);
  });

  it('makes one attempt where the user asks for it twice, and tells both what came of it', async () => {
    const login = crashed('login');
    open(login);
    obstacle = noFile;
    await crash(login);
    pass(second / 2);
    const answers = await Promise.allSettled([recovery.retryNow(login.id), recovery.retryNow(login.id)]);
    const told = answers.map((answer) => answer.status === 'rejected' && answer.reason.message);
    const what = '“login” was not started: it could not be started again: There is no such program.';
    assert.deepEqual([starts, told], [['login'], [what, what]]);
  });

  it('takes up what an earlier helper has left to be done', async () => {
    const retryAt = new Date(Date.now() - minute).toISOString();
    const due = {
      ...crashed('login'),
      status: 'recovering' as const,
      attempts: 2,
      recovery: { starts: [], quickExits: 0, retryAt },
    };
    open(due);
    recovery.resume();
    pass(0);
    await until(() => seen(due).status === 'active');
    assert.equal(seen(due).attempts, 2);
  });

  const ends: [what: string, end: (record: SessionRecord) => Promise<unknown>][] = [
    ['is given up', ({ id }) => recovery.giveUp(id)],
    ['is stopped', ({ id }) => progress.lost(id, { kind: 'stopped' })],
    ['is destroyed', ({ id }) => registry.remove(id, registry.require(id).revision)],
    ['is left to the next helper', async () => recovery.dispose()],
  ];
  for (const [what, end] of ends) {
    it(`starts none that ${what} while it waits`, async () => {
      const login = crashed('login');
      open(login);
      await crash(login);
      await end(login);
      pass(day);
      await rest();
      assert.deepEqual(starts, []);
    });
  }

  for (const [what, end] of ends) {
    it(`leaves no timer behind of one that ${what}`, async () => {
      mock.timers.reset();
      const login = crashed('login');
      open(login);
      // Mocha sets its own once the test has begun to wait.
      await rest();
      const counts = [timers()];
      await crash(login);
      counts.push(timers());
      await end(login);
      counts.push(timers());
      assert.deepEqual(
        counts.map((count) => count - (counts[0] ?? 0)),
        [0, 1, 0],
      );
    });
  }

  it('leaves nothing behind that would start one later, whatever it waited for', async () => {
    await allFail(['login', 'search', 'checkout', 'payment'].map(crashed));
    recovery.dispose();
    pass(day);
    await rest();
    assert.equal(starts.length, 4);
  });

  it('starts one where its record says that it is, wherever it was started before', async () => {
    const login = { ...crashed('login'), cwd: 'web' };
    await mkdir(path.join(folder, 'web'));
    open(login);
    await crash(login);
    pass(second);
    await until(() => starts.length === 1);
    assert.equal(launches[0]?.cwd, path.join(folder, 'web'));
  });

  it('does not start one in a folder that is gone, and says so', async () => {
    sessionFolder = '/no/such/folder';
    const login = crashed('login');
    open(login);
    await crash(login);
    pass(second);
    await until(() => seen(login).attempts === 2);
    assert.deepEqual(
      [starts, seen(login).evidence?.what],
      [[], 'it could not be started again: its folder /no/such/folder is gone'],
    );
  });

  it('does not take a folder that cannot be looked at for gone', async () => {
    sessionFolder = path.join(folder, 'loop');
    await symlink(sessionFolder, sessionFolder);
    const login = crashed('login');
    open(login);
    await crash(login);
    pass(second);
    await until(() => seen(login).attempts === 2);
    assert.match(seen(login).evidence?.what ?? '', /its folder \S+loop cannot be looked at: ELOOP/);
  });

  it('takes no attempt, and holds up no other session, where the disk of its folder does not answer', async () => {
    const [login, search] = [crashed('login'), crashed('search')];
    const disk = new Deferred<boolean>();
    look = () => disk.promise;
    open(login, search);
    await crash(login);
    for (let attempt = 0; attempt < 5; attempt++) {
      pass(30 * second);
      await rest();
    }
    const { status, attempts, evidence } = seen(login);
    const what = `it cannot be started again: the disk of its folder ${folder} does not answer`;
    const state = breaker.state.kind;
    disk.resolve(true);
    await rest();
    await crash(search);
    pass(30 * second);
    await until(() => [login, search].every((one) => seen(one).status === 'active'));
    assert.deepEqual([status, attempts, evidence?.what, state, notices], ['recovering', 1, what, 'closed', []]);
  });

  /** All crash, and are tried once while the disk is full. */
  async function allFail(sessions: SessionRecord[]): Promise<void> {
    open(...sessions);
    obstacle = diskFull;
    for (const session of sessions) await crash(session);
    pass(second);
    await until(() => sessions.every((one) => seen(one).recovery?.heldFor !== undefined));
  }
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}
