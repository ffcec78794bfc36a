import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { repositoryPlaces, sessionPlaces } from '../../src/node/places.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { CliTerminal, cliCommand, runCli } from './support/cli.ts';
import { useProject } from './support/project.ts';
import { machine } from './support/scene.ts';

describeOnUnix('what holdfast prints', () => {
  const project = useProject();

  async function start(name: string, command?: string | string[]): Promise<string> {
    const window = await project().open();
    return (await window.create({ name, ...(command ? { command } : {}) })).record.id;
  }

  function inShell(line: string): Promise<{ stdout: string; stderr: string }> {
    return promisify(execFile)('/bin/sh', ['-c', line], { cwd: project().folder, timeout: 20_000 });
  }

  async function onTerminal(args: string[], options: { cols?: number; before?: string } = {}): Promise<string> {
    const terminal = new CliTerminal(project().folder, args, options);
    await terminal.exit();
    return terminal.output;
  }

  it('has colours on a terminal', async () => {
    await start('one');
    assert.match(await onTerminal(['ls']), /\x1b\[32mrunning\x1b\[39m/);
  });

  it('has none on a terminal where the user wants none', async () => {
    await start('one');
    assert.doesNotMatch(await onTerminal(['ls'], { before: 'export NO_COLOR=1' }), /\x1b\[3/);
  });

  it('keeps each session on one line of the terminal', async () => {
    await start('one', ['/bin/sh', '-c', `sleep 60\n# ${'long '.repeat(40)}`]);
    const lines = (await onTerminal(['ls'], { cols: 90, before: 'export NO_COLOR=1' })).trim().split('\r\n');
    assert.deepEqual(
      lines.map((line) => line.length <= 90),
      [true, true],
    );
  });

  it('stays aligned in 40 columns, with names of wide characters', async () => {
    await start('login', ['/bin/cat']);
    await start('日本語のとても長いセッション名前', ['/bin/cat']);
    const [heading = '', ...lines] = (await onTerminal(['ls'], { cols: 40, before: 'export NO_COLOR=1' }))
      .trim()
      .split('\r\n');
    assert.deepEqual(
      [heading, ...lines],
      [
        'NAME          STATUS   CHANGES  COMMAND',
        'login         running  -        /bin/cat',
        '日本語のと…   running  -        /bin/cat',
      ],
    );
  });

  it('names the variables that a session was given and shows no value', async () => {
    const window = await project().open();
    await window.create({ name: 'one', env: { API_KEY: 'secret-1', OTHER: 'secret-2' } });
    const commands = [
      ['status', 'one'],
      ['status', 'one', '--json'],
      ['ls', '--json'],
      ['stop', 'one', '--json'],
    ];
    const outputs: string[] = [];
    for (const command of commands) outputs.push((await runCli(project().folder, ...command)).stdout);
    const [text = '', status = '', list = '', stopped = ''] = outputs;
    assert.deepEqual(
      {
        text: text.match(/^Variables +(.*)/m)?.[1],
        status: JSON.parse(status).session.metadata.env,
        list: JSON.parse(list)[0].metadata.env,
        stopped: JSON.parse(stopped).metadata.env,
        hasSecret: outputs.map((output) => output.includes('secret-')),
      },
      {
        text: 'API_KEY, OTHER',
        status: { API_KEY: null, OTHER: null },
        list: { API_KEY: null, OTHER: null },
        stopped: { API_KEY: null, OTHER: null },
        hasSecret: [false, false, false, false],
      },
    );
  });

  it('is every fact of a session', async () => {
    const id = await start('one');
    const { stdout } = await runCli(project().folder, 'status', 'one');
    // What its processes use is known only once somebody has looked.
    const labels = stdout.match(/^(?!Memory|CPU|Processes)\S+( \S+)*(?= {2})/gm);
    assert.deepEqual(
      { labels, id: stdout.includes(id), size: /Terminal +120 × 30/.test(stdout) },
      {
        labels: [
          'Name',
          'Status',
          'Runs',
          'Branch',
          'Folder',
          'Ports',
          'Process',
          'Created',
          'Last activity',
          'Changes',
          'Health',
          'Template',
          'Retry',
          'Metadata',
          'Id',
          'Revision',
          'Host',
          'Terminal',
          'Clients',
          'Output',
        ],
        id: true,
        size: true,
      },
    );
  });

  it('is JSON on standard error where a command that prints JSON fails', async () => {
    const { stdout, stderr, code } = await runCli(project().folder, 'status', 'nobody', '--json');
    assert.deepEqual(
      { stdout, code, error: JSON.parse(stderr) },
      {
        stdout: '',
        code: 1,
        error: {
          code: 'SESSION_NOT_FOUND',
          message: 'There is no session “nobody”.',
          advice: 'There are no sessions here.',
          data: { sessions: [] },
        },
      },
    );
  });

  it('ends without a word where its reader has seen enough', async () => {
    await start('one');
    assert.deepEqual(await inShell(`{ ${cliCommand} status one; echo "code $?" >&2; } | true`), {
      stdout: '',
      stderr: 'code 0\n',
    });
  });

  it('is an error that says so where it cannot be written', async function () {
    if (!existsSync('/dev/full')) return this.skip();
    assert.deepEqual(await inShell(`${cliCommand} ls --json >/dev/full; echo "code $?"`), {
      stdout: 'code 1\n',
      stderr: `${JSON.stringify({
        code: 'UNKNOWN',
        message: 'The output could not be written (ENOSPC).',
        advice: 'Write it to another place.',
        data: {},
      })}\n`,
    });
  });

  it('is advice where a log cannot be read', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'one', command: ['/bin/true'] });
    const places = sessionPlaces(machine, window.options.workplace.key, record.id);
    await waitFor(
      () => window.get(record.id)?.status,
      (status) => status === 'completed',
    );
    await rm(places.transcript, { force: true });
    await mkdir(places.transcript);
    const { stderr, code } = await runCli(project().folder, 'logs', 'one');
    assert.deepEqual(
      { code, stderr },
      {
        code: 1,
        stderr:
          'holdfast: The log of “one” cannot be read (EISDIR). The session was left as it is. ' +
          `Check the files in ${places.folder}. (UNKNOWN)\n`,
      },
    );
  });

  it('is advice where nothing can be learnt of the helper', async () => {
    const folder = await project().newFolder('plain');
    const { key } = await findWorkplace(folder);
    const places = repositoryPlaces(machine, key);
    await mkdir(path.dirname(places.sessionsFolder), { recursive: true });
    await symlink(places.sessionsFolder, places.sessionsFolder);
    const { stderr, code } = await runCli(folder, 'status');
    assert.deepEqual(
      { code, stderr },
      {
        code: 1,
        stderr:
          'holdfast: The helper of this repository cannot be reached (ELOOP). Its sessions run on. ' +
          `Check ${places.folder}. (CONNECTION_LOST)\n`,
      },
    );
  });

  it('is an empty list where there are no sessions', async () => {
    assert.equal((await runCli(project().folder, 'ls', '--json')).stdout, '[]\n');
  });

  it('says so where the folder it is in was removed', async () => {
    const gone = await project().newFolder('gone');
    const terminal = new CliTerminal(gone, ['ls'], { before: `rmdir '${gone}'` });
    assert.equal(await terminal.exit(), 1);
    assert.match(terminal.output, /^holdfast: The folder this shell is in does not exist any more\./);
  });

  it('works in a folder without git', async () => {
    const folder = await project().newFolder('plain');
    await rm(path.join(folder, '.git'), { recursive: true, force: true });
    const { stdout, code } = await runCli(folder, 'status');
    assert.deepEqual(
      { code, stdout },
      { code: 0, stdout: `Folder    ${folder}\nHelper    not running\nSessions  none\n` },
    );
  });
});
