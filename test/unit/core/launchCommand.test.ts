import assert from 'node:assert/strict';
import {
  defaultShell,
  describeCommand,
  programOf,
  resolveCommand,
  sessionEnvironment,
} from '../../../src/core/launchCommand.ts';
import type { SessionCommand } from '../../../src/protocol/sessionRecord.ts';

describe('what is started', () => {
  const cases: [what: string, command: SessionCommand, platform: NodeJS.Platform, shell: string, line: string[]][] = [
    ['for no command', null, 'linux', '/bin/zsh', ['/bin/zsh']],
    ['for a blank line', '  ', 'linux', '/bin/zsh', ['/bin/zsh']],
    ['for an empty vector', [], 'linux', '/bin/zsh', ['/bin/zsh']],
    ['for a vector', ['node', '-e', '1 2'], 'linux', '/bin/zsh', ['node', '-e', '1 2']],
    ['for a line', 'npm test | tee log', 'darwin', '/bin/zsh', ['/bin/zsh', '-i', '-c', 'npm test | tee log']],
    [
      'for a line in cmd',
      'npm test',
      'win32',
      'C:\\Windows\\cmd.exe',
      ['C:\\Windows\\cmd.exe', '/d', '/s', '/c', 'npm test'],
    ],
    [
      'for a line in PowerShell',
      'npm test',
      'win32',
      'C:\\pwsh.exe',
      ['C:\\pwsh.exe', '-NoLogo', '-Command', 'npm test'],
    ],
  ];
  for (const [what, command, platform, shell, line] of cases) {
    it(`${what} on ${platform}`, () => {
      const { file, args } = resolveCommand(command, { platform, shell });
      assert.deepEqual([file, ...args], line);
    });
  }
});

describe('the program of a command', () => {
  const cases: [command: SessionCommand, program: string | undefined][] = [
    ['claude --resume', 'claude'],
    ['  ./run.sh', './run.sh'],
    ['~/bin/tool x', '~/bin/tool'],
    ['FOO=1 make', undefined],
    ['(cd a; make)', undefined],
    ['"my tool" x', undefined],
    [['node', 'x'], 'node'],
    [null, undefined],
  ];
  for (const [command, program] of cases) {
    it(`${JSON.stringify(command)} is ${program ?? 'not plain'}`, () => assert.equal(programOf(command), program));
  }
});

describe('a command for people', () => {
  it('is one line', () => {
    assert.deepEqual([null, 'npm test', ['node', 'x']].map(describeCommand), ['shell', 'npm test', 'node x']);
  });
});

describe('the user’s shell', () => {
  const cases: [platform: NodeJS.Platform, env: Record<string, string>, shell: string][] = [
    ['linux', { SHELL: '/usr/bin/fish' }, '/usr/bin/fish'],
    ['linux', {}, '/bin/sh'],
    ['darwin', {}, '/bin/zsh'],
    ['win32', { COMSPEC: 'C:\\cmd.exe' }, 'C:\\cmd.exe'],
    ['win32', {}, 'cmd.exe'],
  ];
  for (const [platform, env, shell] of cases) {
    it(`is ${shell} on ${platform}`, () => assert.equal(defaultShell(platform, env), shell));
  }
});

describe('the environment of a session', () => {
  it('has nothing left of the processes above it', () => {
    const editor = {
      VSCODE_PID: '1',
      ELECTRON_RUN_AS_NODE: '1',
      TERM_PROGRAM_VERSION: '2',
      npm_config_x: '3',
      TMUX: '4',
      COLUMNS: '5',
    };
    const { PATH, HOME, ...rest } = sessionEnvironment({ ...editor, PATH: '/bin', HOME: '/home/me', GONE: undefined });
    assert.deepEqual(
      [PATH, HOME, rest],
      ['/bin', '/home/me', { TERM: 'xterm-256color', COLORTERM: 'truecolor', TERM_PROGRAM: 'holdfast' }],
    );
  });

  it('has what the session adds, even where that is usually taken away', () => {
    assert.equal(sessionEnvironment({}, { VSCODE_X: 'mine' }).VSCODE_X, 'mine');
  });
});
