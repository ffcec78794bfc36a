const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const NUL = 0x00;

/** How much of a sequence is looked at; every query is shorter. */
const maxLookedAt = 64;

/** Requests that a terminal answers, as control sequences without their `ESC [`. */
const csiQueries = [
  /^[>=]?0?c$/, // device attributes 1, 2, 3
  /^\??[56]n$/, // status, cursor position
  /^\?(15|25|26|53|55|62|63|75|85|996)(;\d+)?n$/, // other device status reports
  /^\??\d+\$p$/, // mode
  /^>0?q$/, // name and version
  /^\?u$/, // keyboard protocol
  /^(1[1345689]|2[01])(;\d+)?t$/, // window state, position, size, title
  /^[01]?x$/, // terminal parameters
];

/** The same for operating system commands (`ESC ]`) and device control strings (`ESC P`). */
const oscQuery = /^(4;.*\?|1[0-9];\?|52;[^;]*;\?|7501;\s*\?)/;
const dcsQuery = /^[$+]q/;

/** The bytes that end the queries of {@link csiQueries}. */
const csiQueryFinals = Buffer.from('cnpqutx');
const isCsiQueryFinal = Uint8Array.from({ length: 256 }, (_, byte) => (csiQueryFinals.includes(byte) ? 1 : 0));

/**
 * The offset of the next escape from `at` on that may begin a query; the chunk's length where there is none.
 * Most escapes begin colours, so those are stepped over here, without looking at what they say.
 */
function nextPossibleQuery(chunk: Buffer, at: number): number {
  const { length } = chunk;
  while (at < length) {
    if (chunk[at] !== ESC) {
      at++;
      continue;
    }
    if (chunk[at + 1] !== 0x5b) return at;
    let end = at + 2;
    while (end < length && (chunk[end] as number) >= 0x20 && (chunk[end] as number) < 0x40) end++;
    if (end >= length) return at;
    const final = chunk[end] as number;
    if (final < 0x40 || final > 0x7e || isCsiQueryFinal[final]) return at;
    at = end + 1;
  }
  return length;
}

type State = 'ground' | 'escape' | 'csi' | 'string' | 'stringEscape';

/**
 * Takes the questions out of what clients see, so that only the host answers them: however many terminals
 * show a session, the program gets exactly one answer, and replayed bytes ask nothing.
 *
 * Every byte keeps its offset: the byte that would complete a query becomes CAN, which makes terminals drop
 * the sequence. A query may be spread over any number of chunks.
 */
export class QueryFilter {
  #state: State = 'ground';
  #text = '';
  #isQuery: RegExp | undefined;
  #dropped = false;

  /** `chunk` itself where it completes no query, else a changed copy of the same length. */
  apply(chunk: Buffer): Buffer {
    let output = chunk;
    const replace = (at: number, byte: number) => {
      if (output === chunk) output = Buffer.from(chunk);
      output[at] = byte;
    };
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'ground') {
        at = nextPossibleQuery(chunk, at);
        if (at >= chunk.length) break;
        this.#state = 'escape';
      } else {
        const replacement = this.#step(chunk[at] as number);
        if (replacement !== undefined) replace(at, replacement);
      }
      at++;
    }
    return output;
  }

  /** Advances by one byte inside a sequence; returns what to put in the byte's place. */
  #step(byte: number): number | undefined {
    switch (this.#state) {
      case 'escape':
        this.#begin(byte);
        return undefined;
      case 'csi':
        return this.#inControlSequence(byte);
      case 'string':
        return this.#inString(byte);
      case 'stringEscape':
        return this.#afterString(byte);
      default:
        return undefined;
    }
  }

  #begin(byte: number): void {
    this.#text = '';
    this.#isQuery = undefined;
    this.#dropped = false;
    if (byte === 0x5b) this.#state = 'csi';
    else if (byte === 0x5d) this.#beginString(oscQuery);
    else if (byte === 0x50) this.#beginString(dcsQuery);
    else if (byte === 0x58 || byte === 0x5e || byte === 0x5f) this.#beginString(undefined);
    else if (byte !== ESC && byte >= 0x20) this.#state = 'ground';
    else if (byte === CAN || byte === SUB) this.#state = 'ground';
  }

  #beginString(isQuery: RegExp | undefined): void {
    this.#state = 'string';
    this.#isQuery = isQuery;
  }

  #inControlSequence(byte: number): number | undefined {
    if (byte === ESC) this.#state = 'escape';
    else if (byte === CAN || byte === SUB) this.#state = 'ground';
    if (byte < 0x20) return undefined;
    this.#look(byte);
    if (byte < 0x40 || byte > 0x7e) return undefined;
    this.#state = 'ground';
    return csiQueries.some((query) => query.test(this.#text)) ? CAN : undefined;
  }

  #inString(byte: number): number | undefined {
    if (byte === CAN || byte === SUB) {
      this.#state = 'ground';
      return undefined;
    }
    if (byte !== ESC && byte !== BEL) {
      this.#look(byte);
      return undefined;
    }
    this.#dropped = this.#isQuery?.test(this.#text) ?? false;
    this.#state = byte === ESC ? 'stringEscape' : 'ground';
    return this.#dropped ? CAN : undefined;
  }

  /** The backslash of a dropped string's terminator would be printed, so it becomes a NUL. */
  #afterString(byte: number): number | undefined {
    if (byte !== 0x5c) {
      this.#begin(byte);
      return undefined;
    }
    this.#state = 'ground';
    return this.#dropped ? NUL : undefined;
  }

  #look(byte: number): void {
    if (this.#text.length < maxLookedAt) this.#text += String.fromCharCode(byte);
  }
}
