import assert from 'node:assert/strict';
import { commandNames } from '../../../src/cli/commandSpecs.ts';
import { helpText } from '../../../src/cli/help.ts';
import { parseCommandLine } from '../../../src/cli/parseCommandLine.ts';
import { UsageError } from '../../../src/cli/usageError.ts';

const none = { name: '', json: false, raw: false, host: false, follow: false };

function parse(line: string): unknown {
  try {
    return parseCommandLine(line.split(' ').filter(Boolean));
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
    ['help logs', { kind: 'help', command: 'logs' }],
    ['--version', { kind: 'version' }],
    ['ls', { kind: 'run', command: 'ls', args: none }],
    ['--json ls', { kind: 'run', command: 'ls', args: { ...none, json: true } }],
    ['status', { kind: 'run', command: 'status', args: none }],
    ['stop login', { kind: 'run', command: 'stop', args: { ...none, name: 'login' } }],
    ['stop -- -x', { kind: 'run', command: 'stop', args: { ...none, name: '-x' } }],
    ['logs login -fn 5', { kind: 'run', command: 'logs', args: { ...none, name: 'login', follow: true, lines: 5 } }],
  ];
  for (const [line, meaning] of understood) {
    it(`understands “holdfast ${line}”`, () => assert.deepEqual(parse(line), meaning));
  }

  const refused: [line: string, message: string][] = [
    ['frobnicate', 'There is no command “frobnicate”; there are ls, status, attach, stop, logs.'],
    ['help frobnicate', 'There is no command “frobnicate”; there are ls, status, attach, stop, logs.'],
    ['constructor', 'There is no command “constructor”; there are ls, status, attach, stop, logs.'],
    ['stop', 'Which session? Its name is missing.'],
    ['ls login', '“login” is one argument too many.'],
    ['stop one two', '“two” is one argument too many.'],
    ['ls --raw', '“holdfast ls” has no option --raw.'],
    ['ls --colour', "Unknown option '--colour'."],
    ['logs login -n many', '“many” is not a number of lines.'],
    ['logs login --raw --json', '--raw and --json exclude each other.'],
  ];
  for (const [line, message] of refused) {
    it(`refuses “holdfast ${line}”`, () => assert.equal(parse(line), message));
  }

  it('has help that lists every exit code, and what “stop” takes for a name', () => {
    const [, names = '', codes = ''] = helpText().match(/\n(NAME is .*)\n\nExit codes:\n(.*)$/s) ?? [];
    assert.deepEqual(
      { codes: codes.match(/^ {2}\S+/gm), stop: names.replaceAll('\n', ' ').split('; ')[1] },
      {
        codes: ['  0', '  1', '  2', '  N'],
        stop: '“stop” takes the whole name, or at least 8 characters of the id.',
      },
    );
  });

  it('has help for every command that names its usage, and fits a terminal', () => {
    const texts = [helpText(), ...commandNames.map((name) => helpText(name))];
    const wide = texts.flatMap((text) => text.split('\n')).filter((line) => line.length > 120);
    const usages = commandNames.filter((name) => helpText(name).startsWith(`Usage: holdfast ${name}`));
    assert.deepEqual({ wide, usages }, { wide: [], usages: commandNames });
  });
});
