import type { FileHandle } from 'node:fs/promises';
import { lastFrameEnd } from './eventFrames.ts';
import { cutOwnFile } from './ownFile.ts';

const newline = 0x0a;
const chunkSize = 64 * 1024;

/** A longer last line is nothing that a journal has left, and stays; bytes. */
const maxTorn = 4 * 1024 * 1024;

/**
 * Makes the end of a journal fit for the next record: what stands behind the last whole one without a newline was
 * written in part, and is cut off. To be called where nobody else writes. Returns what has to be written first:
 * the newline that a last record may lack.
 *
 * What ends with a newline stays even where it is damaged, for nobody can tell that it is worth nothing.
 */
export async function mendTail(handle: FileHandle, file: string): Promise<'' | '\n'> {
  const { size } = await handle.stat();
  const start = await lastLineStart(handle, size);
  if (start === size) return '';
  if (size - start > maxTorn) return '\n';
  const whole = lastFrameEnd(await readPart(handle, start, size));
  // Not through the handle: one for appending alone may not cut on Windows.
  if (start + whole < size) await cutOwnFile(file, start + whole);
  return whole > 0 ? '\n' : '';
}

/** The offset behind the last newline. */
async function lastLineStart(handle: FileHandle, size: number): Promise<number> {
  for (let end = size; end > 0; end = Math.max(0, end - chunkSize)) {
    const from = Math.max(0, end - chunkSize);
    const found = (await readPart(handle, from, end)).lastIndexOf(newline);
    if (found >= 0) return from + found + 1;
  }
  return 0;
}

async function readPart(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(end - start);
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
