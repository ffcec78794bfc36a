import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describeError, HoldfastError, toErrorShape } from '../base/errors.ts';
import { attachSession } from './attachCommand.ts';
import type { CommandName } from './commandSpecs.ts';
import { helpText } from './help.ts';
import { listSessions } from './listCommand.ts';
import { printLogs } from './logsCommand.ts';
import { print } from './output.ts';
import { type CommandArguments, parseCommandLine } from './parseCommandLine.ts';
import type { Program } from './repositorySessions.ts';
import { showStatus } from './statusCommand.ts';
import { stopSession } from './stopCommand.ts';
import { UsageError } from './usageError.ts';

type Command = (program: Program, args: CommandArguments) => Promise<number>;

const commands: Record<CommandName, Command> = {
  ls: listSessions,
  status: showStatus,
  attach: attachSession,
  stop: stopSession,
  logs: printLogs,
};

async function main(argv: readonly string[]): Promise<number> {
  const invocation = parseCommandLine(argv);
  const program = { dist: __dirname, version: readVersion() };
  switch (invocation.kind) {
    case 'help':
      print(helpText(invocation.command));
      return 0;
    case 'version':
      print(program.version);
      return 0;
    case 'run':
      return commands[invocation.command](program, invocation.args);
  }
}

function readVersion(): string {
  return JSON.parse(readFileSync(path.join(__dirname, 'version.json'), 'utf8')).version;
}

/** Tells what went wrong; returns the exit code: 2 for a command line that is wrong, 1 for everything else. */
function report(thrown: unknown): number {
  const error = toHoldfastError(thrown);
  const isUsage = error instanceof UsageError;
  if (process.argv.includes('--json')) console.error(JSON.stringify(toErrorShape(error)));
  else console.error(`holdfast: ${error.text}${isUsage ? '' : ` (${error.code})`}`);
  return isUsage ? 2 : 1;
}

/** Whatever was not expected is an error with advice, too. */
function toHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const advice = 'Sessions run on. If it stays so, please report it.';
  return new HoldfastError('UNKNOWN', `Something unexpected went wrong: ${describeError(error)}.`, {
    advice,
    cause: error,
  });
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough, such as `head`, is no error.
  process.exit(error.code === 'EPIPE' ? 0 : report(notPrinted(error)));
});

function notPrinted(error: NodeJS.ErrnoException): HoldfastError {
  return new HoldfastError('UNKNOWN', `The output could not be written (${error.code}).`, {
    advice: 'Write it to another place.',
    cause: error,
  });
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    process.exitCode = report(error);
  },
);
