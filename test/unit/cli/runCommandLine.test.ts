import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { projectNode } from '../../support/paths.ts';

const program = path.join(import.meta.dirname, 'programs/shelf.ts');

/** Exit code and output of a command line; what is printed to standard error comes with a mark. */
function run(line: string): string {
  const { status, stdout, stderr } = spawnSync(projectNode, [program, ...line.split(' ')], { encoding: 'utf8' });
  return `${status}: ${stdout}${stderr && `! ${stderr}`}`.trimEnd();
}

const groupHelp = `0: Usage: holdfast shelf <command> [options]

Keep books.

Books stay where they are.

Commands:
  list               List the books.
  copy BOOK [TITLE]  Copy a book.

More about one: holdfast help shelf <command>`;

const subcommandHelp = `0: Usage: holdfast shelf copy BOOK [TITLE] [options]

Copy a book.

Under another title.

Options:
  -o, --output FILE  Write to FILE.
  --dry-run          Change nothing.`;

describe('a command line with subcommands', () => {
  const runs: [line: string, outcome: string][] = [
    ['shelf list', '0: {"name":"","operands":[],"dryRun":false,"json":false}'],
    ['--json shelf list', '0: {"name":"","operands":[],"dryRun":false,"json":true}'],
    ['shelf copy a b', '0: {"name":"a","operands":["a","b"],"dryRun":false,"json":false}'],
    ['shelf copy a -o b', '0: {"name":"a","operands":["a"],"output":"b","dryRun":false,"json":false}'],
    ['shelf copy a --dry-run', '0: {"name":"a","operands":["a"],"dryRun":true,"json":false}'],
    ['--version', '0: 1.2.3'],
    ['help shelf', groupHelp],
    ['shelf --help', groupHelp],
    ['help shelf copy', subcommandHelp],
    ['shelf copy --help', subcommandHelp],
  ];
  for (const [line, outcome] of runs) {
    it(`does “${line}”`, () => assert.equal(run(line), outcome));
  }

  const refused: [line: string, message: string][] = [
    ['shelf', '“holdfast shelf” needs one of list, copy. See “holdfast shelf --help”.'],
    ['shelf burn', 'There is no command “shelf burn”; there are list, copy. See “holdfast shelf --help”.'],
    ['help shelf burn', 'There is no command “shelf burn”; there are list, copy. See “holdfast shelf --help”.'],
    [
      'shelf constructor',
      'There is no command “shelf constructor”; there are list, copy. See “holdfast shelf --help”.',
    ],
    ['shelf copy', 'Which book? See “holdfast shelf copy --help”.'],
    ['check', 'FILE is missing. See “holdfast check --help”.'],
    ['shelf copy a b c', '“c” is one argument too many. See “holdfast shelf copy --help”.'],
    ['shelf list --dry-run', '“holdfast shelf list” has no option --dry-run. See “holdfast shelf list --help”.'],
    ['shelf list -o a', '“holdfast shelf list” has no option -o, --output FILE. See “holdfast shelf list --help”.'],
    ['shelf copy a --output', '--output needs a value: --output FILE. See “holdfast shelf copy --help”.'],
    ['--colour', 'There is no option --colour. See “holdfast --help”.'],
    ['shelf copy a -o b --dry-run', '--output and --dry-run exclude each other. See “holdfast shelf copy --help”.'],
  ];
  for (const [line, message] of refused) {
    it(`refuses “${line}” with exit code 2`, () =>
      assert.equal(run(line), `2: ! holdfast: ${message} (INVALID_ARGUMENT)`));
  }
});

describe('an error', () => {
  it('is JSON where --json is an option, and where the command line cannot be understood', () => {
    const codeOf = (line: string) => JSON.parse(run(line).split('! ')[1] as string).code;
    assert.deepEqual(['check lost --json', 'burn --json'].map(codeOf), ['UNKNOWN', 'INVALID_ARGUMENT']);
  });

  it('is text where “--json” is no option', () => {
    assert.match(run('check -- --json more'), /^2: ! holdfast: /);
  });
});

describe('the exit code', () => {
  it('is what the command returns', () => {
    assert.deepEqual([run('check sound'), run('check findings')], ['0:', '1:']);
  });

  it('is the one the command has for failures, where it throws', () => {
    assert.equal(
      run('check lost'),
      '3: ! holdfast: Something unexpected went wrong: gone. Sessions run on. If it stays so, please report it. (UNKNOWN)',
    );
  });

  it('is 2 where a command finds the command line wrong', () => {
    assert.equal(run('check wrong'), '2: ! holdfast: That is no file. See “holdfast check --help”. (INVALID_ARGUMENT)');
  });
});
