import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkCommand, isInWorktree } from '../../src/client/launch.ts';
import { findExecutable, isKnownCommand } from '../../src/node/executable.ts';
import type { SessionCommand } from '../../src/protocol/sessionRecord.ts';
import { isAlive } from '../support/processes.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { waitFor } from '../support/waitFor.ts';

describe('looking up a command', () => {
  const dirs = useTempDirs();
  let folder: string;
  let env: Record<string, string>;
  before(async () => {
    folder = await dirs.make('programs');
    await script('bin/tool', 'exit 0');
    await script('home/mine', 'exit 0');
    await writeFile(path.join(folder, 'bin', 'text'), '');
    await mkdir(path.join(folder, 'bin', 'folder'));
    env = { PATH: `${path.join(folder, 'bin')}:/usr/bin:/bin`, HOME: path.join(folder, 'home') };
  });

  async function script(name: string, text: string): Promise<string> {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${text}\n`);
    await chmod(file, 0o755);
    return file;
  }

  const found: [what: string, name: string, isFound: boolean][] = [
    ['finds a program on the PATH', 'tool', true],
    ['finds a program by a path from the folder', './bin/tool', true],
    ['passes over a file that is no program', 'text', false],
    ['passes over a folder', 'folder', false],
    ['finds no program that is not there', 'no-such-program', false],
  ];
  for (const [what, name, isFound] of found) {
    it(what, async () => {
      assert.equal((await findExecutable(name, { cwd: folder, env })) !== undefined, isFound);
    });
  }

  const foundOnWindows: [what: string, name: string, file: string | undefined][] = [
    ['finds what npm installs, not the shell script beside it', 'claude', 'win/claude.CMD'],
    ['finds a program by its full name', 'claude.CMD', 'win/claude.CMD'],
    ['finds a program with a dot in its name', 'python3.11', 'win/python3.11.EXE'],
    ['finds a program by a path without its ending', './win/claude', 'win/claude.CMD'],
    ['finds nothing that is no program there', 'only-a-script', undefined],
  ];
  for (const [what, name, file] of foundOnWindows) {
    it(`on Windows ${what}`, async () => {
      for (const program of ['claude', 'claude.CMD', 'python3.11.EXE', 'only-a-script'])
        await script(`win/${program}`, '');
      const windows = { Path: `C:\\nowhere;${path.join(folder, 'win')}`, PathExt: '.COM;.EXE;.CMD' };
      const found = await findExecutable(name, { cwd: folder, env: windows, platform: 'win32' });
      assert.equal(found, file && path.join(folder, file));
    });
  }

  const known: [what: string, word: string, isKnown: boolean][] = [
    ['a program on the PATH', 'tool', true],
    ['a built-in', 'cd', true],
    ['nothing', 'no-such-program', false],
    ['nothing that would run as a script', '$(touch broken)', false],
    ['nothing that looks like an option', '--help', false],
    ['a program in the user’s home', '~/mine', true],
    ['no other program in the user’s home', '~/yours', false],
    ['perhaps a program in another user’s home', '~somebody/tool', true],
    ['a program whose alias is passed over', '\\ls', true],
  ];
  for (const [what, word, isKnown] of known) {
    it(`asks the user’s shell, which knows ${what}: ${word}`, async () => {
      assert.equal(await isKnownCommand(word, { cwd: folder, env, shell: '/bin/sh' }), isKnown);
    });
  }

  for (const word of ['my-alias', 'my-function', 'for', 'export', ':']) {
    it(`asks an interactive shell, which knows what its start-up files define and its own words: ${word}`, async () => {
      await script('home/.bashrc', `alias my-alias=true\nmy-function() { true; }`);
      assert.equal(await isKnownCommand(word, { cwd: folder, env, shell: '/bin/bash' }), true);
    });
  }

  it('believes a shell that fails before it is asked to know every command', async () => {
    const home = path.dirname(await script('failing/.bashrc', 'exit 1'));
    const context = { cwd: folder, env: { ...env, HOME: home }, shell: '/bin/bash' };
    assert.equal(await isKnownCommand('no-such-program', context), true);
  });

  for (const word of ['dir', 'dir/w', 'Get-ChildItem', 'my-alias', '.\\run.ps1', 'C:\\tools\\run']) {
    it(`believes every shell of Windows to know ${word}`, async () => {
      assert.equal(await isKnownCommand(word, { cwd: folder, env, shell: 'cmd.exe', platform: 'win32' }), true);
    });
  }

  it('believes a shell that speaks another language to know every command', async () => {
    const shell = await script('bin/nu', 'exit 3');
    assert.equal(await isKnownCommand('no-such-program', { cwd: folder, env, shell }), true);
  });

  it('does not wait for a shell that hangs and takes no hint, nor leave it behind', async () => {
    const pidFile = path.join(folder, 'pid');
    const shell = await script('hanging/sh', `trap '' TERM HUP; echo $$ > ${pidFile}; while :; do sleep 1; done`);
    const isKnown = await isKnownCommand('no-such-program', { cwd: folder, env, shell, deadline: 200 });
    const pid = Number(await readFile(pidFile, 'utf8'));
    await waitFor(() => !isAlive(pid));
    assert.equal(isKnown, true);
  });

  const commands: [what: string, command: SessionCommand, shell: string, unknown: string | undefined][] = [
    ['a shell', null, '/bin/sh', undefined],
    ['a shell that is not there', null, '/no/such/shell', '/no/such/shell'],
    ['a line for a shell that is not there', 'ls', '/no/such/shell', '/no/such/shell'],
    ['a line', 'tool --flag', '/bin/sh', undefined],
    ['a line with a word that is unknown', 'no-such-program --flag', '/bin/sh', 'no-such-program'],
    ['a line that only the shell understands', 'X=1 no-such-program', '/bin/sh', undefined],
    ['an argument vector', ['tool', '--flag'], '/no/such/shell', undefined],
    ['an argument vector with a word that only a shell knows', ['export'], '/bin/sh', 'export'],
  ];
  for (const [what, command, shell, unknown] of commands) {
    it(`names what is unknown in ${what}`, async () => {
      const check = checkCommand(command, { cwd: folder, env, shell });
      const named = await check.then(
        () => undefined,
        ({ data }) => data.command,
      );
      assert.equal(named, unknown);
    });
  }
});

describe('on Windows', () => {
  const dirs = useTempDirs();
  const commands: [what: string, command: SessionCommand, unknown: string | undefined][] = [
    ['nothing in a line that only the shell can know', 'dir', undefined],
    ['the shell of a line where that is not there', 'exit', 'no-such-shell.exe'],
    ['a word of an argument vector that only a shell knows', ['dir'], 'dir'],
    ['nothing in an argument vector of a program', ['tool', 'x'], undefined],
  ];
  for (const [what, command, unknown] of commands) {
    it(`the check names ${what}`, async () => {
      const folder = await dirs.make('windows');
      for (const name of ['cmd.exe', 'tool.exe']) await writeFile(path.join(folder, name), '', { mode: 0o755 });
      const shell = command === 'exit' ? 'no-such-shell.exe' : 'cmd.exe';
      const lookup = { cwd: folder, shell, env: { Path: folder, PATHEXT: '.exe' }, platform: 'win32' } as const;
      const named = await checkCommand(command, lookup).then(
        () => undefined,
        ({ data }) => data.command,
      );
      assert.equal(named, unknown);
    });
  }
});

describe('a command', () => {
  const cases: [command: SessionCommand, isPart: boolean][] = [
    [null, false],
    ['npm test', false],
    ['./run', true],
    ['tools/run --flag', true],
    [['../run'], true],
    ['/usr/bin/env', false],
    ['~/bin/tool', false],
  ];
  for (const [command, isPart] of cases) {
    it(`${isPart ? 'is' : 'is not'} a part of the worktree: ${JSON.stringify(command)}`, () => {
      assert.equal(isInWorktree(command), isPart);
    });
  }
});
