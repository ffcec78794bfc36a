import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import {
  allCommands,
  type CommandGroup,
  type CommandLineSpec,
  type CommandSpec,
  entryOf,
  isGroup,
  type OptionSpec,
  type OptionTable,
  optionUsage,
  typedOption,
} from './commandLineSpec.ts';
import { holdfast, type OptionArguments } from './commandSpecs.ts';
import { UsageError } from './usageError.ts';

/** What a command was given. */
export interface CommandArguments extends OptionArguments {
  /** The first operand as typed; empty where none was given. */
  name: string;
  /** All operands as typed. */
  operands: readonly string[];
}

/** What is to be done; a command is named as it is typed, a subcommand with its group before it. */
export type Invocation =
  | { kind: 'help'; command?: string }
  | { kind: 'version' }
  | { kind: 'run'; command: string; args: CommandArguments };

/** Options as they were typed, by their names in the table. */
type Typed = Readonly<Record<string, string | boolean | string[] | undefined>>;

const flag = { type: 'boolean', default: false } as const;

/** @throws {UsageError} */
export function parseCommandLine(argv: readonly string[], spec: CommandLineSpec = holdfast): Invocation {
  const { values, positionals, tokens } = parse(argv, spec);
  const asksHelp = positionals[0] === 'help';
  const [word, ...others] = asksHelp ? positionals.slice(1) : positionals;
  if (values.version) return { kind: 'version' };
  if (word === undefined) {
    if (asksHelp || values.help || !tokens.some(({ kind }) => kind === 'option')) return { kind: 'help' };
    throw new UsageError('Which command? Its name is missing.');
  }
  const { name, command, operands } = findCommand(spec, word, others);
  if (values.help || asksHelp) return { kind: 'help', command: name };
  if (isGroup(command)) throw new UsageError(`“holdfast ${name}” needs one of ${namesIn(command.subcommands)}.`, name);
  const typed = typedValues(values, spec.options);
  checkOptions(name, command, { typed, options: spec.options });
  checkOperands(name, command, { operands, typed });
  const args = { name: operands[0] ?? '', operands, ...toValues(name, typed, spec.options) };
  // The table's type says what its options become.
  return { kind: 'run', command: name, args: args as CommandArguments };
}

/** What is wrong is told here, for the parser's own messages are made for programmers. */
function parse(argv: readonly string[], spec: CommandLineSpec) {
  const options = parserOptions(spec.options);
  const parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: false, tokens: true });
  for (const token of parsed.tokens) {
    const problem = token.kind === 'option' ? problemOf(token, spec.options) : undefined;
    if (problem !== undefined) throw new UsageError(problem, commandNamed(spec, parsed.positionals));
  }
  return parsed;
}

/** An option as it was typed. */
interface OptionToken {
  name: string;
  /** With its dashes. */
  rawName: string;
  value: string | undefined;
  /** Whether the value came with “=”, or right behind the letter. */
  inlineValue: boolean | undefined;
}

function problemOf({ name, rawName, value, inlineValue }: OptionToken, options: OptionTable): string | undefined {
  const own = Object.keys(options).find((option) => typedOption(option) === name);
  const spec = own === undefined ? undefined : options[own];
  if (!spec && name !== 'help' && name !== 'version') return `There is no option ${rawName}.`;
  if (spec?.value === undefined) return inlineValue ? `${rawName} takes no value.` : undefined;
  if (!value) return `${rawName} needs a value: ${rawName} ${spec.value}.`;
  if (spec.counts !== undefined && /^-[\d.]/.test(value)) return notNumber(value, spec.counts);
  // A value is seldom meant so, and an option that lacks its value often.
  const isOption = !inlineValue && value.startsWith('-') && value.length > 1;
  return isOption ? `${rawName} needs a value; “${value}” is taken for one as --${name}=${value}.` : undefined;
}

/** The command whose help tells more; undefined where none was named. */
function commandNamed(spec: CommandLineSpec, [word, subword]: readonly string[]): string | undefined {
  const known = allCommands(spec);
  return [`${word} ${subword}`, word].find((name) => name !== undefined && known.has(name));
}

function parserOptions(options: OptionTable) {
  const own: ParseArgsOptionsConfig = Object.fromEntries(
    Object.entries(options).map(([name, { short, value, isRepeated = false }]) => {
      const type = value ? ({ type: 'string', multiple: isRepeated } as const) : flag;
      return [typedOption(name), short ? { ...type, short } : type];
    }),
  );
  return { ...own, help: { ...flag, short: 'h' }, version: flag };
}

interface Found {
  name: string;
  command: CommandSpec | CommandGroup;
  operands: readonly string[];
}

function findCommand({ commands }: CommandLineSpec, word: string, others: readonly string[]): Found {
  const command = entryOf(commands, word);
  if (!command) throw new UsageError(`There is no command “${word}”; there are ${namesIn(commands)}.`);
  const [subword, ...operands] = others;
  if (!isGroup(command) || subword === undefined) return { name: word, command, operands: others };
  const subcommand = entryOf(command.subcommands, subword);
  if (subcommand) return { name: `${word} ${subword}`, command: subcommand, operands };
  const there = namesIn(command.subcommands);
  throw new UsageError(`There is no command “${word} ${subword}”; there are ${there}.`, word);
}

function namesIn(table: Readonly<Record<string, unknown>>): string {
  return Object.keys(table).join(', ');
}

function typedValues(values: Readonly<Record<string, unknown>>, options: OptionTable): Typed {
  const names = Object.keys(options);
  return Object.fromEntries(names.map((name) => [name, values[typedOption(name)]])) as Typed;
}

function checkOptions(
  name: string,
  { options: allowed, exclusive = [], needs = {} }: CommandSpec,
  { typed, options }: { typed: Typed; options: OptionTable },
): void {
  for (const [option, spec] of Object.entries(options)) {
    if (!isGiven(typed, option) || allowed.includes(option)) continue;
    throw new UsageError(`“holdfast ${name}” has no option ${optionUsage(option, spec)}.`, name);
  }
  for (const [one, other] of exclusive) {
    if (!isGiven(typed, one) || !isGiven(typed, other)) continue;
    throw new UsageError(`--${typedOption(one)} and --${typedOption(other)} exclude each other.`, name);
  }
  const needed = Object.entries(needs).find(([option]) => !isGiven(typed, option));
  if (needed?.[1] !== undefined) throw new UsageError(needed[1], name);
}

function isGiven(typed: Typed, option: string): boolean {
  return typed[option] !== undefined && typed[option] !== false;
}

function checkOperands(
  name: string,
  { operands: specs, forAll }: CommandSpec,
  { operands, typed }: { operands: readonly string[]; typed: Typed },
): void {
  if (forAll !== undefined && isGiven(typed, forAll)) {
    if (operands.length === 0) return;
    throw new UsageError(`“${operands[0]}” and --${typedOption(forAll)} exclude each other.`, name);
  }
  // An empty one, as of a variable of the shell that is not set, must not pass for none, which may mean all.
  const empty = operands.indexOf('');
  if (empty >= 0) throw new UsageError(`${specs[empty]?.name ?? 'An argument'} is empty.`, name);
  const missing = specs.find(({ required }, index) => required && operands[index] === undefined);
  if (missing) throw new UsageError(missing.missing ?? `${missing.name} is missing.`, name);
  const unexpected = operands[specs.length];
  if (unexpected !== undefined) throw new UsageError(`“${unexpected}” is one argument too many.`, name);
}

function toValues(name: string, typed: Typed, options: OptionTable): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const [option, spec] of Object.entries(options)) {
    const value = typed[option];
    if (value !== undefined) values[option] = toValue(name, value, spec);
  }
  return values;
}

type Value = string | number | boolean | string[];

function toValue(name: string, value: Exclude<Value, number>, { counts, isFraction }: OptionSpec): Value {
  if (typeof value !== 'string' || counts === undefined) return value;
  if ((isFraction ? /^\d{1,9}(\.\d{1,9})?$/ : /^\d{1,9}$/).test(value)) return Number(value);
  throw new UsageError(notNumber(value, counts), name);
}

function notNumber(value: string, counts: string): string {
  return `“${value}” is not a number of ${counts}.`;
}
