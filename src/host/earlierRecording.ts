import { type FileHandle, open } from 'node:fs/promises';
import * as v from 'valibot';

/** A transcript that the session's next life goes on with. */
export interface EarlierRecording {
  /** From where its times count; milliseconds since the epoch. */
  startedAt: number;
  /** When it was last written; milliseconds since the epoch. */
  endedAt: number;
  bytes: number;
  /** Its last line was cut off, as by a power cut. */
  isTorn: boolean;
}

/** Longer than any header that Holdfast writes; bytes. */
const maxHeader = 1_024;

const headerSchema = v.object({ version: v.literal(2), timestamp: v.number() });

/** What is known of the transcript at `file`; undefined where there is none that can be gone on with. */
export async function findEarlierRecording(file: string): Promise<EarlierRecording | undefined> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { size, mtimeMs } = await handle.stat();
    const header = v.parse(headerSchema, JSON.parse(firstLine(await readText(handle, 0, maxHeader))));
    const isTorn = (await readText(handle, size - 1, 1)) !== '\n';
    return { startedAt: header.timestamp * 1000, endedAt: Math.round(mtimeMs), bytes: size, isTorn };
  } catch {
    // Neither a damaged header nor a folder in its place may keep the session from its start.
    return undefined;
  } finally {
    await handle.close();
  }
}

async function readText(handle: FileHandle, position: number, length: number): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.toString('latin1', 0, bytesRead);
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf('\n'));
}
