import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { git } from '../../../src/node/git.ts';
import { endTree, runGit } from '../../../src/node/gitProcess.ts';
import { processTable } from '../../../src/node/processIdentity.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { waitFor } from '../../support/waitFor.ts';

describeOnUnix('a git that is watched', () => {
  const dirs = useTempDirs();
  let folder: string;
  let env: NodeJS.ProcessEnv;
  const pathBefore = process.env.PATH;
  beforeEach(async () => {
    folder = await dirs.make('git');
    env = { ...process.env, PATH: `${folder}${path.delimiter}${pathBefore}` };
  });
  afterEach(() => {
    process.env.PATH = pathBefore;
  });

  /** A git of these shell lines. */
  async function script(lines: string): Promise<void> {
    const file = path.join(folder, 'git');
    await writeFile(file, `#!/bin/sh\n${lines}\n`);
    await chmod(file, 0o755);
  }

  /** The pids that the script has written to the file `pids`, once there are so many. */
  async function pids(count: number): Promise<number[]> {
    const read = async () => (await readFile(path.join(folder, 'pids'), 'utf8').catch(() => '')).split('\n');
    const written = await waitFor(read, (lines) => lines.filter(Boolean).length === count);
    return written.filter(Boolean).map(Number);
  }

  /** Those that have not ended; what nobody has reaped has. */
  async function living(started: number[]): Promise<number[]> {
    const times = await Promise.all(started.map((pid) => processTable().startTime(pid)));
    return started.filter((_, index) => times[index] !== undefined);
  }

  const run = (options: Partial<Parameters<typeof runGit>[1]> = {}) =>
    runGit(['fetch'], { cwd: folder, env, timeout: 60_000, maxOutput: 1000, ...options });

  it('gives back what it printed, and tells each line of its errors', async () => {
    await script('printf "one\\rtwo\\nthree" >&2; echo out');
    const lines: string[] = [];
    const out = await run({ onLine: (line) => lines.push(line) });
    assert.deepEqual({ out, lines }, { out: 'out\n', lines: ['one', 'two'] });
  });

  it('is ended with all that it started, and is gone when the caller hears of it', async () => {
    await script('sleep 300 & echo $! > pids; echo $$ >> pids; wait');
    const abort = new AbortController();
    const reason = new Error('the user turned away');
    const ending = run({ signal: abort.signal }).catch((error) => error);
    const started = await pids(2);
    abort.abort(reason);
    assert.deepEqual({ error: await ending, alive: await living(started) }, { error: reason, alive: [] });
  });

  it('is killed where it does not listen', async () => {
    await script('trap "" TERM; echo $$ > pids; while :; do sleep 0.1; done');
    const abort = new AbortController();
    const ending = run({ signal: abort.signal, grace: 200 }).catch((error) => error.message);
    const started = await pids(1);
    abort.abort(new Error('enough'));
    assert.deepEqual({ error: await ending, alive: await living(started) }, { error: 'enough', alive: [] });
  });

  it('does not begin after it was aborted', async () => {
    await script('echo $$ > pids');
    const error = await run({ signal: AbortSignal.abort(new Error('before')) }).catch(({ message }) => message);
    assert.deepEqual(
      [error, await readFile(path.join(folder, 'pids'), 'utf8').catch(() => 'none')],
      ['before', 'none'],
    );
  });

  it('is ended where nothing is heard of it', async () => {
    process.env.PATH = env.PATH;
    await script('echo "fatal: still here" >&2; exec sleep 300');
    const error = await git(['fetch'], { cwd: folder, patience: 300 }).catch((failure) => failure);
    assert.deepEqual([error.code, error.message], ['GIT_FAILED', 'git fetch failed: still here']);
  });

  it('has no terminal on which it could ask', async () => {
    await script('if sh -c ": > /dev/tty" 2>/dev/null; then echo asks; else echo mute; fi');
    assert.equal(await run(), 'mute\n');
  });

  it('tells how far it is', async () => {
    process.env.PATH = env.PATH;
    await script('printf "Updating files:  50%% (1/2)\\rUpdating files: 100%% (2/2), done.\\n" >&2');
    const told: number[] = [];
    await git(['worktree'], { cwd: folder, onProgress: ({ percent }) => told.push(percent) });
    assert.deepEqual(told, [50, 100]);
  });
});

describe('the end of a process with all that it started', () => {
  it('reaches its group where there are groups', async () => {
    const killed: unknown[] = [];
    const kill = (pid: number, signal: string) => killed.push([pid, signal]);
    await endTree({ pid: 7 }, 'SIGTERM', { platform: 'linux', kill });
    assert.deepEqual(killed, [[-7, 'SIGTERM']]);
  });

  it('is left to taskkill on Windows, which may find nothing', async () => {
    const calls: string[][] = [];
    const run = async (file: string, args: string[]) => {
      calls.push([path.win32.basename(file), ...args]);
      throw new Error('no such process');
    };
    await endTree({ pid: 7 }, 'SIGTERM', { platform: 'win32', run });
    assert.deepEqual(calls, [['taskkill.exe', '/T', '/F', '/PID', '7']]);
  });
});
