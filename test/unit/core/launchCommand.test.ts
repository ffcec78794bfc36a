import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  defaultShell,
  describeCommand,
  programOf,
  resolveCommand,
  sessionEnvironment,
} from '../../../src/core/launchCommand.ts';
import type { SessionCommand } from '../../../src/protocol/sessionRecord.ts';

describe('what is started', () => {
  const cmd = 'C:\\Windows\\System32\\cmd.exe';
  const gitBash = 'C:\\Program Files\\Git\\bin\\bash.exe';
  const cases: [what: string, command: SessionCommand, platform: NodeJS.Platform, shell: string, line: string[]][] = [
    ['for no command', null, 'linux', '/bin/zsh', ['/bin/zsh']],
    ['for a blank line', '  ', 'linux', '/bin/zsh', ['/bin/zsh']],
    ['for an empty vector', [], 'linux', '/bin/zsh', ['/bin/zsh']],
    ['for a vector', ['node', '-e', '1 2'], 'linux', '/bin/zsh', ['node', '-e', '1 2']],
    ['for a line', 'npm test | tee log', 'darwin', '/bin/zsh', ['/bin/zsh', '-i', '-c', 'npm test | tee log']],
    ['for no command in cmd', null, 'win32', cmd, [cmd]],
    ['for a line in cmd', 'dir "a b"', 'win32', cmd, [cmd, '/d', '/s', '/c', 'dir "a b"']],
    [
      'for a line in PowerShell',
      'ls *.ts',
      'win32',
      'C:\\pwsh.exe',
      ['C:\\pwsh.exe', '-NoLogo', '-Command', 'ls *.ts'],
    ],
    [
      'for a line in Windows PowerShell',
      'gci',
      'win32',
      'PowerShell.EXE',
      ['PowerShell.EXE', '-NoLogo', '-Command', 'gci'],
    ],
    ['for no command in Git Bash', null, 'win32', gitBash, [gitBash, '-l', '-i']],
    ['for a line in Git Bash', 'll | wc', 'win32', gitBash, [gitBash, '-l', '-i', '-c', 'll | wc']],
    ['for no command in WSL', null, 'win32', 'wsl.exe', ['wsl.exe']],
    [
      'for a line in WSL',
      'npm test',
      'win32',
      'wsl.exe',
      ['wsl.exe', '--exec', 'sh', '-c', 'exec "$SHELL" -l -i -c "$1"', 'sh', 'npm test'],
    ],
    ['for a line in another shell', 'ls', 'win32', 'C:/tools/nu.exe', ['C:/tools/nu.exe', '-c', 'ls']],
    ['for a vector', ['cmd', '/c', 'dir'], 'win32', gitBash, ['cmd', '/c', 'dir']],
  ];
  for (const [what, command, platform, shell, line] of cases) {
    it(`${what} on ${platform}`, () => {
      const { file, args } = resolveCommand(command, { platform, shell });
      assert.deepEqual([file, ...args], line);
    });
  }

  it('by sh in WSL is the line as it was typed, in the user’s shell', () => {
    const { args } = resolveCommand('printf "%s|" "$0" \'a  b\' "\\$x"', { platform: 'win32', shell: 'wsl.exe' });
    const [, file, ...rest] = args as [string, string, ...string[]];
    const env = { PATH: '/usr/bin:/bin', SHELL: '/bin/bash', HOME: '/nowhere' };
    const { stdout } = spawnSync(file, rest, { env, encoding: 'utf8' });
    assert.equal(stdout, '/bin/bash|a  b|$x|');
  });
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
  const own = { TERM: 'xterm-256color', COLORTERM: 'truecolor', TERM_PROGRAM: 'holdfast' };
  const user = { PATH: '/bin', HOME: '/home/me', LANG: 'de_DE.UTF-8' };

  const leftovers: [what: string, variables: Record<string, string>][] = [
    ['the editor', { VSCODE_PID: '1', VSCODE_IPC_HOOK_CLI: '/s', ELECTRON_RUN_AS_NODE: '1', CHROME_DESKTOP: 'code' }],
    ['the editor’s snap', { SNAP: '/snap/code/1', SNAP_NAME: 'code', GDK_PIXBUF_MODULE_FILE: '/snap/x' }],
    ['the editor’s runtime', { ELECTRON_NO_ASAR: '1', ELECTRON_NO_ATTACH_CONSOLE: '1', ELECTRON_ENABLE_LOGGING: '1' }],
    ['npm', { npm_lifecycle_event: 'start', npm_package_json: '/p', npm_command: 'run-script', INIT_CWD: '/' }],
    ['npm’s programs', { npm_execpath: '/npm-cli.js', npm_node_execpath: '/node' }],
    ['a multiplexer', { ZELLIJ: '0', ZELLIJ_SESSION_NAME: 'a', ZELLIJ_PANE_ID: '1' }],
    ['another terminal', { TERM: 'xterm-kitty', TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '2', KITTY_PID: '3' }],
    [
      'another terminal’s abilities',
      { VTE_VERSION: '7600', WT_SESSION: 'x', LC_TERMINAL: 'iTerm2', COLORFGBG: '15;0' },
    ],
    [
      'another terminal’s window',
      { TMUX: '4', TMUX_PANE: '%1', STY: '1', WINDOWID: '2', COLUMNS: '5', GPG_TTY: '/dev/x' },
    ],
    ['the git that ran the editor', { GIT_DIR: '/a/.git', GIT_INDEX_FILE: '/a/.git/index', GIT_PREFIX: 'x/' }],
    ['the editor’s git on Linux', { GIT_ASKPASS: '/usr/share/code/resources/app/extensions/git/dist/askpass.sh' }],
    [
      'the editor’s git on Windows',
      { GIT_ASKPASS: 'c:\\Program Files\\VS Code\\resources\\app\\extensions\\git\\dist\\askpass.sh' },
    ],
    ['the editor’s ssh', { SSH_ASKPASS: '/x/extensions/git/dist/ssh-askpass.sh', SSH_ASKPASS_REQUIRE: 'force' }],
    ['the editor as git’s editor', { GIT_EDITOR: '"/x/extensions/git/dist/git-editor.sh"' }],
    ['the editor’s server', { BROWSER: '/home/me/.vscode-server/cli/servers/x/server/bin/helpers/browser.sh' }],
  ];
  for (const [what, variables] of leftovers) {
    it(`has nothing left of ${what}`, () => {
      assert.deepEqual(sessionEnvironment({ ...variables, ...user, GONE: undefined }, {}, 'linux'), {
        ...user,
        ...own,
      });
    });
  }

  it('keeps what the user chose for git and ssh', () => {
    const chosen = {
      GIT_ASKPASS: '/usr/lib/ssh/ssh-askpass',
      SSH_ASKPASS: '/usr/bin/ksshaskpass',
      SSH_ASKPASS_REQUIRE: 'prefer',
      GIT_EDITOR: 'code --wait',
      GIT_CONFIG_COUNT: '0',
      GIT_AUTHOR_NAME: 'me',
      BROWSER: 'firefox',
    };
    assert.deepEqual(sessionEnvironment({ ...chosen, ...user }, {}, 'linux'), { ...chosen, ...user, ...own });
  });

  it('keeps how the user has set up npm, Electron and terminals', () => {
    const chosen = {
      npm_config_registry: 'https://npm.example.invalid',
      ELECTRON_MIRROR: 'https://electron.example.invalid/',
      ELECTRON_OZONE_PLATFORM_HINT: 'wayland',
      TMUX_TMPDIR: '/run/me',
      ZELLIJ_CONFIG_DIR: '/home/me/zellij',
      KITTY_CONFIG_DIRECTORY: '/home/me/kitty',
      WEZTERM_CONFIG_FILE: '/home/me/wezterm.lua',
    };
    assert.deepEqual(sessionEnvironment({ ...chosen, ...user }, {}, 'linux'), { ...chosen, ...user, ...own });
  });

  const locales: [what: string, env: Record<string, string>, platform: NodeJS.Platform, lang: string | undefined][] = [
    ['is a UTF-8 one for an editor that came from the Dock', {}, 'darwin', 'en_US.UTF-8'],
    ['is a UTF-8 one for an editor that came from a service', {}, 'linux', 'C.UTF-8'],
    ['is a UTF-8 one for an editor with an empty one', { LANG: '' }, 'linux', 'C.UTF-8'],
    ['is the user’s', { LANG: 'C' }, 'darwin', 'C'],
    ['is left to the user’s LC_ALL', { LC_ALL: 'POSIX' }, 'linux', undefined],
    ['is left to the user’s LC_CTYPE', { LC_CTYPE: 'UTF-8' }, 'darwin', undefined],
    ['is none for Windows', {}, 'win32', undefined],
  ];
  for (const [what, env, platform, lang] of locales) {
    it(`has a language that ${what} on ${platform}`, () => {
      assert.equal(sessionEnvironment(env, {}, platform).LANG, lang);
    });
  }

  it('keeps a Git Bash in the folder of the session', () => {
    assert.equal(sessionEnvironment({}, {}, 'win32').CHERE_INVOKING, '1');
  });

  it('has what the session adds, even where that is usually taken away', () => {
    assert.equal(sessionEnvironment({}, { VSCODE_X: 'mine' }).VSCODE_X, 'mine');
  });

  it('has a variable once on Windows, whatever the case of its name', () => {
    const { PATH, Path } = sessionEnvironment({ Path: 'C:\\old' }, { PATH: 'C:\\new' }, 'win32');
    assert.deepEqual([PATH, Path], ['C:\\new', undefined]);
  });
});
