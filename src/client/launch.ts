import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { programOf, resolveCommand } from '../core/launchCommand.ts';
import { isKnownCommand } from '../node/executable.ts';
import { requireFolder } from '../node/repository.ts';
import type { LaunchSpec } from '../protocol/hostMessages.ts';
import type { SessionCommand, SessionRecord } from '../protocol/sessionRecord.ts';

/** The size of a session that no terminal has shown yet. */
const initialSize = { cols: 120, rows: 30 };

export interface LaunchContext {
  shell: string;
  scrollback: number;
  theme: 'dark' | 'light';
  /** The environment, without the record's own additions. */
  env: Record<string, string>;
}

/** Everything a session host needs to run the record's command. @throws {HoldfastError} `NO_FOLDER` */
export async function launchSpec(record: SessionRecord, context: LaunchContext): Promise<LaunchSpec> {
  const { shell, scrollback, theme, env } = context;
  const cwd = path.join(record.worktreePath, record.cwd ?? '');
  await requireFolder(cwd);
  return {
    sessionId: record.id,
    ...resolveCommand(record.command, { platform: process.platform, shell }),
    cwd,
    env: { ...env, ...extraEnvironment(record), HOLDFAST_SESSION_ID: record.id, HOLDFAST_SESSION_NAME: record.name },
    ...initialSize,
    scrollback,
    theme,
  };
}

/** @throws {HoldfastError} `COMMAND_NOT_FOUND` when neither the PATH nor the user's shell knows the command. */
export async function checkCommand(
  command: SessionCommand,
  { cwd, shell, env }: { cwd: string; shell: string; env: Record<string, string> },
): Promise<void> {
  const word = command === null ? shell : programOf(command);
  if (word === undefined || (await isKnownCommand(word, { cwd, shell, env }))) return;
  throw new HoldfastError('COMMAND_NOT_FOUND', `The command “${word}” was not found. Nothing was created.`, {
    advice: 'Check its spelling, or install it so that it is on your PATH.',
    data: { command: word },
  });
}

function extraEnvironment({ metadata }: SessionRecord): Record<string, string> {
  const env = metadata?.env;
  return typeof env === 'object' && env ? (env as Record<string, string>) : {};
}
