import assert from 'node:assert/strict';
import { readFile, realpath, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { repositoryPlaces, sessionPlaces } from '../../src/node/places.ts';
import type { SessionPolicy, SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { helperPid, hostPids, screenOf, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

/** Long enough to be seen, short enough to be waited for; seconds. */
const soon = 0.2;
const late = 600;

describeOnUnix('a session whose process is torn out of its work', () => {
  const project = useProject();
  let window: SessionManager;
  let gate: string;
  beforeEach(async () => {
    window = await project().open();
    gate = path.join(await project().newFolder('gate'), 'go');
  });

  const make = async (
    command: string[],
    policy: Partial<SessionPolicy> = {},
    env?: Record<string, string>,
  ): Promise<SessionRecord> => {
    const { record } = await window.create({ name: 'login', command, ...(env ? { env } : {}) });
    const changed = await window.helper.update(record, () => ({
      policy: { retry: 'onCrash', retryDelay: soon, ...policy },
    }));
    await writeFile(gate, '');
    return changed;
  };
  /** Ends no sooner than its policy is known. */
  const ending = (script: string) => shell(`until [ -e '${gate}' ]; do sleep 0.02; done; ${script}`);
  const shell = (script: string) => ['/bin/sh', '-c', script];
  const until = (isWanted: (record: SessionRecord) => boolean, what: string) =>
    waitFor(
      async () => window.list()[0],
      (record): record is SessionRecord => record !== undefined && isWanted(record),
      { what },
    ) as Promise<SessionRecord>;
  const statusOf = (status: SessionRecord['status']) => until((record) => record.status === status, status);
  const killHosts = async () => {
    for (const pid of await hostPids(window)) {
      signal(pid, 'SIGKILL');
      await processEnd(pid);
    }
  };

  it('runs again in the same worktree, with its environment and size, below its last screen and why', async () => {
    const script = 'echo "$COLOUR $(stty size) in $(pwd)"; exec cat';
    const record = await make(shell(script), {}, { COLOUR: 'blue' });
    const worktree = await realpath(record.worktreePath);
    const { checkpoint } = sessionPlaces(machine, window.options.workplace.key, record.id);
    await waitFor(
      () => readFile(checkpoint, 'utf8').catch(() => ''),
      (text) => text.includes('blue 30 120'),
      { what: 'the checkpoint with what it has said' },
    );
    await killHosts();
    await until(({ status, ptyPid }) => status === 'active' && ptyPid !== record.ptyPid, 'it to run again');
    const screen = await screenOf(window, record, /attempt 1 of 3[\s\S]*blue/);
    const lines = stripVTControlCharacters(screen).split(/\r?\n/).filter(Boolean);
    const said = `blue 30 120 in ${worktree}`;
    const separator = '── Its session host was killed at TIME; this is attempt 1 of 3 ──';
    assert.deepEqual(
      lines.map((line) => line.replace(/\d\d:\d\d:\d\d/, 'TIME')),
      [said, separator, said],
    );
  });

  it('runs its own way to resume instead of its command, where it has one', async () => {
    const record = await make(shell('echo begun; exec cat'));
    await window.helper.update(record, () => ({ resumeCommand: shell('echo resumed; exec cat') }));
    await window.restart(record.id);
    await screenOf(window, record, /begun[\s\S]*begun/);
    await killHosts();
    assert.doesNotMatch(await screenAgain(record, /resumed/), /attempt 1[\s\S]*begun/);
  });

  it('is started again after a signal that nobody has sent to ask it to end', async () => {
    const record = await make(shell('echo up; exec sleep 600'));
    await screenOf(window, record, /up/);
    process.kill(record.ptyPid as number, 'SIGSEGV');
    const again = await until(({ status, attempts }) => status === 'active' && attempts === 1, 'it to run again');
    assert.notEqual(again.ptyPid, record.ptyPid);
  });

  for (const [what, script, status, evidence] of [
    ['success', 'exit 0', 'completed', 'ended with code 0'],
    ['a failure', 'exit 3', 'failed', 'ended with code 3'],
    ['a request to end', 'kill -TERM $$', 'failed', 'was ended by SIGTERM'],
  ] as const) {
    it(`is not started again after ${what}`, async () => {
      await make(ending(script));
      const record = await until(({ exit }) => exit !== undefined, 'its end');
      assert.deepEqual([record.status, record.attempts, record.evidence?.what], [status, 0, evidence]);
    });
  }

  it('is started again after a failure where its policy says so, but for the codes that it leaves out', async () => {
    const script = 'echo run >> runs; if [ "$(wc -l < runs)" -lt 2 ]; then exit 3; else exit 4; fi';
    const record = await make(ending(script), { retry: 'onFailure', neverRetry: [4] });
    const ended = await statusOf('failed');
    const runs = await readFile(path.join(record.worktreePath, 'runs'), 'utf8');
    assert.deepEqual(
      [runs, ended.attempts, ended.evidence?.what],
      ['run\nrun\n', 1, 'ended with code 4; the policy never retries after code 4'],
    );
  });

  it('is given up where it ends within a second three times in a row', async () => {
    await make(ending('kill -KILL $$'), { maxAttempts: 50, retryDelay: 0.05 });
    const { attempts, evidence } = await statusOf('failed');
    assert.deepEqual(
      [attempts, evidence?.what],
      [2, 'was ended by SIGKILL; it ended within a second 3 times in a row'],
    );
  });

  it('is given up when no attempt is left', async () => {
    await make(ending('sleep 1.2; kill -KILL $$'), { maxAttempts: 1 });
    const { attempts, evidence } = await statusOf('failed');
    assert.deepEqual([attempts, evidence?.what], [1, 'was ended by SIGKILL; no attempt is left of 1']);
  });

  describe('while it waits for its next attempt', () => {
    let record: SessionRecord;
    beforeEach(async () => {
      record = await make(['cat'], { retryDelay: late });
      await killHosts();
      await statusOf('recovering');
    });

    it('is started at once where the user wants that', async () => {
      const { status, attempts, evidence } = await window.helper.retryNow(record.id);
      assert.deepEqual([status, attempts, evidence?.what], ['active', 1, 'it was started again by itself, attempt 1']);
    });

    it('is left as failed where the user gives up', async () => {
      const { status, evidence } = await window.helper.giveUp(record.id);
      assert.deepEqual([status, evidence?.what], ['failed', 'you gave up; its session host was killed']);
    });

    it('can be stopped, restarted and destroyed', async () => {
      const stopped = await window.stop(record.id);
      const { record: restarted } = await window.restart(record.id);
      const { kept } = await window.destroy(record.id);
      assert.deepEqual(
        [stopped.status, restarted.status, restarted.attempts, kept, window.list()],
        ['cancelled', 'active', 0, undefined, []],
      );
    });

    it('is idle once the machine was started anew, and is not started by itself', async () => {
      const { host } = sessionPlaces(machine, window.options.workplace.key, record.id);
      await killHelper();
      await writeFile(host, JSON.stringify({ ...JSON.parse(await readFile(host, 'utf8')), bootId: 'another' }));
      await window.helper.connect();
      const { status, evidence, exit } = await statusOf('idle');
      assert.deepEqual([status, evidence?.what, exit?.reason], ['idle', 'the machine was started anew', 'lost']);
    });

    it('is idle where no helper had looked for long, and is not started by itself', async () => {
      await killHelper();
      await utimes(repositoryPlaces(machine, window.options.workplace.key).helperFile, 0, 0);
      await window.helper.connect();
      assert.equal((await statusOf('idle')).evidence?.what, 'its process was gone when Holdfast came back');
    });

    it('goes on waiting when the helper is killed, and is started by the next one', async () => {
      const due = window.get(record.id)?.recovery?.retryAt;
      await killHelper();
      await window.helper.connect();
      assert.equal(window.get(record.id)?.recovery?.retryAt, due);
      assert.equal((await window.helper.retryNow(record.id)).status, 'active');
    });
  });

  async function killHelper(): Promise<void> {
    const pid = await helperPid(window);
    signal(pid, 'SIGKILL');
    await processEnd(pid);
  }

  /** Once the next life has begun, whose socket has the same name. */
  async function screenAgain(record: SessionRecord, wanted: RegExp): Promise<string> {
    await until(({ status, attempts }) => status === 'active' && attempts > 0, 'it to run again');
    return screenOf(window, record, wanted);
  }
});
