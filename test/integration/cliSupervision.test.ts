import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { readJson } from '../../src/node/durableFile.ts';
import { sessionPlaces } from '../../src/node/places.ts';
import type { Leftover } from '../../src/protocol/health.ts';
import type { HostFile } from '../../src/protocol/hostMessages.ts';
import type { SessionPolicy, SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { isAlive, signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { cliCommand, runCli } from './support/cli.ts';
import { helperPid, hostPids, useProject, withEnvironment } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

/** Long enough that nothing is started again by itself meanwhile; seconds. */
const patient = { retryDelay: 600, maxRetryDelay: 600 };

describeOnUnix('holdfast, of sessions that crash and end,', () => {
  const project = useProject();
  let window: SessionManager;
  beforeEach(async () => {
    window = await project().open();
  });

  it('lists one as recovering whose host is killed, then as running', async () => {
    const { id } = await crashed('login', { retryDelay: 3, maxRetryDelay: 3 });
    const before = await runCli(project().folder, 'ls');
    await waitFor(
      () => window.get(id)?.status,
      (status) => status === 'active',
      { timeout: 20_000 },
    );
    const after = await runCli(project().folder, 'ls');
    assert.match(before.stdout, /^login +recovering, attempt 1 of 3 (in [123] s|now) /m);
    assert.match(after.stdout, /^login +running /m);
  });

  it('lists as JSON how each session is', async () => {
    await crashed('login');
    const [{ name, recovery, health }] = JSON.parse((await runCli(project().folder, 'ls', '--json')).stdout);
    assert.deepEqual([name, typeof recovery.retryAt, health.state], ['login', 'string', 'lost']);
    assert.equal(health.evidence[0].what, 'its session host was killed');
  });

  it('explains in words what happened, and what will', async () => {
    await crashed('login');
    const { stdout } = await runCli(project().folder, 'explain', 'login');
    assert.deepEqual(blurred(stdout), [
      '“login” is recovering: its session host was killed (seen at its session host, AGO).',
      'It is to be started again: attempt 1 of 3 in 10 min (TIME).',
      'Its policy: it is started again by itself after a crash, at most 3 times in a row, after pauses of 600 s.',
      'It has no limits.',
    ]);
  });

  it('explains as JSON', async () => {
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    const { stdout } = await runCli(project().folder, 'explain', 'login', '--json');
    const { session, health, explanation } = JSON.parse(stdout);
    assert.deepEqual([session.id, health.state, typeof explanation[0]], [record.id, 'healthy', 'string']);
  });

  it('tells a session’s policy, changes it, and takes what was changed back', async () => {
    const { id } = (await window.create({ name: 'login', command: ['cat'] })).record;
    const changed = await runCli(
      project().folder,
      'policy',
      'login',
      '--set',
      'idleTimeout=30',
      '--set',
      'retry=never',
    );
    const own = (await waitFor(
      () => window.get(id)?.policy,
      (policy) => policy?.idleTimeout === 30,
    )) as SessionPolicy;
    const back = await runCli(
      project().folder,
      'policy',
      'login',
      '--unset',
      'idleTimeout',
      '--unset',
      'retry',
      '--json',
    );
    assert.match(changed.stdout, /^FIELD +VALUE +FROM\nretry +never +its own\nmaxAttempts +3 +(default|setting)\n/);
    assert.match(changed.stdout, /^neverRetry +none +(default|setting)\n.*\nidleTimeout +30 min +its own$/ms);
    assert.deepEqual([own, JSON.parse(back.stdout).own], [{ retry: 'never', idleTimeout: 30 }, { retry: 'onCrash' }]);
  });

  it('retries at once', async () => {
    const { id } = await crashed('login');
    const { code, stdout } = await runCli(project().folder, 'retry', 'login');
    await waitFor(
      () => window.get(id)?.status,
      (status) => status === 'active',
    );
    const said = 'Started login again: it was started again by itself, attempt 1.\n';
    assert.deepEqual({ code, stdout }, { code: 0, stdout: said });
  });

  it('says so where there is nothing to retry or to give up', async () => {
    await window.create({ name: 'login', command: ['cat'] });
    const said = [await runCli(project().folder, 'retry', 'login'), await runCli(project().folder, 'give-up', 'login')];
    assert.deepEqual(
      said.map(({ code, stdout }) => [code, stdout]),
      Array(2).fill([0, 'login waits for no restart: it is running.\n']),
    );
  });

  it('gives up', async () => {
    await crashed('login');
    const { code, stdout } = await runCli(project().folder, 'give-up', 'login');
    const said = 'login is left as failed: you gave up; its session host was killed.\n';
    assert.deepEqual({ code, stdout }, { code: 0, stdout: said });
  });

  it('stops a recovery', async () => {
    const { id } = await crashed('login');
    const { code, stdout } = await runCli(project().folder, 'stop', 'login');
    await waitFor(
      () => window.get(id)?.status,
      (status) => status === 'cancelled',
    );
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'Stopped login.\n' });
  });

  it('stops all, those that recover included, and says what became of each', async () => {
    await crashed('one');
    const { record } = await window.create({ name: 'two', command: ['cat'] });
    const { code, stdout } = await runCli(project().folder, 'stop', '--all');
    assert.deepEqual([code, stdout, isAlive(record.ptyPid as number)], [0, 'Stopped one.\nStopped two.\n', false]);
  });

  it('restarts one that runs', async () => {
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    const { code, stdout } = await runCli(project().folder, 'restart', 'login', '--json');
    const { status, ptyPid } = JSON.parse(stdout) as SessionRecord;
    assert.deepEqual(
      [code, status, isAlive(record.ptyPid as number), isAlive(ptyPid as number)],
      [0, 'active', false, true],
    );
  });

  it('resumes all that were lost, and no others', async () => {
    await lose('one');
    await lose('two');
    await window.create({ name: 'runs', command: ['cat'] });
    const { code, stdout } = await runCli(project().folder, 'resume', '--all');
    assert.equal(code, 0);
    assert.match(stdout, /^Resumed one \(process \d+\)\.\nResumed two \(process \d+\)\.\n$/);
  });

  it('resumes the others where the folder of one is gone, and ends with 1', async () => {
    const gone = await lose('one');
    await lose('two');
    await project().git('worktree', 'remove', '-f', '-f', gone.worktreePath);
    const { code, stdout, stderr } = await runCli(project().folder, 'resume', '--all');
    assert.deepEqual([code, stdout.replace(/\d+/, 'N')], [1, 'Resumed two (process N).\n']);
    assert.match(stderr, /^one: The folder of “one” is gone/);
  });

  it('resumes one, and leaves one that runs', async () => {
    await lose('one');
    const first = await runCli(project().folder, 'resume', 'one');
    const second = await runCli(project().folder, 'resume', 'one');
    assert.deepEqual(
      [first.stdout.replace(/\d+/, 'N'), second.stdout],
      ['Resumed one (process N).\n', 'one runs already.\n'],
    );
  });

  it('cleans up what ended long ago, and keeps worktrees with work', async () => {
    const [, dirty] = [await old('clean'), await old('dirty')];
    await writeFile(path.join(dirty.worktreePath, 'work.txt'), 'work');
    const args = ['clean-up', '--older-than', '30'];
    const planned = await runCli(project().folder, ...args, '--dry-run');
    const done = await runCli(project().folder, ...args);
    assert.deepEqual(
      [planned.stdout.replace(/\d+d/g, 'Nd'), done.stdout, done.code],
      [
        'clean would be destroyed: stopped, you stopped it, Nd ago.\ndirty would be destroyed: stopped, you stopped it, Nd ago.\n',
        `Destroyed clean.\nDestroyed dirty. Its work was kept (1 untracked file): ${dirty.worktreePath}\n`,
        0,
      ],
    );
  });

  it('backs the list up before it cleans up', async () => {
    await old('clean');
    await runCli(project().folder, 'clean-up', '--older-than', '30');
    const { stdout } = await runCli(project().folder, 'backups', 'list', '--json');
    const reasons = JSON.parse(stdout).map(({ reason, count }: { reason: string; count: number }) => [reason, count]);
    assert.deepEqual(
      reasons.filter(([reason]: [string]) => reason === 'destroy'),
      [['destroy', 1]],
    );
  });

  it('tells what a session that it destroys has left behind', async () => {
    const daemon = "setsid sh -c 'exec sleep 605' & sleep 0.3";
    const { record } = await window.create({ name: 'leaving', command: ['sh', '-c', daemon], worktree: false });
    const left = async () => (await window.supervision.health()).leftovers.find((one) => one.sessionId === record.id);
    const { pid } = (await waitFor(left, (found) => found !== undefined, { what: 'the leftover' })) as Leftover;
    const { stdout } = await runCli(project().folder, 'clean-up', '--older-than', '0');
    await window.supervision.endLeftover({ sessionId: record.id, pid });
    assert.equal(stdout, `Destroyed leaving.\nWhat “leaving” left behind runs on: sleep 605 (process ${pid}).\n`);
  });

  it('says so where nothing ended so long ago', async () => {
    const { stdout } = await runCli(project().folder, 'clean-up', '--older-than', '1');
    assert.equal(stdout, 'No session ended more than 1 day ago.\n');
  });

  it('tells of all sessions’ health, of those that run or will', async () => {
    await crashed('login');
    const { record } = await window.create({ name: 'over', command: ['true'] });
    await window.create({ name: 'well', command: ['cat'] });
    await waitFor(
      () => window.get(record.id),
      (one) => one?.status === 'completed',
    );
    const { stdout } = await runCli(project().folder, 'status');
    assert.match(stdout, /^Health +1 of 2 healthy, 1 lost\n/m);
    assert.match(stdout, /^Lost +login: its session host was killed\n/m);
  });

  it('has the whole health report in the status as JSON', async () => {
    await window.create({ name: 'well', command: ['cat'] });
    const { stdout } = await runCli(project().folder, 'status', '--json');
    const report = JSON.parse(stdout);
    const { totalSessions, healthySessions, staleSessions, averageMemoryUsage, sessionsByStatus, health } = report;
    assert.deepEqual(
      [totalSessions, healthySessions, staleSessions, typeof averageMemoryUsage, sessionsByStatus.active],
      [1, 1, 0, 'number', 1],
    );
    assert.deepEqual([health.sessions[0].state, health.leftovers], ['healthy', []]);
    assert.deepEqual(
      Object.keys(health).filter((field) => field in report && field !== 'sessions'),
      [],
    );
  });

  it('lists what a session left behind with its session, and ends it', async function () {
    if (process.platform !== 'linux') this.skip();
    const { name, id } = (
      await window.create({ name: 'leaving', command: "setsid sh -c 'exec sleep 604' & sleep 0.5" })
    ).record;
    const left = async () => (await window.supervision.health()).leftovers.filter(({ sessionId }) => sessionId === id);
    const [{ pid } = { pid: 0 }] = await waitFor(left, (found) => found.length > 0, { timeout: 30_000 });
    const run = (...args: string[]) => runCli(project().folder, ...args);
    const told = [await run('status'), await run('leftovers', 'list'), await run('leftovers', 'adopt', String(pid))];
    const done = [await run('leftovers', 'end', String(pid)), await run('leftovers', 'end', String(pid))];
    assert.match(told[0]?.stdout ?? '', new RegExp(`^Left over +sleep 604 \\(process ${pid}\\), of ${name}$`, 'm'));
    assert.match(told[1]?.stdout ?? '', new RegExp(`^${pid} +process +${name} +sleep 604$`, 'm'));
    assert.deepEqual(
      [told[2], ...done].map((result) => [result?.code, `${result?.stdout}${result?.stderr}`.split('\n')[0]]),
      [
        [
          1,
          `holdfast: Process ${pid} (sleep 604) is no session host. Only a host can be made a session again. Nothing was changed. (INVALID_ARGUMENT)`,
        ],
        [0, `Ended process ${pid}, which leaving had left behind.`],
        [
          1,
          `holdfast: Process ${pid} is none that a session left behind. Nothing was changed. “holdfast leftovers list” tells what there is. (SESSION_NOT_FOUND)`,
        ],
      ],
    );
  });

  it('makes a session again of a host that has none', async () => {
    const { id, name } = (await window.create({ name: 'lost', command: ['cat'] })).record;
    const list = async () => JSON.parse((await runCli(project().folder, 'leftovers', 'list', '--json')).stdout);
    assert.deepEqual(await list(), { leftovers: [], untold: 0 });
    const pid = await forgotten(id, name);
    const { leftovers } = await list();
    const { code, stdout } = await runCli(project().folder, 'leftovers', 'adopt', String(pid));
    await runCli(project().folder, 'stop', name);
    assert.deepEqual([leftovers[0]?.pid, code, stdout], [pid, 0, `${name} is in the list again.\n`]);
  });

  it('tells what the processes of one session use', async () => {
    const { record } = await window.create({ name: 'well', command: ['cat'] });
    await waitFor(async () => (await window.supervision.health()).sessions.find(({ id }) => id === record.id)?.use);
    const { stdout } = await runCli(project().folder, 'status', 'well');
    assert.match(
      stdout,
      /^Health +healthy\nMemory +[\d.]+ MB\nCPU +\d+ % of a core, \d+ s since its start\nProcesses +1/m,
    );
  });

  it('is told by a session that it waits for the user, and that it works again', async () => {
    const wait = 'until [ -e answer ]; do sleep 0.05; done';
    const script = `${cliCommand} report waiting -m 'May I run it?'; ${wait}; ${cliCommand} report working; exec cat`;
    const { record } = await window.create({ name: 'asking', command: ['/bin/sh', '-c', script] });
    const untilStatus = (wanted: SessionRecord['status']) =>
      waitFor(
        () => window.get(record.id),
        (one) => one?.status === wanted,
        { what: wanted, timeout: 20_000 },
      );
    const waiting = await untilStatus('waiting');
    const { stdout } = await runCli(project().folder, 'explain', 'asking');
    await writeFile(path.join(record.worktreePath, 'answer'), 'yes');
    const working = await untilStatus('active');
    assert.deepEqual(
      [waiting?.evidence?.what, blurred(stdout)[0], working?.evidence?.what],
      [
        'it asks: May I run it?',
        '“asking” is waiting for you: it asks: May I run it? (told by report, AGO).',
        'it works',
      ],
    );
  });

  it('refuses a report that makes no sense, or of a session that does not run', async () => {
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    await window.stop(record.id);
    const said = [
      await runCli(project().folder, 'report', 'sleeping', 'login'),
      await runCli(project().folder, 'report', 'done'),
      await runCli(project().folder, 'report', 'done', 'login'),
      await runCli(project().folder, 'report', 'done', 'nobody'),
    ];
    assert.deepEqual(
      said.map(({ code, stderr }) => `${code}: ${/^holdfast: (.*?\.) /.exec(stderr)?.[1]}`),
      [
        '2: “sleeping” is none of working, waiting, done.',
        '2: Which session? This shell is in none, so its name is needed.',
        '1: “login” does not run, so that nothing was noted.',
        '1: There is no session “nobody”.',
      ],
    );
  });

  it('lists archived sessions only where they are asked for', async () => {
    const { id } = await old('done');
    await window.helper.update(window.require(id), () => ({ archivedAt: '2026-01-01T00:00:00.000Z' }));
    const short = await runCli(project().folder, 'ls');
    const full = await runCli(project().folder, 'ls', '--all');
    assert.equal(short.stdout, '1 session archived; “holdfast ls --all” lists them, too.\n');
    assert.match(full.stdout, /^done +stopped, archived /m);
    const json = [
      await runCli(project().folder, 'ls', '--json'),
      await runCli(project().folder, 'ls', '--all', '--json'),
    ];
    assert.deepEqual(
      json.map(({ stdout }) => JSON.parse(stdout).map(({ name }: SessionRecord) => name)),
      [[], ['done']],
    );
  });

  async function crashed(name: string, policy: Partial<SessionPolicy> = patient): Promise<SessionRecord> {
    const others = new Set(await hostPids(window));
    const { id } = (await window.create({ name, command: ['cat'], policy })).record;
    for (const pid of await hostPids(window)) if (!others.has(pid)) signal(pid, 'SIGKILL');
    const recovering = await waitFor(
      () => window.get(id),
      (record) => record?.status === 'recovering',
    );
    return recovering as SessionRecord;
  }

  /** Whatever could have brought the record of a host back is gone, but for the host itself; returns its pid. */
  async function forgotten(id: string, name: string): Promise<number> {
    const { storage, workplace } = window.options;
    const { checkpoint, record, host } = sessionPlaces(machine, workplace.key, id);
    await waitFor(
      () => readFile(checkpoint, 'utf8').catch(() => ''),
      (text) => text.includes(name),
      { what: 'a checkpoint with the record' },
    );
    const helper = await helperPid(window);
    window.dispose();
    signal(helper, 'SIGKILL');
    await processEnd(helper);
    await rm(storage, { recursive: true });
    for (const file of [record, record.replace('.json', '.previous.json')]) await rm(file, { force: true });
    return ((await readJson(host)) as HostFile).pid;
  }

  /** A session as it is after the machine was started anew. */
  async function lose(name: string): Promise<SessionRecord> {
    const { record } = await window.create({ name, command: ['cat'] });
    await window.stop(record.id);
    const exit = { code: null, signal: null, reason: 'lost' as const };
    return window.helper.update(window.require(record.id), () => ({ status: 'idle', exit }));
  }

  async function old(name: string): Promise<SessionRecord> {
    const { record } = await window.create({ name, command: ['cat'] });
    await window.stop(record.id);
    return window.helper.update(window.require(record.id), () => ({ endedAt: '2020-01-01T00:00:00.000Z' }));
  }
});

describeOnUnix('holdfast, of a session that is to end for doing nothing,', () => {
  const project = useProject();

  it('lets it go on, and says so where it has ended', async () => {
    // The helper looks every 5 s elsewhere.
    const window = await withEnvironment({ HOLDFAST_LOOK_MS: '200' }, () => project().open());
    const policy = { retry: 'never' as const, idleTimeout: 16 / 60 };
    const { id } = await withEnvironment(
      { HOLDFAST_LOOK_MS: '200' },
      async () => (await window.create({ name: 'quiet', command: ['sleep', '600'], policy })).record,
    );
    const health = async () => (await window.supervision.health()).sessions.find((one) => one.id === id);
    const first = await waitFor(health, (one) => one?.endsAt !== undefined, { timeout: 30_000 });
    const kept = await runCli(project().folder, 'keep-running', 'quiet');
    // The command takes longer to start than two looks differ about the same moment.
    const before = first?.endsAt ?? '';
    const after = await waitFor(health, (one) => one?.endsAt === undefined || one.endsAt > later(before, 200));
    await window.stop(id);
    const late = await runCli(project().folder, 'keep-running', 'quiet');
    assert.deepEqual(
      [kept.code, kept.stdout.replace(/\d+/, 'N'), after?.status, late.code, late.stderr],
      [
        0,
        '“quiet” runs on, and is ended in N s if it does nothing.\n',
        'active',
        1,
        'holdfast: “quiet” does not run: it was stopped. (SESSION_NOT_RUNNING)\n',
      ],
    );
  }).timeout(60_000);
});

function later(time: string, milliseconds: number): string {
  return new Date(Date.parse(time) + milliseconds).toISOString();
}

function blurred(text: string): string[] {
  const lines = text.replace(/just now|\d+ s ago/g, 'AGO').replace(/\d\d:\d\d:\d\d/g, 'TIME');
  return lines.trimEnd().split('\n');
}
