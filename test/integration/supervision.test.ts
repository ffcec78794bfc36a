import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { HelperClient } from '../../src/client/helperClient.ts';
import { defaultSettings } from '../../src/core/supervisionPolicy.ts';
import { previousVersion } from '../../src/node/durableFile.ts';
import type { HealthReport, Leftover, SessionHealth } from '../../src/protocol/health.ts';
import type { SessionPolicy, SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { projectNode } from '../support/paths.ts';
import { isAlive, signal } from '../support/processes.ts';
import { tempDirs } from '../support/tempDirs.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { isRunningProcess, processEnd, readHostFile, type TestSession, useScene } from './support/scene.ts';

/** Milliseconds between the helper's looks, which are 5 s apart elsewhere. */
const lookInterval = '200';

const minutes = (seconds: number) => seconds / 60;

describeOnUnix('a helper that looks after sessions', () => {
  const scene = useScene();
  const dirs = tempDirs();
  let client: HelperClient;
  let traces: string;
  const lookBefore = process.env.HOLDFAST_LOOK_MS;

  before(async () => {
    process.env.HOLDFAST_LOOK_MS = lookInterval;
    client = await scene().client();
    traces = await dirs.make('traces');
  });

  after(async () => {
    if (lookBefore === undefined) delete process.env.HOLDFAST_LOOK_MS;
    else process.env.HOLDFAST_LOOK_MS = lookBefore;
    await dirs.remove();
  });

  const never: SessionPolicy = { retry: 'never' };
  const start = (script: string, policy: SessionPolicy = never) =>
    scene().start(client, ['/bin/sh', '-c', script], { policy });
  const recordOf = async ({ id }: TestSession): Promise<SessionRecord> => {
    const record = (await client.list()).records.find((one) => one.id === id);
    assert.ok(record);
    return record;
  };
  const healthOf = async ({ id }: TestSession, report?: HealthReport): Promise<SessionHealth> => {
    const health = (report ?? (await client.health())).sessions.find((session) => session.id === id);
    assert.ok(health);
    return health;
  };
  const ended = (session: TestSession) =>
    waitFor(
      () => recordOf(session),
      ({ exit }) => exit !== undefined,
      { what: 'the end of the session' },
    );
  const until = (session: TestSession, isWanted: (health: SessionHealth) => boolean, what: string) =>
    waitFor(() => healthOf(session), isWanted, { what, timeout: 30_000 });
  const leftoversOf = ({ id }: TestSession, isWanted: (found: Leftover[]) => boolean) =>
    waitFor(async () => (await client.health()).leftovers.filter(({ sessionId }) => sessionId === id), isWanted, {
      what: 'the leftovers',
    });
  /** The pid that a script has written there. */
  const pidIn = async (name: string): Promise<number> =>
    Number(
      await waitFor(
        () => readFile(path.join(traces, name), 'utf8').catch(() => ''),
        (text) => text.endsWith('\n'),
        { what: `a pid in ${name}` },
      ),
    );

  it('tells what a session’s whole process tree uses', async () => {
    const hog = `${projectNode} -e 'const b = Buffer.alloc(150e6, 1); setInterval(() => b, 1e6)'`;
    const session = await start(`${hog} & wait`);
    const { use, state } = await until(session, ({ use: seen }) => (seen?.memory ?? 0) > 150e6, 'its memory');
    assert.deepEqual([state, (use?.processes ?? 0) >= 2], ['healthy', true]);
    assert.ok((use?.openFiles ?? 0) > 3 || process.platform !== 'linux');
    await client.stop(session.id, 5_000);
  });

  it('ends a session whose grandchild uses too much memory, with all its processes', async () => {
    const hog = `${projectNode} -e 'const b = []; setInterval(() => b.push(Buffer.alloc(20e6, 1)), 20)'`;
    const script = `(setsid ${hog} & echo $! > ${traces}/hog; wait) & wait`;
    const session = await start(script, { ...never, memoryLimit: 400 });
    const hogPid = await pidIn('hog');
    const { status, exit, evidence } = await ended(session);
    assert.deepEqual(
      [status, exit?.reason, evidence?.what, evidence?.by],
      ['failed', 'limit', 'its processes used more than 400 MB of memory', 'watchdog'],
    );
    await processEnd(hogPid);
    await processEnd(session.record.ptyPid as number);
  });

  it('starts a session again that has reached a limit, where its policy says so', async () => {
    const script = `${projectNode} -e 'for (;;);'`;
    const session = await start(script, { ...never, cpuLimit: minutes(0.5), onLimit: 'recover', retryDelay: 600 });
    const { status, evidence } = await ended(session);
    assert.deepEqual([status, evidence?.by], ['recovering', 'watchdog']);
    await client.giveUp(session.id);
  });

  it('starts it again only once all of its earlier life is gone', async () => {
    const beats = `${traces}/beats`;
    const stubborn = `setsid sh -c "trap '' HUP TERM; while :; do echo >> ${beats}; sleep 0.05; done" &`;
    const compare = `a=$(wc -c < ${beats}); sleep 0.5; [ "$a" = "$(wc -c < ${beats})" ] && echo alone || echo not alone`;
    const script = `if [ -e ${beats} ]; then (${compare}) > ${traces}/seen; exec sleep 600; fi; ${stubborn} exec sleep 600`;
    const policy = { ...never, sessionTimeout: minutes(1.5), onLimit: 'recover' as const, retryDelay: 0.1 };
    const session = await start(script, policy);
    const seen = await waitFor(
      () => readFile(path.join(traces, 'seen'), 'utf8').catch(() => ''),
      (text) => text.endsWith('\n'),
      { what: 'what its next life has seen', timeout: 30_000 },
    );
    await client.stop(session.id, 500);
    assert.equal(seen, 'alone\n');
  });

  it('starts one again only as often as its policy says, however often its end is read', async () => {
    const policy = {
      ...never,
      sessionTimeout: minutes(1.5),
      onLimit: 'recover',
      retryDelay: 0.5,
      maxAttempts: 2,
    } as const;
    const session = await start('exec cat', policy);
    const seen = new Set<string>();
    const record = await waitFor(
      async () => {
        // Each new client has the helper read what hosts have left.
        (await scene().client()).dispose();
        const current = await recordOf(session);
        seen.add(`${current.status} ${current.attempts}`);
        return current;
      },
      ({ status }) => !['active', 'recovering'].includes(status),
      { what: 'its last end', timeout: 30_000 },
    );
    assert.deepEqual(
      [record.status, record.attempts, record.evidence?.what],
      ['timeout', 2, 'it ran for its 0.025 minutes; no attempt is left of 2'],
    );
    assert.ok(seen.has('recovering 1') && !seen.has('cancelled 1'));
  });

  it('counts the attempts of a session from the beginning that the user starts while it waits for its next', async () => {
    const session = await start('exec cat', { retry: 'onCrash', retryDelay: 60 });
    signal((await recordOf(session)).ptyPid as number, 'SIGKILL');
    await waitFor(
      () => recordOf(session),
      ({ status }) => status === 'recovering',
      { what: 'it to wait' },
    );
    const { attempts, evidence } = await client.start(session.launch);
    await client.stop(session.id, 1_000);
    assert.deepEqual([attempts, evidence?.what], [0, 'it was started']);
  });

  it('warns before it ends a session that does nothing, and ends it', async () => {
    const session = await start('sleep 600', { ...never, idleTimeout: minutes(2) });
    const { endsAt, state, evidence } = await until(session, (health) => health.endsAt !== undefined, 'the warning');
    assert.ok(endsAt);
    assert.match(`${state}: ${evidence[0]?.what}`, /^degraded: it is ended in \d s, for it does nothing$/);
    const { status, exit } = await ended(session);
    assert.deepEqual([status, exit?.reason], ['timeout', 'timeout']);
  });

  it('lets one go on that the user wants to, and one that is typed into', async () => {
    const session = await start('cat', { ...never, idleTimeout: minutes(6) });
    const host = await scene().connectHost(session);
    await until(session, ({ endsAt }) => endsAt !== undefined, 'the warning');
    const before = (await healthOf(session)).endsAt as string;
    await client.keepRunning(session.id);
    await until(session, ({ endsAt }) => endsAt !== undefined && endsAt > before, 'more time');
    host.input(Buffer.from('something\n'));
    const typed = (await healthOf(session)).endsAt as string;
    await until(session, ({ endsAt }) => endsAt !== undefined && endsAt > typed, 'still more time');
    host.dispose();
    assert.equal((await client.stop(session.id, 5_000)).status, 'cancelled');
  });

  it('lets one be for as long as it waits for the user, and counts a report as activity', async () => {
    const session = await start('sleep 600', { ...never, idleTimeout: minutes(4) });
    const report = (state: 'working' | 'waiting') => client.report({ id: session.id, state });
    const isNear = ({ endsAt }: SessionHealth) => endsAt !== undefined;
    await until(session, isNear, 'the warning');
    await report('working');
    await until(session, (health) => !isNear(health), 'more time');
    await until(session, isNear, 'the next warning');
    await report('waiting');
    const waiting = await until(session, ({ endsAt }) => endsAt === undefined, 'no end in sight');
    await report('working');
    const { status, evidence } = await ended(session);
    assert.deepEqual([waiting.status, status, evidence?.by], ['waiting', 'timeout', 'watchdog']);
  });

  it('lets one go on that the user wants to, also where its helper is killed right after that', async () => {
    const session = await start('cat', { ...never, idleTimeout: minutes(6), sessionTimeout: minutes(5) });
    const { endsBy } = await until(session, ({ endsAt }) => endsAt !== undefined, 'the warning');
    const kept = await client.keepRunning(session.id, session.record.startedAt);
    const helper = await scene().helperPid();
    signal(helper, 'SIGKILL');
    await processEnd(helper);
    const { countsFrom } = await recordOf(session);
    const { evidence, endsAt = '' } = await until(session, (health) => health.endsAt !== undefined, 'the next warning');
    assert.deepEqual(
      [endsBy, kept.endsBy, Object.keys(countsFrom ?? {}).sort()],
      ['sessionTimeout', 'sessionTimeout', ['idleTimeout', 'sessionTimeout']],
    );
    assert.ok(Math.abs(Date.parse(endsAt) - Date.parse(kept.endsAt ?? '')) < 1_000, evidence[0]?.what);
    assert.equal((await client.stop(session.id, 5_000)).status, 'cancelled');
    await assert.rejects(client.keepRunning(session.id), { code: 'SESSION_NOT_RUNNING' });
  });

  it('ends a session whose time is over, also where it ignores that', async () => {
    const script = `trap '' HUP TERM; echo $$ > ${traces}/stubborn; while :; do sleep 0.1; done`;
    const session = await start(script, { ...never, sessionTimeout: minutes(1) });
    const pid = await pidIn('stubborn');
    const { status } = await ended(session);
    assert.equal(status, 'timeout');
    await processEnd(pid);
  });

  it('ends with a session whose time is over what has left it between two looks', async function () {
    if (process.platform !== 'linux') this.skip();
    const daemon = `(sh -c 'echo $$ > ${traces}/quick; exec sleep 603' &)`;
    const session = await start(`${daemon}; exec sleep 602`, { ...never, sessionTimeout: minutes(1) });
    const pid = await pidIn('quick');
    const { status } = await ended(session);
    await processEnd(pid);
    assert.equal(status, 'timeout');
  });

  it('leaves alone, and tells of, what was started from a session whose time is over but never counted', async function () {
    if (process.platform !== 'linux') this.skip();
    const multiplexer = `(setsid sh -c 'echo $$ > ${traces}/multiplexer; exec sleep 605' &)`;
    const session = await start(`${multiplexer}; exec cat`, { ...never, sessionTimeout: minutes(1) });
    const pid = await pidIn('multiplexer');
    await ended(session);
    const left = await leftoversOf(session, (found) => found.length > 0);
    assert.deepEqual([left.map((one) => one.pid), await isRunningProcess(pid)], [[pid], true]);
    await client.endLeftover({ sessionId: session.id, pid });
  });

  it('leaves alone what an earlier life left on purpose, when the next one’s time is over', async function () {
    if (process.platform !== 'linux') this.skip();
    const server = `[ -e ${traces}/server ] || (setsid sh -c 'echo $$ > ${traces}/server; exec sleep 606' &)`;
    const session = await start(`${server}; exec cat`, { ...never, sessionTimeout: minutes(2) });
    const pid = await pidIn('server');
    await client.stop(session.id, 500);
    await leftoversOf(session, (found) => found.length > 0);
    await client.start(session.launch);
    const { status } = await waitFor(
      () => recordOf(session),
      (record) => record.status === 'timeout',
      { what: 'its end' },
    );
    assert.deepEqual([status, await isRunningProcess(pid)], ['timeout', true]);
    await client.endLeftover({ sessionId: session.id, pid });
  });

  it('leaves one as stopped that the user stops while the watchdog ends it', async () => {
    const script = `trap '' HUP TERM; while :; do sleep 0.1; done`;
    const session = await start(script, { ...never, sessionTimeout: minutes(0.5) });
    await waitFor(
      () => recordOf(session),
      ({ ending }) => ending !== undefined,
      { what: 'the watchdog' },
    );
    const { status, evidence } = await client.stop(session.id, 100);
    assert.deepEqual([status, evidence?.what], ['cancelled', 'you stopped it']);
  });

  it('ends with a session what has left its process group, and leaves what has left the session', async () => {
    const child = `setsid sh -c 'echo $$ > ${traces}/child; exec sleep 600' &`;
    const daemon = `setsid sh -c '(echo; exec sleep 601) & echo $! > ${traces}/daemon' > /dev/null`;
    const session = await start(`${child} ${daemon}; exec sleep 602`);
    const [childPid, daemonPid] = [await pidIn('child'), await pidIn('daemon')];
    await client.stop(session.id, 2_000);
    await processEnd(childPid);
    const leftovers = async () => (await client.health()).leftovers.filter(({ sessionId }) => sessionId === session.id);
    const left = await waitFor(leftovers, (found) => found.length > 0, { what: 'the leftover' });
    assert.deepEqual(
      left.map(({ kind, pid, what }) => [kind, pid, what]),
      [['daemon', daemonPid, 'sleep 601']],
    );
    assert.ok(isAlive(daemonPid));
    const told = '1 of its processes runs on without its terminal';
    await until(session, ({ evidence }) => evidence[0]?.what === told, 'the session to tell of it');
    await client.endLeftover({ sessionId: session.id, pid: daemonPid });
    assert.deepEqual([await isRunningProcess(daemonPid), await leftovers()], [false, []]);
  });

  it('tells of what a session has left also after it has itself been replaced', async function () {
    if (process.platform !== 'linux') this.skip();
    const daemon = `setsid sh -c '(echo; exec sleep 604) & echo $! > ${traces}/lasting' > /dev/null`;
    const session = await start(`${daemon}; exec sleep 602`);
    const daemonPid = await pidIn('lasting');
    await client.stop(session.id, 2_000);
    const helper = await scene().helperPid();
    signal(helper, 'SIGKILL');
    await processEnd(helper);
    await client.connect();
    const leftovers = async () => (await client.health()).leftovers.filter(({ sessionId }) => sessionId === session.id);
    const left = await waitFor(leftovers, (found) => found.length > 0, { what: 'the leftover' });
    await client.endLeftover({ sessionId: session.id, pid: daemonPid });
    await processEnd(daemonPid);
    assert.deepEqual(
      left.map(({ pid, what }) => [pid, what]),
      [[daemonPid, 'sleep 604']],
    );
  });

  it('refuses to end a process that no session has left', async () => {
    const session = await start('cat');
    const pid = session.record.ptyPid as number;
    await assert.rejects(client.endLeftover({ sessionId: session.id, pid }), { code: 'SESSION_NOT_FOUND' });
    assert.ok(isAlive(pid));
    await client.stop(session.id, 5_000);
  });

  /** A host whose session the next helper does not know. */
  const orphaned = async ({ id, places }: TestSession): Promise<Leftover> => {
    const pid = await scene().helperPid();
    signal(pid, 'SIGKILL');
    await processEnd(pid);
    for (const file of [places.record, previousVersion(places.record)]) await rm(file, { force: true });
    await client.connect();
    const orphan = async () => (await client.health()).leftovers.find(({ sessionId }) => sessionId === id);
    return (await waitFor(orphan, Boolean, { what: 'the host without a session' })) as Leftover;
  };

  it('ends a host that has no session', async () => {
    const session = await start('exec cat');
    // Another helper has spoken to it.
    await until(session, ({ evidence }) => evidence[0]?.by === 'heartbeat', 'its first answer');
    const { pid } = await orphaned(session);
    await client.endLeftover({ sessionId: session.id, pid });
    await processEnd(session.record.ptyPid as number);
    const { leftovers } = await client.health();
    assert.deepEqual(
      leftovers.filter(({ sessionId }) => sessionId === session.id),
      [],
    );
  });

  it('makes a session again of a host that has none', async () => {
    const session = await start('exec cat');
    const record = await recordOf(session);
    const { checkpoint } = session.places;
    await waitFor(
      () => readFile(checkpoint, 'utf8').catch(() => ''),
      (text) => text.includes(record.name),
      { what: 'a checkpoint with the record' },
    );
    assert.deepEqual((await orphaned(session)).kind, 'host');
    const adopted = await client.adoptHost(session.id);
    assert.deepEqual([adopted.name, adopted.status, adopted.ptyPid], [record.name, 'active', record.ptyPid]);
    await client.stop(session.id, 5_000);
  });

  it('shows a host that is suspended as unresponsive, and as healthy once it goes on', async () => {
    const session = await start('exec cat');
    const pid = (await readHostFile(session.places))?.pid as number;
    await until(session, ({ evidence }) => evidence[0]?.by === 'heartbeat', 'its first answer');
    signal(pid, 'SIGSTOP');
    const { evidence } = await until(session, ({ state }) => state === 'unresponsive', 'the missing answers');
    assert.match(evidence[0]?.what ?? '', /^its session host has not answered for \d+ s$/);
    assert.match(evidence[0]?.action ?? '', new RegExp(`kill its session host \\(process ${pid}\\)`));
    signal(pid, 'SIGCONT');
    await until(session, ({ state }) => state === 'healthy', 'its recovery');
    assert.equal((await recordOf(session)).ptyPid, session.record.ptyPid);
    await client.stop(session.id, 5_000);
  });

  it('starts one again whose suspended host is killed, as is advised', async () => {
    const session = await start('exec cat', { retry: 'onCrash', retryDelay: 0 });
    const pid = (await readHostFile(session.places))?.pid as number;
    signal(pid, 'SIGSTOP');
    signal(pid, 'SIGKILL');
    await waitFor(
      () => recordOf(session),
      ({ ptyPid }) => ptyPid !== undefined && ptyPid !== session.record.ptyPid,
      { timeout: 20_000 },
    );
    await client.stop(session.id, 5_000);
  });

  it('shows a session whose program takes no input as unresponsive', async () => {
    const session = await start('stty raw -echo; echo ready; exec sleep 600');
    const host = await scene().connectHost(session);
    await waitFor(
      async () => (await host.snapshot()).text,
      (text) => text.includes('ready'),
    );
    host.input(Buffer.alloc(200_000, 'x'));
    const { evidence } = await until(session, ({ state }) => state === 'unresponsive', 'the input that waits');
    assert.deepEqual([evidence[0]?.what, evidence[0]?.by], ['its program does not take what is typed', 'input']);
    host.dispose();
    await client.stop(session.id, 500);
  });

  it('shows a session that says nothing for long as stale, and no less alive', async () => {
    const settings = { ...defaultSettings, staleAfter: minutes(1) };
    const session = await start('echo hello; exec cat');
    const configured = await scene().configured(settings);
    const { evidence } = await until(session, ({ state }) => state === 'stale', 'its silence');
    assert.match(evidence[0]?.what ?? '', /^it has said nothing for /);
    assert.equal((await recordOf(session)).status, 'active');
    await client.stop(session.id, 5_000);
    configured.dispose();
    (await scene().configured(defaultSettings)).dispose();
  });

  it('folds sessions away that ended longer ago than the user has just set', async () => {
    const session = await start('exit 0');
    await ended(session);
    const configured = await scene().configured({ ...defaultSettings, archiveAfter: minutes(0.01) });
    await waitFor(
      () => recordOf(session),
      ({ archivedAt }) => archivedAt !== undefined,
      { what: 'the archive' },
    );
    configured.dispose();
    (await scene().configured(defaultSettings)).dispose();
  });

  it('counts all of it, and tells windows when something changes', async () => {
    const reports: HealthReport[] = [];
    client.onHealth((report) => reports.push(report));
    const session = await start('exec cat');
    await waitFor(
      async () => reports.at(-1)?.sessions.find(({ id }) => id === session.id)?.state,
      (state) => state === 'healthy',
      { what: 'the news of the new session' },
    );
    await until(session, ({ use }) => use !== undefined, 'what it uses');
    const { totalSessions, sessionsByStatus, averageMemoryUsage, healthySessions } = await client.health();
    const { records } = await client.list();
    const counted = Object.values(sessionsByStatus).reduce((sum, count) => sum + count, 0);
    assert.deepEqual([totalSessions, counted, sessionsByStatus.active], [records.length, records.length, 1]);
    assert.ok(averageMemoryUsage > 0 && healthySessions > 0);
    await client.stop(session.id, 5_000);
  });
});
