// A command line of its own, with everything that a table of commands can say; each command prints what it was given.
import type { CommandLineSpec } from '../../../../src/cli/commandLineSpec.ts';
import { type CommandHandler, runCommandLine } from '../../../../src/cli/runCommandLine.ts';
import { UsageError } from '../../../../src/cli/usageError.ts';

const spec: CommandLineSpec = {
  options: {
    output: { short: 'o', value: 'FILE', text: 'Write to FILE.' },
    dryRun: { text: 'Change nothing.' },
    json: { text: 'Print JSON.' },
  },
  commands: {
    check: {
      operands: [{ name: 'FILE', required: true }],
      options: ['json'],
      failureCode: 3,
      summary: 'Check a file.',
      details: 'Exit codes: 0 sound, 1 findings, 3 could not run.',
    },
    shelf: {
      summary: 'Keep books.',
      details: 'Books stay where they are.',
      subcommands: {
        list: { operands: [], options: ['json'], summary: 'List the books.', details: 'Oldest first.' },
        copy: {
          operands: [
            { name: 'BOOK', required: true, missing: 'Which book?' },
            { name: 'TITLE', required: false },
          ],
          options: ['output', 'dryRun'],
          exclusive: [['output', 'dryRun']],
          summary: 'Copy a book.',
          details: 'Under another title.',
        },
      },
    },
  },
};

const echo: CommandHandler = async (_program, args) => {
  process.stdout.write(`${JSON.stringify(args)}\n`);
  return 0;
};

const endings: Record<string, CommandHandler> = {
  sound: async () => 0,
  findings: async () => 1,
  wrong: async () => Promise.reject(new UsageError('That is no file.', 'check')),
};

process.exitCode = await runCommandLine(process.argv.slice(2), {
  spec,
  program: { dist: '', version: '1.2.3' },
  handlers: {
    check: (program, args) => {
      const ending = endings[args.name];
      if (!ending) throw new Error('gone');
      return ending(program, args);
    },
    'shelf list': echo,
    'shelf copy': echo,
  },
});
