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

/** 2 for a command line that is wrong, 1 for everything else. */
function report(error: unknown): number {
  if (process.argv.includes('--json')) console.error(JSON.stringify(toErrorShape(error)));
  else console.error(`holdfast: ${error instanceof HoldfastError ? error.text : describeError(error)}`);
  return error instanceof UsageError ? 2 : 1;
}

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    process.exitCode = report(error);
  },
);
