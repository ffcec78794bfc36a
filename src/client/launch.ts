import path from 'node:path';
import * as v from 'valibot';
import { HoldfastError } from '../base/errors.ts';
import { programOf, resolveCommand } from '../core/launchCommand.ts';
import { launchEnvironment } from '../core/launchEnvironment.ts';
import { readJson } from '../node/durableFile.ts';
import { findExecutable, isKnownCommand } from '../node/executable.ts';
import { type Machine, sessionPlaces, stateFolder } from '../node/places.ts';
import { leasePorts } from '../node/portLeases.ts';
import { requireFolder, type Workplace } from '../node/repository.ts';
import { type LaunchSpec, launchSpecSchema, type Setup, type TerminalSize } from '../protocol/hostMessages.ts';
import type { SessionCommand, SessionRecord } from '../protocol/sessionRecord.ts';
import type { WorktreeSettings } from './worktreeSetup.ts';

/** The size of a session where that of its terminal is not known. */
const initialSize = { cols: 120, rows: 30 };

export interface LaunchContext {
  shell: string;
  scrollback: number;
  theme: 'dark' | 'light';
  size?: TerminalSize | undefined;
  /** The environment, without the additions of settings and record. */
  env: Record<string, string>;
  /** What the user has set for all sessions, with placeholders. */
  variables?: Readonly<Record<string, string>> | undefined;
  /** The main checkout. */
  root: string;
  /** What the user has set about worktrees. */
  worktree?: WorktreeSettings | undefined;
  /** What has to succeed before the command is started. */
  setup?: Setup | undefined;
  /** The first of the ports that are the session's. */
  port?: number | undefined;
}

/** Everything a session host needs to run the record's command. @throws {HoldfastError} `NO_FOLDER`, `INVALID_ARGUMENT` */
export async function launchSpec(record: SessionRecord, context: LaunchContext): Promise<LaunchSpec> {
  const { shell, scrollback, theme, size = initialSize, root, variables, worktree, setup } = context;
  const { command, resumeCommand } = record;
  const call = (wanted: SessionCommand) => resolveCommand(wanted, { platform: process.platform, shell });
  const cwd = path.join(record.worktreePath, record.cwd ?? '');
  await requireFolder(cwd);
  return {
    sessionId: record.id,
    ...call(command),
    ...(resumeCommand === undefined ? {} : { resume: call(resumeCommand) }),
    cwd,
    env: launchEnvironment(record, context),
    ...size,
    scrollback,
    theme,
    root,
    ...(variables === undefined ? {} : { variables: { ...variables } }),
    ...(worktree === undefined ? {} : { worktree: commandsOf(worktree) }),
    ...(setup === undefined ? {} : { setup }),
  };
}

function commandsOf({ setup = [], teardown = [], setupTimeout }: WorktreeSettings): LaunchSpec['worktree'] {
  return { setup: [...setup], teardown: [...teardown], ...(setupTimeout === undefined ? {} : { setupTimeout }) };
}

/** What a session was last started with, for those who know no settings of the user's; undefined where it never was. */
export async function lastLaunch(
  { machine, workplace }: { machine: Machine; workplace: Workplace },
  { id }: SessionRecord,
): Promise<LaunchSpec | undefined> {
  const launch = v.safeParse(launchSpecSchema, await readJson(sessionPlaces(machine, workplace.key, id).launch));
  return launch.success ? launch.output : undefined;
}

/** The first of the ports that are the session's on this machine; undefined where there are none left. */
export function portOf(
  { machine, workplace }: { machine: Machine; workplace: Workplace },
  { id }: SessionRecord,
): Promise<number | undefined> {
  return leasePorts({ stateFolder: stateFolder(machine), key: workplace.key, id });
}

export interface CommandLookup {
  cwd: string;
  shell: string;
  env: Record<string, string>;
  /** The default is this machine's. */
  platform?: NodeJS.Platform;
}

/** @throws {HoldfastError} `COMMAND_NOT_FOUND` when neither the PATH nor the user's shell knows the command. */
export async function checkCommand(command: SessionCommand, lookup: CommandLookup): Promise<void> {
  const unknown = await unknownWord(command, lookup);
  if (unknown === undefined) return;
  throw new HoldfastError('COMMAND_NOT_FOUND', `The command “${unknown}” was not found. Nothing was created.`, {
    advice: 'Check its spelling, or install it so that it is on your PATH.',
    data: { command: unknown },
  });
}

/** Whether the command names a file relative to its folder, so that only the finished worktree can tell. */
export function isInWorktree(command: SessionCommand): boolean {
  const word = programOf(command) ?? '';
  const isPath = word.includes('/') || (process.platform === 'win32' && word.includes('\\'));
  return isPath && !path.isAbsolute(word) && !word.startsWith('~');
}

/** An argument vector is started as it is; everything else is the shell's to understand. */
async function unknownWord(command: SessionCommand, lookup: CommandLookup): Promise<string | undefined> {
  const word = programOf(command);
  const program = Array.isArray(command) ? word : lookup.shell;
  if (program !== undefined && !(await findExecutable(program, lookup))) return program;
  const isLine = typeof command === 'string' && word !== undefined;
  return isLine && !(await isKnownCommand(word, lookup)) ? word : undefined;
}
