import assert from 'node:assert/strict';
import path from 'node:path';
import { holdfast } from '../../src/cli/commandSpecs.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { runCli } from './support/cli.ts';
import { helperPid, useProject, withEnvironment } from './support/project.ts';
import { processEnd } from './support/scene.ts';

describeOnUnix('holdfast', () => {
  const project = useProject();

  async function start(command?: string | string[], name = 'one'): Promise<[SessionManager, SessionRecord]> {
    const window = await project().open();
    const { record } = await window.create({ name, ...(command ? { command } : {}) });
    return [window, record];
  }

  it('lists the same sessions from the checkout, a folder in it and a worktree', async () => {
    const [, record] = await start();
    const folders = [project().folder, path.join(project().folder, '.git'), record.worktreePath];
    const lists = await Promise.all(folders.map((folder) => runCli(folder, 'ls', '--json')));
    assert.deepEqual(
      lists.map(({ stdout }) => JSON.parse(stdout).map(({ id, ptyPid }: SessionRecord) => ({ id, ptyPid }))),
      folders.map(() => [{ id: record.id, ptyPid: record.ptyPid }]),
    );
  });

  it('prints a table with a line for each session', async () => {
    await start(undefined, 'first');
    const { stdout } = await runCli(project().folder, 'ls');
    assert.match(
      stdout,
      /^NAME +STATUS +BRANCH +CHANGES +AGE +ACTIVITY +PID +COMMAND *\nfirst +running +feature\/first +- +now +now +\d+ +shell\n$/,
    );
  });

  it('says so where there is no session, and starts no helper for that', async () => {
    const result = await runCli(project().folder, 'ls');
    assert.deepEqual(result, { code: 0, stdout: `No sessions in ${project().folder}.\n`, stderr: '' });
  });

  it('works without a window: with the helper killed it starts one, which finds the session running', async () => {
    const [window, record] = await start();
    const pid = await helperPid(window);
    window.dispose();
    process.kill(pid, 'SIGKILL');
    await processEnd(pid);
    const { stdout } = await runCli(project().folder, 'status', 'one', '--json');
    const { session, host } = JSON.parse(stdout);
    assert.deepEqual(
      { status: session.status, ptyPid: session.ptyPid, hostSees: host.ptyPid },
      { status: 'active', ptyPid: record.ptyPid, hostSees: record.ptyPid },
    );
  });

  it('tells the ports of a session', async () => {
    const [, { port = 0 }] = await start();
    const { stdout } = await runCli(project().folder, 'status', 'one');
    assert.match(stdout, new RegExp(`^Ports +${port} to ${port + 9}$`, 'm'));
  });

  it('tells about the helper and counts the sessions', async () => {
    const [window] = await start();
    const { stdout } = await runCli(project().folder, 'status');
    assert.match(stdout, new RegExp(`Helper +.*${await helperPid(window)}[\\s\\S]*Sessions +1 running`));
  });

  it('does not stop a session by the beginning of its name', async () => {
    const [window, record] = await start();
    const { code } = await runCli(project().folder, 'stop', 'on');
    assert.deepEqual({ code, status: window.get(record.id)?.status }, { code: 1, status: 'active' });
  });

  it('stops a session by its name and leaves its worktree', async () => {
    const [window, record] = await start();
    const { stdout, code } = await runCli(project().folder, 'stop', 'one');
    const { status } = (await window.helper.list()).records.find(({ id }) => id === record.id) as SessionRecord;
    assert.deepEqual({ stdout, code, status }, { stdout: 'Stopped one.\n', code: 0, status: 'cancelled' });
  });

  it('prints what a session has shown, as it last looked', async () => {
    const script = 'printf "progress 1%%\\rprogress 100%%\\n"; printf "\\033[31mred\\033[0m\\n"';
    const [window, record] = await start(['/bin/sh', '-c', script]);
    await ended(window, record.id);
    const { stdout } = await runCli(project().folder, 'logs', 'one');
    assert.equal(stdout, 'progress 100%\nred\n');
  });

  it('follows a session until it ends', async () => {
    await start(['/bin/sh', '-c', 'for i in 1 2 3; do echo line $i; sleep 0.2; done']);
    const { stdout, code } = await runCli(project().folder, 'logs', 'one', '--follow');
    assert.deepEqual({ stdout, code }, { stdout: 'line 1\nline 2\nline 3\n', code: 0 });
  });

  it('names the sessions there are when the one asked for is not among them', async () => {
    await start();
    const result = await runCli(project().folder, 'stop', 'nobody', '--json');
    const { code, message } = JSON.parse(result.stderr);
    assert.deepEqual(
      { exit: result.code, code, names: /one/.test(message + result.stderr) },
      {
        exit: 1,
        code: 'SESSION_NOT_FOUND',
        names: true,
      },
    );
  });

  it('does not guess between two sessions', async () => {
    const [window] = await start(undefined, 'twin-a');
    await window.create({ name: 'twin-b' });
    const { stderr, code } = await runCli(project().folder, 'status', 'twin', '--json');
    assert.deepEqual({ code, error: JSON.parse(stderr).code }, { code: 1, error: 'AMBIGUOUS_SESSION' });
  });

  it('names a state folder that the system refuses, whatever the command', async () => {
    const folder = path.join(project().folder, 'x'.repeat(300));
    const refused = await withEnvironment({ HOLDFAST_STATE_DIR: folder }, () =>
      Promise.all(['locks', 'backups list', 'saved list'].map((line) => runCli(project().folder, ...line.split(' ')))),
    );
    assert.deepEqual(
      refused.map(({ code, stderr }) => [code, stderr.includes(folder), /\((\w+)\)\n$/.exec(stderr)?.[1]]),
      [1, 2, 3].map(() => [1, true, 'STORAGE_NOT_WRITABLE']),
    );
  });

  it('refuses a wrong command line with exit code 2', async () => {
    const { stderr, code } = await runCli(project().folder, 'destory');
    const commands = Object.keys(holdfast.commands).join(', ');
    assert.deepEqual(
      { code, stderr },
      {
        code: 2,
        stderr: `holdfast: There is no command “destory”; there are ${commands}. See “holdfast --help”. (INVALID_ARGUMENT)\n`,
      },
    );
  });
});

async function ended(window: SessionManager, id: string): Promise<void> {
  await waitFor(
    () => window.get(id),
    (record) => record?.exit !== undefined,
    { what: 'the end of the session' },
  );
}
