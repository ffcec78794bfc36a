import { Deferred } from '../base/async.ts';
import { HoldfastError } from '../base/errors.ts';
import { DisposableStore } from '../base/lifecycle.ts';
import { HostClient, type HostClientOptions } from '../client/hostClient.ts';
import { type AttachmentEnd, SessionAttachment } from '../client/sessionAttachment.ts';
import { DetachKey } from './detachKey.ts';
import { replaceScreen, scrollAway } from './terminalSequences.ts';
import type { UserTerminal } from './userTerminal.ts';

/** How an attachment ended. */
export type AttachmentOutcome = AttachmentEnd | { kind: 'detached' };

/** Lines of scrollback that are brought into the user's terminal. */
const historyLines = 5_000;

/**
 * Shows a session on the user's terminal until one of them is done.
 *
 * @throws the system's error where the host cannot be reached; `HoldfastError` where it refuses.
 */
export async function runAttachment(host: HostClientOptions, terminal: UserTerminal): Promise<AttachmentOutcome> {
  const outcome = new Deferred<AttachmentOutcome>();
  const disposables = new DisposableStore();
  disposables.add(terminal.onGone(() => outcome.resolve({ kind: 'detached' })));
  try {
    // A host that does not answer keeps nobody from leaving.
    await Promise.race([begin(host, terminal, { outcome, disposables }), outcome.promise]);
    return await outcome.promise;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'INPUT_TOO_LARGE') await terminal.dropInput();
    throw error;
  } finally {
    disposables.dispose();
  }
}

interface Running {
  outcome: Deferred<AttachmentOutcome>;
  /** What the attachment holds, until it is over. */
  disposables: DisposableStore;
}

async function begin(host: HostClientOptions, terminal: UserTerminal, running: Running): Promise<void> {
  const { outcome, disposables } = running;
  await showHistory(disposables.add(await HostClient.connect(host)), terminal);
  // The scrollback is on the terminal by now and must not come again with each fresh screen.
  const attachment = disposables.add(new SessionAttachment({ ...host, size: terminal.size, scrollback: 0 }));
  wire(attachment, terminal, outcome);
  await attachment.open();
  terminal.startReading();
}

/** Moves what is on the terminal into its scrollback and prints the session's own scrollback and screen below. */
async function showHistory(host: HostClient, terminal: UserTerminal): Promise<void> {
  try {
    // Attaching here as well would set the session's size twice.
    const { text } = await host.snapshot(historyLines);
    terminal.write(scrollAway(terminal.size.rows) + text);
  } finally {
    host.dispose();
  }
}

function wire(attachment: SessionAttachment, terminal: UserTerminal, outcome: Deferred<AttachmentOutcome>): void {
  const keys = new DetachKey();
  attachment.onOutput(({ seq, data }) => {
    // The frame's buffer is used again, while a terminal that is slow takes its time.
    terminal.write(Buffer.from(data), () => attachment.acknowledge(seq + data.length));
  });
  attachment.onScreen(({ seq, text }) => terminal.write(replaceScreen(text), () => attachment.acknowledge(seq)));
  attachment.onEnd((end) => outcome.resolve(end));
  terminal.onResize((size) => attachment.resize(size));
  terminal.onInput((data) => {
    const { input, isDetach } = keys.push(data);
    if (input.length > 0) send(attachment, input, outcome);
    if (isDetach) outcome.resolve({ kind: 'detached' });
  });
}

function send(attachment: SessionAttachment, input: Buffer, outcome: Deferred<AttachmentOutcome>): void {
  try {
    attachment.input(input);
  } catch (error) {
    outcome.reject(error);
  }
}
