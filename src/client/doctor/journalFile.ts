import * as v from 'valibot';
import { FrameScanner, lastFrameEnd } from '../../node/eventFrames.ts';
import { readRegularFile } from '../../node/regularFile.ts';
import { storedEventSchema } from '../../protocol/sessionEvent.ts';

/** What a file of the event journal holds. */
export interface JournalContent {
  events: number;
  /** Records, or parts of them, that are not as they were written. */
  damaged: number;
  /** Whole records in which there is no event. */
  unreadable: number;
  /** Bytes behind the last whole record, which a writer that was cut off has left. */
  torn: number;
}

/** @throws the system's error where the file cannot be read; {@link HoldfastError} `UNSAFE_FILE` */
export async function readJournalFile(file: string): Promise<JournalContent> {
  return readJournal(await readRegularFile(file));
}

export function readJournal(bytes: Buffer): JournalContent {
  const frames = new FrameScanner();
  const content = { events: 0, damaged: 0, unreadable: 0, torn: tornBytes(bytes) };
  for (const json of frames.scan(bytes, 'end of file')) {
    if (isEvent(json)) content.events++;
    else content.unreadable++;
  }
  return { ...content, damaged: frames.damaged };
}

/** What ends with a newline is damaged rather than torn. */
function tornBytes(bytes: Buffer): number {
  const lastLine = bytes.lastIndexOf(0x0a) + 1;
  if (lastLine === bytes.length) return 0;
  return bytes.length - lastLine - lastFrameEnd(bytes.subarray(lastLine));
}

function isEvent(json: string): boolean {
  try {
    return v.is(storedEventSchema, JSON.parse(json));
  } catch {
    return false;
  }
}
