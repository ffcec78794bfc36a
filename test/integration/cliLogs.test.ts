import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { CliTerminal, cliCommand, runCli } from './support/cli.ts';
import { useProject } from './support/project.ts';

describeOnUnix('holdfast logs', () => {
  const project = useProject();

  /** Starts a session and waits for its end, unless the script waits itself. */
  async function run(script: string, ending: 'ends' | 'stays' = 'ends'): Promise<void> {
    const window = await project().open();
    const { record } = await window.create({ name: 'one', command: ['/bin/sh', '-c', script] });
    if (ending === 'stays') return;
    await new Promise<void>((resolve) => {
      const look = () => window.get(record.id)?.ptyPid === undefined && resolve();
      window.onChange(look);
      look();
    });
  }

  async function logs(...options: string[]): Promise<string> {
    const { stdout, stderr, code } = await runCli(project().folder, 'logs', 'one', ...options);
    assert.deepEqual({ stderr, code }, { stderr: '', code: 0 });
    return stdout;
  }

  it('prints the last lines', async () => {
    await run('seq 100');
    assert.equal(await logs('-n', '2'), '99\n100\n');
  });

  it('prints every line of long output, also what the screen was cleared of', async () => {
    await run('seq 1 400; printf "\\033[H\\033[2J\\033[3J"; seq 401 500');
    assert.deepEqual((await logs()).split('\n'), [...Array.from({ length: 500 }, (_, index) => String(index + 1)), '']);
  });

  it('prints events as JSON, one on each line', async () => {
    await run('printf "a\\\\nb"');
    const events = (await logs('--json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const output = events.filter(({ type }) => type === 'output').map(({ text }) => text);
    assert.deepEqual({ first: events[0].type, text: output.join('') }, { first: 'begin', text: 'a\r\nb' });
  });

  it('prints the recording of a session that was restarted as one asciicast file', async () => {
    await run('echo run');
    const window = await project().open();
    await window.restart(window.list()[0]?.id as string);
    const lines = (await logs('--raw', '--follow'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [header, ...events] = lines;
    const text = events
      .filter(([, code]) => code === 'o')
      .map(([, , data]) => data)
      .join('');
    assert.deepEqual({ version: header.version, text }, { version: 2, text: 'run\r\nrun\r\n' });
  });

  it('prints what the host has noted', async () => {
    await run('exit 3');
    const messages = (await logs('--host'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).message);
    // A process this short may end before its start is noted.
    assert.deepEqual(messages.sort(), ['Session host started', 'The process ended']);
  });

  it('follows a session from its last line to its end', async () => {
    const go = path.join(await project().newFolder('go'), 'go');
    await run(`seq 3; while [ ! -e '${go}' ]; do sleep 0.05; done; echo late`, 'stays');
    await waitFor(
      () => logs(),
      (text) => text.endsWith('3\n'),
    );
    const reader = new CliTerminal(project().folder, ['logs', 'one', '-f', '-n', '1']);
    await reader.waitForText(/3/);
    await writeFile(go, '');
    assert.equal(await reader.exit(), 0);
    assert.equal(reader.output, '3\r\nlate\r\n');
  });

  it('ends when its reader has seen enough', async () => {
    await run('seq 20000; exec cat', 'stays');
    const line = `${cliCommand} logs one --follow | head -n 1`;
    const seen = await new Promise((resolve) => {
      execFile('/bin/sh', ['-c', line], { cwd: project().folder, timeout: 20_000 }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });
    assert.deepEqual(seen, { code: 0, stdout: '1\n', stderr: '' });
  });
});
