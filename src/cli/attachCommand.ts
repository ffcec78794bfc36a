import { constants } from 'node:os';
import { HoldfastError } from '../base/errors.ts';
import type { HostClientOptions } from '../client/hostClient.ts';
import { describeExit } from '../core/presentation.ts';
import { isRunning } from '../core/sessionRecord.ts';
import { readLastScreen } from '../node/savedScreen.ts';
import type { HostExit } from '../protocol/hostMessages.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { hostLost, toAttachError } from './attachErrors.ts';
import { type AttachmentOutcome, runAttachment } from './attachment.ts';
import { print } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, type RepositorySessions, withSessions } from './repositorySessions.ts';
import { restoreTerminal } from './terminalSequences.ts';
import { UserTerminal } from './userTerminal.ts';

/** Exit code of a program that was ended by a signal, as shells count. */
const signalBase = 128;

/** How an attachment ends when nothing went wrong. */
type AttachmentResult = Exclude<AttachmentOutcome, { kind: 'lost' }>;

/**
 * `holdfast attach NAME`. Returns the session's exit code, 0 after detaching.
 *
 * @throws {HoldfastError} `CONNECTION_LOST`, `TIMEOUT`, `INPUT_TOO_LARGE`; the terminal is then restored.
 */
export async function attachSession(program: Program, { name }: CommandArguments): Promise<number> {
  requireTerminal();
  const { record, host } = await withSessions(program, async (sessions) => {
    const { record } = await sessions.find(name);
    refuseItself(record);
    if (!isRunning(record)) await showLastScreen(sessions, record);
    return { record, host: await sessions.hostAddress(record.id) };
  });
  if (!isRunning(record)) return exitCodeOf(record.exit);
  return useTerminal(record, host);
}

async function useTerminal(record: SessionRecord, host: HostClientOptions): Promise<number> {
  const terminal = new UserTerminal();
  try {
    const outcome = await runAttachment(host, terminal);
    if (outcome.kind === 'lost') throw hostLost(record);
    terminal.leave(describeResult(record.name, outcome));
    return outcome.kind === 'exit' ? exitCodeOf(outcome.exit) : 0;
  } catch (error) {
    throw toAttachError(error, record);
  } finally {
    terminal.dispose();
  }
}

function requireTerminal(): void {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new HoldfastError('INVALID_ARGUMENT', 'Attaching needs a terminal.', {
    advice: 'To read what a session printed, use “holdfast logs”.',
  });
}

/** What such a session prints would come back to it as output without end. */
function refuseItself({ id, name }: SessionRecord): void {
  if (process.env.HOLDFAST_SESSION_ID !== id) return;
  throw new HoldfastError('INVALID_ARGUMENT', `“${name}” cannot be shown on its own terminal.`, {
    advice: 'Attach from another terminal.',
    data: { id },
  });
}

async function showLastScreen(sessions: RepositorySessions, record: SessionRecord): Promise<void> {
  const saved = await readLastScreen(sessions.places(record.id));
  if (saved) print(`${saved.screen}${restoreTerminal}`);
  print(`[${record.name} does not run: ${describeExit(record) ?? 'it was not started yet'}]`);
}

function describeResult(name: string, result: AttachmentResult): string {
  return result.kind === 'detached' ? `[detached from ${name}]` : `[${name} ${describeEnd(result.exit)}]`;
}

function describeEnd({ code, signal, reason }: HostExit): string {
  if (reason === 'stop') return 'was stopped';
  return signal === null ? `ended with code ${code}` : `was ended by ${signalName(signal)}`;
}

function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `signal ${number}`;
}

function exitCodeOf(exit: { code: number | null; signal: number | null } | undefined): number {
  if (!exit) return 1;
  return exit.signal === null ? (exit.code ?? 1) : signalBase + exit.signal;
}
