import { constants } from 'node:os';
import { delay } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import type { HostClientOptions } from '../client/hostClient.ts';
import { describeExit, describeExitOf } from '../core/presentation.ts';
import { isRunning } from '../core/sessionRecord.ts';
import type { SessionPlaces } from '../node/places.ts';
import { readRecordFile } from '../node/recordFile.ts';
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

/** How long a helper may take to write that a session has ended, and how often that is looked for; milliseconds. */
const patience = 2_000;
const lookInterval = 50;

/** How an attachment ends when nothing went wrong. */
type AttachmentResult = Exclude<AttachmentOutcome, { kind: 'lost' }>;

/**
 * `holdfast attach NAME`. Returns the session's exit code, 0 after detaching.
 *
 * @throws {HoldfastError} `CONNECTION_LOST`, `TIMEOUT`, `INPUT_TOO_LARGE`; the terminal is then restored.
 */
export async function attachSession(program: Program, { name }: CommandArguments): Promise<number> {
  requireTerminal();
  const attached = await withSessions(program, async (sessions) => {
    const { record } = await sessions.find(name);
    refuseItself(record);
    if (!isRunning(record)) await showLastScreen(sessions, record);
    return { record, host: await sessions.hostAddress(record.id), places: sessions.places(record.id) };
  });
  const { record } = attached;
  return isRunning(record) ? useTerminal(attached) : exitCodeOf(record.exit);
}

interface Attached {
  record: SessionRecord;
  host: HostClientOptions;
  places: SessionPlaces;
}

async function useTerminal(attached: Attached): Promise<number> {
  const { record, host } = attached;
  const terminal = new UserTerminal();
  try {
    const outcome = await runAttachment(host, terminal);
    if (outcome.kind === 'lost') throw hostLost(record);
    terminal.leave(`[${await describeResult(attached, outcome)}]`);
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

async function describeResult({ record, places }: Attached, result: AttachmentResult): Promise<string> {
  const { name } = record;
  if (result.kind === 'detached') return `detached from ${name}`;
  const ended = await endedRecord(record, places);
  return `${name} ${(ended && describeExitOf(ended)) ?? describeEnd(result.exit)}`;
}

/**
 * What the helper has written of the end: whose wish it was, and whether the session is started again by itself. It is
 * read and not asked for, so that a helper that is silent keeps nobody from their shell.
 */
async function endedRecord(before: SessionRecord, { record: file }: SessionPlaces): Promise<SessionRecord | undefined> {
  const deadline = Date.now() + patience;
  do {
    const reading = await readRecordFile(file, before.id);
    const record = 'record' in reading ? reading.record : undefined;
    if (record && !(isRunning(record) && record.ptyPid === before.ptyPid)) return record;
    await delay(lookInterval);
  } while (Date.now() < deadline);
  return undefined;
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
