import { allCommands, type CommandLineSpec, isGroup } from './commandLineSpec.ts';
import { reportFailure } from './failureReport.ts';
import { helpText } from './help.ts';
import { print } from './output.ts';
import { type CommandArguments, type Invocation, parseCommandLine } from './parseCommandLine.ts';
import type { Program } from './repositorySessions.ts';

/** Does what a command is for; returns the exit code. What it throws is told to the user. */
export type CommandHandler = (program: Program, args: CommandArguments) => Promise<number>;

export interface CommandLine {
  spec: CommandLineSpec;
  /** One for each command of `spec` that can be run, by its name as it is typed. */
  handlers: Readonly<Record<string, CommandHandler>>;
  program: Program;
}

/** Runs what a command line asks for; returns the exit code, also of what went wrong and was told. */
export async function runCommandLine(argv: readonly string[], commandLine: CommandLine): Promise<number> {
  try {
    return await perform(parseCommandLine(argv, commandLine.spec), commandLine);
  } catch (error) {
    return reportFailure(error);
  }
}

async function perform(invocation: Invocation, commandLine: CommandLine): Promise<number> {
  switch (invocation.kind) {
    case 'help':
      print(helpText(invocation.command, commandLine.spec));
      return 0;
    case 'version':
      print(commandLine.program.version);
      return 0;
    case 'run':
      return runCommand(invocation.command, invocation.args, commandLine);
  }
}

async function runCommand(name: string, args: CommandArguments, { spec, handlers, program }: CommandLine) {
  try {
    const handler = handlers[name];
    if (!handler) throw new Error(`nothing handles ${name}`);
    return await handler(program, args);
  } catch (error) {
    const command = allCommands(spec).get(name);
    return reportFailure(error, command && !isGroup(command) ? command.failureCode : undefined);
  }
}
