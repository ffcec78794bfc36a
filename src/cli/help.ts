import { type CommandName, commandNames, commandSpec, optionTexts } from './commandSpecs.ts';

/** Help for the whole program, or for one command. */
export function helpText(command?: CommandName): string {
  return command ? commandHelp(command) : programHelp();
}

function programHelp(): string {
  return [
    'Usage: holdfast <command> [options]',
    '',
    'Commands:',
    ...columns(commandNames.map((name) => [synopsis(name), commandSpec(name).summary])),
    '',
    'Options:',
    ...columns([
      ['-h, --help', 'Show help, also for one command: holdfast ls --help, holdfast help ls'],
      ['--version', 'Print the version.'],
    ]),
    '',
    'NAME is a session’s name, or the beginning of its name or id where only one session has it; “stop” takes the',
    'whole name, or at least 8 characters of the id.',
    '',
    'Exit codes:',
    ...columns(exitCodes),
  ].join('\n');
}

const exitCodes = [
  ['0', 'Done; also where whoever reads the output has seen enough.'],
  ['1', 'Something went wrong; standard error tells what, to which session, and what to do.'],
  ['2', 'The command line is wrong.'],
  ['N', 'Of “attach”: the exit code of the session, 128 + N where signal N ended it.'],
] as const;

function commandHelp(command: CommandName): string {
  const { options, summary, details } = commandSpec(command);
  const texts = columns(options.map((option) => optionTexts[option]));
  return [
    `Usage: holdfast ${synopsis(command)}${options.length > 0 ? ' [options]' : ''}`,
    '',
    summary,
    '',
    details,
    ...(texts.length > 0 ? ['', 'Options:', ...texts] : []),
  ].join('\n');
}

function synopsis(command: CommandName): string {
  const suffix = { none: '', optional: ' [NAME]', required: ' NAME' };
  return command + suffix[commandSpec(command).parameter];
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
