import {
  allCommands,
  type CommandGroup,
  type CommandLineSpec,
  type CommandSpec,
  type CommandTable,
  isGroup,
  type OptionTable,
  optionUsage,
  typedOption,
} from './commandLineSpec.ts';
import { holdfast } from './commandSpecs.ts';

/** Help for the whole program, or for one command, named as it is typed: “ls”, “backups”, “backups list”. */
export function helpText(name?: string, spec: CommandLineSpec = holdfast): string {
  if (name === undefined) return programHelp(spec);
  const command = allCommands(spec).get(name);
  if (!command) throw new Error(`There is no command ${name}.`);
  return isGroup(command) ? groupHelp(name, command, spec) : commandHelp(name, command, spec);
}

function programHelp({ commands, options }: CommandLineSpec): string {
  return [
    'Usage: holdfast <command> [options]',
    '',
    'Commands:',
    ...commandList(commands, options),
    '',
    'Options:',
    ...columns([
      ['-h, --help', 'Show help, also for one command: holdfast ls --help, holdfast help ls'],
      ['--version', 'Print the version.'],
    ]),
    '',
    'NAME is a session’s name, or the beginning of its name or id where only one session has it; “stop”, “restart” and',
    '“give-up” take the whole name, or at least 8 characters of the id.',
    '',
    'Exit codes:',
    ...columns(exitCodes),
  ].join('\n');
}

const exitCodes = [
  ['0', 'Done; also where whoever reads the output has seen enough.'],
  ['1', 'Something went wrong; standard error tells what, to which session, and what to do. Of “doctor”, “validate”'],
  ['', 'and “backups verify”: something is not sound.'],
  ['2', 'The command line is wrong; of “doctor”, “validate” and “backups verify” also: it could not be told.'],
  ['N', 'Of “attach”: the exit code of the session, 128 + N where signal N ended it.'],
] as const;

function groupHelp(name: string, group: CommandGroup, { options }: CommandLineSpec): string {
  return [
    `Usage: holdfast ${synopsis(name, group, options)} [options]`,
    '',
    group.summary,
    '',
    group.details,
    '',
    'Commands:',
    ...commandList(group.subcommands, options),
    '',
    `More about one: holdfast help ${name} <command>`,
  ].join('\n');
}

function commandHelp(name: string, command: CommandSpec, spec: CommandLineSpec): string {
  const { options, summary, details } = command;
  const own = Object.entries(spec.options).filter(([option]) => options.includes(option));
  const texts = columns(own.map(([option, about]) => [optionUsage(option, about), about.text]));
  return [
    `Usage: holdfast ${synopsis(name, command, spec.options)}${options.length > 0 ? ' [options]' : ''}`,
    '',
    summary,
    '',
    details,
    ...(texts.length > 0 ? ['', 'Options:', ...texts] : []),
  ].join('\n');
}

function commandList(commands: CommandTable, options: OptionTable): string[] {
  return columns(
    Object.entries(commands).map(([name, command]) => [synopsis(name, command, options), command.summary]),
  );
}

function synopsis(name: string, command: CommandSpec | CommandGroup, options: OptionTable): string {
  if (isGroup(command)) return `${name} <command>`;
  const operands = command.operands.map(({ name: operand, required }) => (required ? operand : `[${operand}]`));
  const { forAll, needs = {} } = command;
  const needed = Object.keys(needs).map((option) => [`--${typedOption(option)}`, options[option]?.value].join(' '));
  return [name, ...operands, ...needed].join(' ') + (forAll === undefined ? '' : ` | --${typedOption(forAll)}`);
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
