import { parseArgs } from 'node:util';
import { type CommandName, commandNames, commandSpec, type OptionName, optionTexts } from './commandSpecs.ts';
import { UsageError } from './usageError.ts';

/** What a command was given. */
export interface CommandArguments {
  /** As typed; empty where the command takes none or none was given. */
  name: string;
  json: boolean;
  raw: boolean;
  host: boolean;
  follow: boolean;
  lines?: number;
}

export type Invocation =
  | { kind: 'help'; command?: CommandName }
  | { kind: 'version' }
  | { kind: 'run'; command: CommandName; args: CommandArguments };

const flag = { type: 'boolean', default: false } as const;
const options = {
  help: { ...flag, short: 'h' },
  version: flag,
  json: flag,
  raw: flag,
  host: flag,
  follow: { ...flag, short: 'f' },
  lines: { type: 'string', short: 'n' },
} as const;

/** The recording is one file, and the host's log has a form of its own. */
const exclusive = [
  ['raw', 'json'],
  ['raw', 'host'],
  ['raw', 'lines'],
  ['host', 'json'],
] as const;

/** @throws {UsageError} */
export function parseCommandLine(argv: readonly string[]): Invocation {
  const { values, positionals } = parse(argv);
  const asksHelp = positionals[0] === 'help';
  const [word, ...names] = asksHelp ? positionals.slice(1) : positionals;
  if (values.version) return { kind: 'version' };
  if (word === undefined) return { kind: 'help' };
  const command = toCommand(word);
  if (values.help || asksHelp) return { kind: 'help', command };
  const { lines, json, raw, host, follow } = values;
  checkOptions(command, { lines: lines !== undefined, json, raw, host, follow });
  const args = { name: toName(command, names), json, raw, host, follow };
  return { kind: 'run', command, args: lines === undefined ? args : { ...args, lines: toCount(lines) } };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    // What follows the first sentence explains the parser to a programmer.
    throw new UsageError(`${(error as Error).message.split(/[.;](?:\s|$)/)[0]}.`);
  }
}

function toCommand(word: string): CommandName {
  const command = commandNames.find((name) => name === word);
  if (command) return command;
  throw new UsageError(`There is no command “${word}”; there are ${commandNames.join(', ')}.`);
}

function checkOptions(command: CommandName, given: Record<OptionName, boolean>): void {
  const allowed = commandSpec(command).options;
  for (const option of Object.keys(given) as OptionName[]) {
    if (!given[option] || allowed.includes(option)) continue;
    throw new UsageError(`“holdfast ${command}” has no option ${optionTexts[option][0]}.`, command);
  }
  for (const [one, other] of exclusive) {
    if (given[one] && given[other]) throw new UsageError(`--${one} and --${other} exclude each other.`, command);
  }
}

function toName(command: CommandName, names: readonly string[]): string {
  const { parameter } = commandSpec(command);
  const [name = '', extra] = names;
  if (parameter === 'required' && !name) throw new UsageError('Which session? Its name is missing.', command);
  const unexpected = parameter === 'none' ? names[0] : extra;
  if (unexpected !== undefined) throw new UsageError(`“${unexpected}” is one argument too many.`, command);
  return name;
}

function toCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`“${text}” is not a number of lines.`, 'logs');
}
