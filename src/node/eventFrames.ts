import { crc32 } from 'node:zlib';

/** The JSON of one event, at most; bytes. */
const maxJson = 64 * 1024;

/** Length and checksum, both of the JSON's bytes, as eight hex digits each. */
const headerLength = 18;
const header = /[0-9a-f]{8} [0-9a-f]{8} \{/g;

const newline = 0x0a;

/** How much is searched for a header at once; bytes. */
const searchWindow = 4096;

/** The longest frame without its newline; bytes. */
const maxFrame = headerLength + maxJson;

/**
 * An event as a line of the journal: `<length> <crc32> <JSON>\n`. Undefined where it is too long for one.
 */
export function frameOf(event: unknown): Buffer | undefined {
  const json = Buffer.from(JSON.stringify(event));
  if (json.length > maxJson) return undefined;
  return Buffer.concat([Buffer.from(`${hex(json.length)} ${hex(crc32(json))} `), json, Buffer.of(newline)]);
}

/** Where the JSON of the whole frame at `start` ends; undefined where there is no such frame. */
function frameEnd(bytes: Buffer, start: number): number | undefined {
  const fields = bytes.toString('latin1', start, start + headerLength).match(/^([0-9a-f]{8}) ([0-9a-f]{8}) $/);
  if (!fields) return undefined;
  const length = Number.parseInt(fields[1] as string, 16);
  const from = start + headerLength;
  const end = from + length;
  if (length > maxJson || end > bytes.length) return undefined;
  return crc32(bytes.subarray(from, end)) === Number.parseInt(fields[2] as string, 16) ? end : undefined;
}

/** Where the last whole frame ends, whatever stands before it; 0 where there is none. */
export function lastFrameEnd(bytes: Buffer): number {
  let last = 0;
  for (let at = 0; at < bytes.length; ) {
    const end = frameEnd(bytes, at);
    if (end !== undefined) last = end;
    at = end ?? at + nextHeader(bytes.subarray(at));
  }
  return last;
}

/** Finds the whole frames in a file's bytes, whatever stands between them. */
export class FrameScanner {
  /** How many lines, or parts of lines, were no whole frame; the end of one that is still open is not counted. */
  damaged = 0;
  #rest: Buffer = Buffer.alloc(0);
  #isInDamage = false;

  /** The frames' JSON, as far as can be told from what has come; `isEnd` after the last bytes. */
  *scan(bytes: Buffer, end: 'more follows' | 'end of file'): Generator<string> {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length > (end === 'end of file' ? 0 : maxFrame)) {
      const frame = frameEnd(this.#rest, 0);
      if (frame === undefined) this.#skip(nextHeader(this.#rest));
      else {
        yield this.#rest.toString('utf8', headerLength, frame);
        this.#endDamage();
        this.#rest = this.#rest.subarray(frame);
      }
    }
    // What is left of a file belongs to no other one.
    if (end === 'end of file') this.#isInDamage = false;
  }

  #skip(length: number): void {
    for (const byte of this.#rest.subarray(0, length)) {
      if (byte === newline) this.#endDamage();
      else this.#isInDamage = true;
    }
    this.#rest = this.#rest.subarray(length);
  }

  #endDamage(): void {
    if (this.#isInDamage) this.damaged++;
    this.#isInDamage = false;
  }
}

/** How many bytes can be passed over to the next place where a frame may begin; at least one. */
function nextHeader(bytes: Buffer): number {
  if (bytes[0] === newline) return 1;
  const text = bytes.toString('latin1', 0, searchWindow);
  header.lastIndex = 1;
  const found = header.exec(text);
  // The last bytes may be the first ones of a header.
  return found ? found.index : Math.max(1, text.length - headerLength);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
