import { type Event, nextEvent } from '../base/event.ts';
import { isRunning } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** How long what a host says of an end waits for what its helper makes of it; milliseconds. */
const defaultPatience = 2_000;

export interface RecordSource {
  /** The session’s record as it is known now. */
  current: () => SessionRecord | undefined;
  onChange: Event<unknown>;
}

/**
 * The record once it has the end of process `pid`, and so tells whose wish that was and what follows from it, of which
 * a host knows nothing; undefined where none has it in time.
 */
export async function recordOfEnd(
  { current, onChange }: RecordSource,
  pid: number,
  patience = defaultPatience,
): Promise<SessionRecord | undefined> {
  const told = () => {
    const record = current();
    return record && !(isRunning(record) && record.ptyPid === pid) ? record : undefined;
  };
  if (!told()) {
    await nextEvent(onChange, () => told() !== undefined, AbortSignal.timeout(patience)).catch(() => undefined);
  }
  return told();
}
