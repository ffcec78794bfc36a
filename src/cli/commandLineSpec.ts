/** An option, which means the same for every command that has it. */
export interface OptionSpec {
  /** One letter. */
  short?: string;
  /** What help calls the value; absent, the option is a flag. */
  value?: string;
  /** What the value is a number of; absent, the value is text. */
  counts?: string;
  /** The number may have decimals. */
  isFraction?: true;
  /** It may be given again and again, and means the list of its values. */
  isRepeated?: true;
  /** What help says about it. */
  text: string;
}

/** What a command works on, such as a session or a file. */
export interface OperandSpec {
  /** As help writes it, in capitals. */
  name: string;
  required: boolean;
  /** What is said where a required one was not given; absent, “NAME is missing.” */
  missing?: string;
}

/** What a command is called, takes and does: the one source for parsing and for help. */
export interface CommandSpec<Option extends string = string> {
  /** In the order of the command line; required ones come first. */
  operands: readonly OperandSpec[];
  options: readonly Option[];
  /** Pairs of options of which only one may be given. */
  exclusive?: readonly (readonly [Option, Option])[];
  /** An option that stands for the operands: with it there are none, without it those that are required. */
  forAll?: Option;
  /** Options that must be given, by what is said where one is not. */
  needs?: { readonly [O in Option]?: string };
  /** Exit code where the command throws; 1 where nothing is said. */
  failureCode?: number;
  /** One line for the list of commands. */
  summary: string;
  /** What help says below the usage, with the exit codes where they are not those of every command. */
  details: string;
}

/** A command that only has commands of its own, as “holdfast backups list”. */
export interface CommandGroup<Option extends string = string> {
  subcommands: Readonly<Record<string, CommandSpec<Option>>>;
  summary: string;
  details: string;
}

export type CommandTable<Option extends string = string> = Readonly<
  Record<string, CommandSpec<Option> | CommandGroup<Option>>
>;

export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** All that can be said on a command line. */
export interface CommandLineSpec {
  commands: CommandTable;
  options: OptionTable;
}

/** The commands of a table that can be run, each as it is typed: “ls”, “backups list”. */
export type RunnableCommand<T extends CommandTable> = {
  [Name in keyof T & string]: T[Name] extends { subcommands: infer S } ? `${Name} ${keyof S & string}` : Name;
}[keyof T & string];

/** What options become for a command: flags are always there, values only where they were given. */
export type OptionValues<T extends OptionTable> = {
  [Name in keyof T as T[Name] extends { value: string } ? never : Name]: boolean;
} & {
  [Name in keyof T as T[Name] extends { value: string } ? Name : never]?: T[Name] extends { counts: string }
    ? number
    : T[Name] extends { isRepeated: true }
      ? readonly string[]
      : string;
};

export function isGroup(command: CommandSpec | CommandGroup): command is CommandGroup {
  return 'subcommands' in command;
}

/** The entry of that very name; undefined also for names that every object has, such as “constructor”. */
export function entryOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Every command and group by its name as it is typed: “ls”, “backups”, “backups list”. */
export function allCommands({ commands }: CommandLineSpec): ReadonlyMap<string, CommandSpec | CommandGroup> {
  const named = Object.entries(commands).flatMap(([name, command]) => {
    const below = isGroup(command) ? Object.entries(command.subcommands) : [];
    return [[name, command] as const, ...below.map(([word, sub]) => [`${name} ${word}`, sub] as const)];
  });
  return new Map<string, CommandSpec | CommandGroup>(named);
}

/** An option as it is typed, without the dashes before it: `dryRun` is “dry-run”. */
export function typedOption(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** An option as help writes it: “-n, --lines N”. */
export function optionUsage(name: string, { short, value }: OptionSpec): string {
  return `${short ? `-${short}, ` : ''}--${typedOption(name)}${value ? ` ${value}` : ''}`;
}
