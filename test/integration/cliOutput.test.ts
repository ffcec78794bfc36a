import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { CliTerminal, runCli } from './support/cli.ts';
import { useProject } from './support/project.ts';

describe('what holdfast prints', () => {
  const project = useProject();

  async function start(name: string, command?: string | string[]): Promise<string> {
    const window = await project().open();
    return (await window.create({ name, ...(command ? { command } : {}) })).record.id;
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

  it('is every fact of a session', async () => {
    const id = await start('one');
    const { stdout } = await runCli(project().folder, 'status', 'one');
    const labels = stdout.match(/^\S+( \S+)*(?= {2})/gm);
    assert.deepEqual(
      { labels, id: stdout.includes(id), size: /Terminal +120 × 30/.test(stdout) },
      {
        labels: [
          'Name',
          'Status',
          'Runs',
          'Branch',
          'Folder',
          'Process',
          'Created',
          'Last activity',
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
          advice: 'This repository has no sessions.',
          data: { sessions: [] },
        },
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
