import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { HelperClient } from '../../src/client/helperClient.ts';
import { isRunning } from '../../src/core/sessionRecord.ts';
import { startBackground } from '../../src/node/backgroundProcess.ts';
import { writeJson } from '../../src/node/durableFile.ts';
import { tryLock } from '../../src/node/lockFile.ts';
import type { SessionPlaces } from '../../src/node/places.ts';
import { readLastScreen } from '../../src/node/savedScreen.ts';
import { signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import {
  dist,
  isRunningProcess,
  processEnd,
  readHostFile,
  type Scene,
  type TestSession,
  useScene,
} from './support/scene.ts';
import { TestTerminal } from './support/terminal.ts';

describeOnUnix('the end of a session', () => {
  const scene = useScene();
  let client: HelperClient;
  before(async () => {
    client = await scene().client();
  });

  const ends: [what: string, script: string, status: string, exit: object][] = [
    ['success', 'exit 0', 'completed', { code: 0, signal: null, reason: 'exit' }],
    ['an exit code', 'exit 42', 'failed', { code: 42, signal: null, reason: 'exit' }],
    ['a signal', 'kill -TERM $$', 'failed', { code: null, signal: 15, reason: 'exit' }],
  ];
  for (const [what, script, status, exit] of ends) {
    it(`is recorded with ${what}`, async () => {
      const session = await scene().start(client, ['sh', '-c', `sleep 0.1; ${script}`]);
      const record = await endedRecord(client, session);
      assert.deepEqual({ status: record.status, exit: record.exit }, { status, exit });
    });
  }

  it('is recorded for a command that fails at once', async () => {
    const session = await scene().start(client, ['/no/such/program']);
    const { status, exit, ptyPid } = await endedRecord(client, session);
    assert.deepEqual(
      { status, exit, ptyPid },
      { status: 'failed', exit: { code: 1, signal: null, reason: 'exit' }, ptyPid: undefined },
    );
  });

  it('reaches a terminal after the last of a megabyte that was printed just before', async () => {
    const session = await scene().start(client, ['sh', '-c', 'read go; seq 1 150000']);
    const terminal = await TestTerminal.open(scene(), session, { scrollback: 0 });
    terminal.type('\n');
    const end = await terminal.end;
    assert.deepEqual(
      [end.kind, /\n150000\r\n$/.test(terminal.text), /150000/.test(await savedScreen(session))],
      ['exit', true, true],
    );
  });

  it('reaches a terminal that did not keep up as a screen with the last output', async () => {
    const session = await scene().start(client, ['sh', '-c', 'read go; seq 1 500000']);
    const slow = await TestTerminal.open(scene(), session, { acknowledge: 'never' });
    slow.type('\n');
    await slow.end;
    assert.match(slow.text.slice(-500), /500000/);
  });

  it('is not held up by a background process that keeps the terminal open', async () => {
    const session = await scene().start(client, ['sh', '-c', "trap '' HUP; sleep 5 & exit 3"]);
    const started = performance.now();
    const { exit } = await endedRecord(client, session);
    assert.deepEqual([exit?.code, performance.now() - started < 3_000], [3, true]);
  });

  it('does not end a background process that wants to outlive its session', async () => {
    const script = "trap '' HUP; sleep 60 & echo background $! there; read go; exit 3";
    const session = await scene().start(client, ['sh', '-c', script]);
    const terminal = await TestTerminal.open(scene(), session);
    const background = Number((await terminal.sees(/background (\d+) there/))[1]);
    terminal.type('\n');
    await processEnd((await readHostFile(session.places))?.pid as number);
    const outlives = await isRunningProcess(background);
    signal(background, 'SIGKILL');
    await processEnd(background);
    const { exit } = await endedRecord(client, session);
    assert.deepEqual([outlives, exit?.code], [true, 3]);
  });

  it('is not held up by a background process that goes on printing', async () => {
    const noisy = "trap '' HUP; (for i in $(seq 1 60); do echo noise; sleep 0.05; done) & exit 3";
    const session = await scene().start(client, ['sh', '-c', noisy]);
    const started = performance.now();
    const { exit } = await endedRecord(client, session);
    assert.deepEqual([exit?.code, performance.now() - started < 2_000], [3, true]);
  });

  it('does not come before its process has ended, even when that lets go of the terminal', async () => {
    const script = 'exec </dev/null >/dev/null 2>&1; sleep 0.5; echo back >/dev/tty; exit 5';
    const session = await scene().start(client, ['sh', '-c', `read go; ${script}`]);
    const terminal = await TestTerminal.open(scene(), session);
    terminal.type('\n');
    const end = await terminal.end;
    assert.deepEqual([end.kind === 'exit' && end.exit.code, /back/.test(terminal.text)], [5, true]);
  });

  it('is learned from disk by the next helper when none was running', async () => {
    const session = await scene().start(client, ['sh', '-c', 'read go; exit 7']);
    const terminal = await TestTerminal.open(scene(), session);
    const helper = await scene().helperPid();
    signal(helper, 'SIGKILL');
    await processEnd(helper);
    terminal.type('\n');
    await terminal.end;
    await processEnd((await readHostFile(session.places))?.pid as number);
    const record = (await client.list()).records.find(({ id }) => id === session.id);
    assert.deepEqual([record?.status, record?.exit?.code], ['failed', 7]);
  });
});

describeOnUnix('stopping a session', () => {
  const scene = useScene();
  let client: HelperClient;
  before(async () => {
    client = await scene().client();
  });

  it('ends a process that ignores the hangup, and all else that can be ignored, once its grace is over', async () => {
    const session = await scene().start(client, [
      'bash',
      '-c',
      "trap '' HUP INT QUIT TERM; echo ready; while :; do sleep 0.1; done",
    ]);
    const terminal = await TestTerminal.open(scene(), session);
    await terminal.sees('ready');
    const { status, exit } = await client.stop(session.id, 300);
    assert.deepEqual({ status, exit }, { status: 'cancelled', exit: { code: null, signal: 9, reason: 'stop' } });
  });

  it('ends a job in the foreground of an interactive shell that ignores the hangup', async () => {
    const session = await scene().start(client, ['bash', '--norc', '-i']);
    const terminal = await TestTerminal.open(scene(), session);
    terminal.type(`sh -c 'trap "" HUP; echo job $$; while :; do sleep 0.1; done'\n`);
    const job = Number((await terminal.sees(/job (\d+)\r/))[1]);
    await client.stop(session.id, 300);
    await processEnd(job);
    assert.equal(await isRunningProcess(job), false);
  });

  it('waits until what the process had in its group is seen to be gone', async () => {
    const script = "(trap '' HUP TERM; while :; do sleep 0.1; done) & echo child $! there; wait";
    const session = await scene().start(client, ['sh', '-c', script]);
    const terminal = await TestTerminal.open(scene(), session);
    const child = Number((await terminal.sees(/child (\d+) there/))[1]);
    await client.stop(session.id, 300);
    assert.equal(await isRunningProcess(child), false);
  });

  it('can be made quicker by asking again with less grace', async () => {
    const session = await scene().start(client, ['bash', '-c', "trap '' HUP; echo ready; while :; do sleep 0.1; done"]);
    const terminal = await TestTerminal.open(scene(), session);
    await terminal.sees('ready');
    const started = performance.now();
    await Promise.all([client.stop(session.id, 30_000), client.stop(session.id, 0)]);
    assert.ok(performance.now() - started < 5_000);
  });

  it('leaves one that has ended as it is', async () => {
    const session = await scene().start(client, ['true']);
    const ended = await endedRecord(client, session);
    assert.deepEqual(await client.stop(session.id, 0), ended);
  });
});

describeOnUnix('a session host that is killed', () => {
  const scene = useScene();
  let client: HelperClient;
  before(async () => {
    client = await scene().client();
  });

  it('leaves its session recovering, and says why', async () => {
    const session = await scene().start(client, ['cat']);
    await killHost(session);
    const { status, exit, ptyPid, evidence } = await endedRecord(client, session);
    assert.deepEqual(
      { status, exit, ptyPid, what: evidence?.what },
      {
        status: 'recovering',
        exit: { code: null, signal: null, reason: 'lost' },
        ptyPid: undefined,
        what: 'its session host was killed',
      },
    );
  });

  it('gives the terminal that comes back the screen of the new process, not offsets of the old one', async () => {
    const session = await scene().start(client, ['sh', '-c', 'echo first life; cat']);
    const terminal = await TestTerminal.open(scene(), session);
    await terminal.sees('first life');
    await killHost(session);
    await endedRecord(client, session);
    const again = { ...session.launch, args: ['-c', 'echo another life, which prints more; cat'] };
    await client.start(again);
    assert.ok(await terminal.sees(/another life, which prints more/));
  });
});

describeOnUnix('the environment of a session', () => {
  const scene = useScene();

  it('reaches its process, also at a restart, and is on disk no more', async () => {
    const client = await scene().client();
    const secret = 'only-for-the-process';
    const session = await scene().start(client, ['sh', '-c', 'echo "first $SECRET"; cat'], { env: { SECRET: secret } });
    await screenOf(scene(), session, `first ${secret}`);
    await client.stop(session.id, 5_000);
    await client.start({ ...session.launch, args: ['-c', 'echo "second $SECRET"; cat'] });
    await screenOf(scene(), session, `second ${secret}`);
    assert.doesNotMatch(await readFile(session.places.launch, 'utf8'), /only-for-the-process/);
  });

  const obstacles: [what: string, obstruct: (places: SessionPlaces) => Promise<unknown>][] = [
    ['may not start, for another one runs,', ({ hostLock }) => tryLock(hostLock)],
    ['cannot start', ({ hostLock }) => mkdir(hostLock, { recursive: true })],
  ];
  for (const [what, obstruct] of obstacles) {
    it(`is on disk no more where the host ${what}`, async () => {
      const client = await scene().client();
      const { id } = await client.create(scene().record(), null);
      const places = scene().session(id);
      await obstruct(places);
      await assert.rejects(client.start(scene().launch(id, ['cat'], { env: { SECRET: 'only-for-the-process' } })));
      const { env } = JSON.parse(await readFile(places.launch, 'utf8'));
      assert.equal(env.SECRET, undefined);
    });
  }
});

describeOnUnix('the screen of a session host that is killed', () => {
  const scene = useScene();
  let client: HelperClient;
  before(async () => {
    client = await scene().client();
  });

  it('is the one of some seconds before, and stands above what the next process prints', async () => {
    const session = await scene().start(client, ['sh', '-c', 'echo first life; cat']);
    await waitFor(
      () => lastScreen(session),
      (screen) => screen.includes('first life'),
    );
    await killHost(session);
    const before = await lastScreen(session);
    await endedRecord(client, session);
    await client.start({ ...session.launch, args: ['-c', 'echo second life; cat'] });
    const after = await screenOf(scene(), session, 'second life');
    assert.deepEqual([/first life/.test(before), /first life[\s\S]*second life/.test(after)], [true, true]);
  });

  it('is never that of an earlier life alone', async () => {
    const session = await scene().start(client, ['sh', '-c', 'echo first life; read go']);
    await client.stop(session.id, 5_000);
    await client.start({ ...session.launch, args: ['-c', 'cat'] });
    const { startedAt } = (await readHostFile(session.places)) as { startedAt: string };
    await killHost(session);
    const screen = await readLastScreen(session.places);
    assert.deepEqual([screen?.startedAt, /first life/.test(screen?.screen ?? '')], [startedAt, true]);
  });
});

describeOnUnix('a session host that does not answer', () => {
  const scene = useScene();

  it('is neither given up nor joined by a second one', async () => {
    const session = await scene().start(await scene().client(), ['cat']);
    // Which helper has spoken to it is noted a moment after its start.
    const host = await waitFor(
      () => readHostFile(session.places),
      (file) => file?.epoch !== undefined,
    );
    signal(host?.pid as number, 'SIGSTOP');
    const helper = await scene().helperPid();
    signal(helper, 'SIGKILL');
    await processEnd(helper);
    const attempt = (await scene().client()).start(session.launch);
    await assert.rejects(attempt, { code: 'SESSION_RUNNING' });
    assert.deepEqual(await readHostFile(session.places), host);
  });

  it('keeps its session from being forgotten, whatever the record says', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['cat']);
    const { pid = 0 } = (await readHostFile(session.places)) ?? {};
    signal(pid, 'SIGSTOP');
    const helper = await scene().helperPid();
    signal(helper, 'SIGKILL');
    await processEnd(helper);
    const record = { ...session.record, status: 'failed', ptyPid: undefined, revision: 99 } as const;
    await writeJson(session.places.record, record);
    // Only who has waited for its answer knows.
    await assert.rejects(client.start(session.launch), { code: 'SESSION_RUNNING' });
    await assert.rejects(client.delete(record), { code: 'SESSION_RUNNING' });
    assert.equal((await readHostFile(session.places))?.pid, pid);
  });

  it('is protected against a second one by its own lock, should nobody know of it', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['cat']);
    const host = await readHostFile(session.places);
    signal(host?.pid as number, 'SIGSTOP');
    await rm(session.places.host);
    const second = await startBackground({
      script: path.join(dist, 'host.cjs'),
      args: [scene().key, session.id],
      logFile: session.places.log,
      deadline: 10_000,
      errorCode: 'HOST_START_FAILED',
    });
    signal(host?.pid as number, 'SIGCONT');
    await writeFile(session.places.host, JSON.stringify(host));
    assert.equal((second.report as { error: { code: string } }).error.code, 'SESSION_RUNNING');
  });
});

describeOnUnix('restarting a session', () => {
  const scene = useScene();

  it('keeps the screen it had above the new output', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['sh', '-c', 'printf "before the end"; read go']);
    await screenOf(scene(), session, 'before');
    await client.stop(session.id, 5_000);
    await client.start({ ...session.launch, args: ['-c', 'echo after the restart; cat'] });
    assert.match(await screenOf(scene(), session, 'after'), /before the end[\s\S]*\n[^\n]*after the restart/);
  });

  it('starts from the terminal’s own modes, whatever the last program had set', async () => {
    const client = await scene().client();
    const modes = '\\033[?1049h\\033[?1003h\\033[?1006h\\033[?2004h\\033[?25l\\033[5;10r\\033[31m';
    const session = await scene().start(client, ['sh', '-c', `printf '${modes}full screen'; read go`]);
    await screenOf(scene(), session, 'full screen');
    await client.stop(session.id, 5_000);
    await client.start({ ...session.launch, args: ['-c', 'echo after; cat'] });
    assert.doesNotMatch(
      await screenOf(scene(), session, 'after'),
      /\x1b\[\?(1049|1003|1006|2004)h|\x1b\[\?25l|\x1b\[5;10r/,
    );
  });
});

async function killHost(session: TestSession): Promise<void> {
  const { pid } = (await readHostFile(session.places)) as { pid: number };
  signal(pid, 'SIGKILL');
  await processEnd(pid);
}

async function endedRecord(client: HelperClient, { id }: TestSession) {
  const read = async () => (await client.list()).records.find((record) => record.id === id);
  const record = await waitFor(read, (current) => current !== undefined && !isRunning(current));
  assert.ok(record);
  return record;
}

async function screenOf(scene: Scene, session: TestSession, text: string): Promise<string> {
  const host = await scene.connectHost(session);
  const screen = await waitFor(
    () => host.snapshot().then((snapshot) => snapshot.text),
    (content) => content.includes(text),
  );
  host.dispose();
  return screen;
}

/** As it would be shown for a session that does not run. */
async function lastScreen({ places }: TestSession): Promise<string> {
  return (await readLastScreen(places))?.screen ?? '';
}

async function savedScreen({ places }: TestSession): Promise<string> {
  return JSON.parse(await readFile(places.checkpoint, 'utf8')).screen.text;
}
