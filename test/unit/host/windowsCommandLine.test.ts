import assert from 'node:assert/strict';
import { windowsCall } from '../../../src/host/windowsCommandLine.ts';

const cmd = 'C:\\Windows\\System32\\cmd.exe';
const gitBash = 'C:\\Program Files\\Git\\bin\\bash.exe';
const claude = 'C:\\npm\\claude.cmd';

describe('a command line of Windows', () => {
  const lines: [what: string, file: string, args: string[], line: string][] = [
    ['leaves plain arguments alone', 'node.exe', ['-e', '--x=1', 'a/b.ts'], '-e --x=1 a/b.ts'],
    ['quotes blanks', 'node.exe', ['a b', '', '\t'], '"a b" "" "\t"'],
    ['escapes quotes', 'node.exe', ['say "hi"'], '"say \\"hi\\""'],
    ['keeps an argument that is in quotes one argument', 'node.exe', ['"a b"'], '"\\"a b\\""'],
    [
      'doubles the backslashes before a quote only',
      'node.exe',
      ['a\\\\b c', 'd\\\\"e', 'f g\\'],
      '"a\\\\b c" "d\\\\\\\\\\"e" "f g\\\\"',
    ],
    [
      'gives cmd a line as it was typed',
      cmd,
      ['/d', '/s', '/c', 'echo "a  b" & dir "c"'],
      '/d /s /c "echo "a  b" & dir "c""',
    ],
    ['quotes other arguments of cmd', cmd, ['/c', 'type', 'my file'], '/c type "my file"'],
    [
      'gives PowerShell a line as one argument',
      'C:\\PowerShell\\7\\pwsh.exe',
      ['-NoLogo', '-Command', 'echo "a  b"'],
      '-NoLogo -Command "echo \\"a  b\\""',
    ],
    ['gives Git Bash a line that it does not expand', gitBash, ['-l', '-i', '-c', 'ls*'], '-l -i -c "ls*"'],
    [
      'escapes every backslash for Git Bash',
      gitBash,
      ['-c', 'echo "a\\\\b" c\\d'],
      '-c "echo \\"a\\\\\\\\b\\" c\\\\d"',
    ],
    [
      'escapes as usual for the bash of WSL',
      'C:\\Windows\\System32\\bash.exe',
      ['-c', 'echo "a\\\\b"'],
      '-c "echo \\"a\\\\b\\""',
    ],
  ];
  for (const [what, file, args, line] of lines) {
    it(what, () => assert.deepEqual(windowsCall({ file, args }, cmd), { file, args: line }));
  }

  it('is left out where there are no arguments', () => {
    assert.deepEqual(windowsCall({ file: gitBash, args: [] }, cmd), { file: gitBash, args: [] });
  });

  const batches: [what: string, args: string[], line: string][] = [
    ['without arguments', [], '"C:\\npm\\claude.cmd"'],
    ['with what the command processor would understand', ['a & b', 'c|d'], '"C:\\npm\\claude.cmd" "a & b" "c|d"'],
    ['with quotes', ['say "hi"\\'], '"C:\\npm\\claude.cmd" "say ""hi""\\\\"'],
    ['with what looks like a variable', ['%PATH%'], '"C:\\npm\\claude.cmd" "%%cd:~,%PATH%%cd:~,%"'],
  ];
  for (const [what, args, line] of batches) {
    it(`has the command processor run a batch file ${what}`, () => {
      const expected = { file: cmd, args: `/e:ON /v:OFF /d /s /c "${line}"` };
      assert.deepEqual(windowsCall({ file: claude, args }, cmd), expected);
    });
  }

  it('refuses a line break for a batch file, which would lose what follows', () => {
    assert.throws(() => windowsCall({ file: claude, args: ['a\nb'] }, cmd), { code: 'HOST_START_FAILED' });
  });
});
