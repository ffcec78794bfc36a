import assert from 'node:assert/strict';
import { allCommands } from '../../../src/cli/commandLineSpec.ts';
import { holdfast } from '../../../src/cli/commandSpecs.ts';
import { helpText } from '../../../src/cli/help.ts';
import { parseCommandLine } from '../../../src/cli/parseCommandLine.ts';
import { UsageError } from '../../../src/cli/usageError.ts';

const none = { name: '', operands: [] };
const given = (name: string) => ({ name, operands: [name] });
const commands = Object.keys(holdfast.commands).join(', ');

/** What is understood, without the flags that were not given. */
function parse(line: string): unknown {
  try {
    const invocation = parseCommandLine(line.split(' ').filter(Boolean));
    if (invocation.kind !== 'run') return invocation;
    const given = Object.entries(invocation.args).filter(([, value]) => value !== false);
    return { ...invocation, args: Object.fromEntries(given) };
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

describe('the command line', () => {
  const understood: [line: string, meaning: unknown][] = [
    ['', { kind: 'help' }],
    ['--help', { kind: 'help' }],
    ['logs -h', { kind: 'help', command: 'logs' }],
    ['help', { kind: 'help' }],
    ['help --json', { kind: 'help' }],
    ['help logs', { kind: 'help', command: 'logs' }],
    ['--version', { kind: 'version' }],
    ['ls', { kind: 'run', command: 'ls', args: none }],
    ['--json ls', { kind: 'run', command: 'ls', args: { ...none, json: true } }],
    ['status', { kind: 'run', command: 'status', args: none }],
    ['stop login', { kind: 'run', command: 'stop', args: given('login') }],
    ['stop -- -x', { kind: 'run', command: 'stop', args: given('-x') }],
    ['stop --all', { kind: 'run', command: 'stop', args: { ...none, all: true } }],
    ['clean-up --older-than 7', { kind: 'run', command: 'clean-up', args: { ...none, olderThan: 7 } }],
    ['clean-up --older-than 1.5', { kind: 'run', command: 'clean-up', args: { ...none, olderThan: 1.5 } }],
    ['report done -m ok', { kind: 'run', command: 'report', args: { ...given('done'), message: 'ok' } }],
    ['logs login -fn 5', { kind: 'run', command: 'logs', args: { ...given('login'), follow: true, lines: 5 } }],
    ['saved list', { kind: 'run', command: 'saved list', args: none }],
    ['saved save a --note b', { kind: 'run', command: 'saved save', args: { ...given('a'), note: 'b' } }],
    ['saved load a --no-start', { kind: 'run', command: 'saved load', args: { ...given('a'), noStart: true } }],
    ['backups verify', { kind: 'run', command: 'backups verify', args: none }],
    ['backups restore a --dry-run', { kind: 'run', command: 'backups restore', args: { ...given('a'), dryRun: true } }],
    ['export -o f', { kind: 'run', command: 'export', args: { ...none, output: 'f' } }],
    ['policy a --set b=1 --set c=2', { kind: 'run', command: 'policy', args: { ...given('a'), set: ['b=1', 'c=2'] } }],
    ['doctor --fix', { kind: 'run', command: 'doctor', args: { ...none, fix: true } }],
    ['validate f', { kind: 'run', command: 'validate', args: given('f') }],
    ['import f --dry-run', { kind: 'run', command: 'import', args: { ...given('f'), dryRun: true } }],
  ];
  for (const [line, meaning] of understood) {
    it(`understands “holdfast ${line}”`, () => assert.deepEqual(parse(line), meaning));
  }

  const refused: [line: string, message: string][] = [
    ['frobnicate', `There is no command “frobnicate”; there are ${commands}.`],
    ['help frobnicate', `There is no command “frobnicate”; there are ${commands}.`],
    ['constructor', `There is no command “constructor”; there are ${commands}.`],
    ['stop', 'Which session? Its name is missing.'],
    ['stop login --all', '“login” and --all exclude each other.'],
    ['clean-up', 'How old? --older-than DAYS is missing.'],
    ['clean-up --older-than soon', '“soon” is not a number of days.'],
    ['clean-up --older-than -1', '“-1” is not a number of days.'],
    ['clean-up --older-than=-1', '“-1” is not a number of days.'],
    ['logs login -n 1.5', '“1.5” is not a number of lines.'],
    ['logs login -n -1', '“-1” is not a number of lines.'],
    ['validate', 'Which file? Its name is missing.'],
    ['-n 3', 'Which command? Its name is missing.'],
    ['--json', 'Which command? Its name is missing.'],
    ['ls login', '“login” is one argument too many.'],
    ['stop one two', '“two” is one argument too many.'],
    ['ls --raw', '“holdfast ls” has no option --raw.'],
    ['ls --colour', 'There is no option --colour.'],
    ['ls -x', 'There is no option -x.'],
    ['ls --json=yes', '--json takes no value.'],
    ['export -o', '-o needs a value: -o FILE.'],
    ['export -o --force', '-o needs a value; “--force” is taken for one as --output=--force.'],
    ['logs login -n many', '“many” is not a number of lines.'],
    ['logs login --raw --json', '--raw and --json exclude each other.'],
  ];
  for (const [line, message] of refused) {
    it(`refuses “holdfast ${line}”`, () => assert.equal(parse(line), message));
  }

  const empty: [argv: string[], message: string][] = [
    [['export', ''], 'NAME is empty.'],
    [['status', ''], 'NAME is empty.'],
    [['stop', ''], 'NAME is empty.'],
    [['backups', 'verify', ''], 'BACKUP is empty.'],
    [['ls', ''], 'An argument is empty.'],
    [['export', '--output', ''], '--output needs a value: --output FILE.'],
    [['export', '--output='], '--output needs a value: --output FILE.'],
  ];
  for (const [argv, message] of empty) {
    it(`refuses “holdfast ${argv.map((word) => word || "''").join(' ')}”`, () => {
      assert.throws(() => parseCommandLine(argv), { name: 'HoldfastError', message });
    });
  }

  it('has help that lists every exit code, and what commands that end something take for a name', () => {
    const [, names = '', codes = ''] = helpText().match(/\n(NAME is .*)\n\nExit codes:\n(.*)$/s) ?? [];
    assert.deepEqual(
      { codes: codes.match(/^ {2}\S+/gm), stop: names.replaceAll('\n', ' ').split('; ')[1] },
      {
        codes: ['  0', '  1', '  2', '  N'],
        stop: '“stop”, “restart” and “give-up” take the whole name, or at least 8 characters of the id.',
      },
    );
  });

  it('has help for every command that names its usage, and fits a terminal', () => {
    const names = [...allCommands(holdfast).keys()];
    const texts = [helpText(), ...names.map((name) => helpText(name))];
    const wide = texts.flatMap((text) => text.split('\n')).filter((line) => line.length > 120);
    const usages = names.filter((name) => helpText(name).startsWith(`Usage: holdfast ${name}`));
    assert.deepEqual({ wide, usages }, { wide: [], usages: names });
  });

  it('has help that shows what an option must be given for', () => {
    const [usage] = helpText('clean-up').split('\n');
    assert.equal(usage, 'Usage: holdfast clean-up --older-than DAYS [options]');
    assert.match(helpText(), /^ {2}clean-up --older-than DAYS {2}/m);
  });

  it('leaves flags that were not given false', () => {
    const invocation = parseCommandLine(['ls']);
    assert.deepEqual(
      invocation.kind === 'run' && Object.entries(invocation.args).filter(([, value]) => value === false),
      [
        ['follow', false],
        ['raw', false],
        ['host', false],
        ['start', false],
        ['noStart', false],
        ['withEnv', false],
        ['force', false],
        ['all', false],
        ['squash', false],
        ['rebase', false],
        ['runSetup', false],
        ['skipSetup', false],
        ['acceptBranch', false],
        ['switchBack', false],
        ['recreate', false],
        ['dryRun', false],
        ['salvage', false],
        ['fix', false],
        ['json', false],
      ],
    );
  });
});
