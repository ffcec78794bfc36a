/**
 * The frames of the terminal socket: `type u8 | flags u8 | seq u64 | len u32 | payload`, numbers big endian.
 * For `output`, `screen` and `ack`, `seq` is the byte offset since the session began; for requests and their
 * replies it is the request's number; for `input` and `inputAck` it is the offset in that client's input.
 */
export const frameType = {
  hello: 1,
  ping: 2,
  status: 3,
  attach: 4,
  input: 5,
  resize: 6,
  signal: 7,
  snapshot: 8,
  ack: 9,
  stop: 10,
  launch: 11,

  welcome: 0x81,
  pong: 0x82,
  statusReply: 0x83,
  attached: 0x84,
  inputAck: 0x85,
  resized: 0x86,
  screen: 0x88,
  output: 0x89,
  exit: 0x8a,
  snapshotReply: 0x8b,
  launchReply: 0x8c,
  error: 0x8f,
} as const;

export type FrameType = (typeof frameType)[keyof typeof frameType];

/** Set on every part of a payload but the last, where it did not fit into one frame. */
export const flagMore = 1;

export const frameHeaderSize = 14;
export const maxPayload = 64 * 1024;

export interface Frame {
  type: number;
  flags: number;
  seq: number;
  payload: Buffer;
}

/** The stream held something that is no frame; the connection cannot be used any further. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const empty = Buffer.alloc(0);
const twoTo32 = 2 ** 32;

/** One frame as bytes, in one buffer so that a socket sends it with one write. */
export function encodeFrame(type: FrameType, seq: number, payload: Uint8Array = empty, flags = 0): Buffer {
  if (payload.length > maxPayload) throw new FrameError(`Payload of ${payload.length} bytes is over ${maxPayload}`);
  const frame = Buffer.allocUnsafe(frameHeaderSize + payload.length);
  frame[0] = type;
  frame[1] = flags;
  frame.writeUInt32BE(Math.floor(seq / twoTo32), 2);
  frame.writeUInt32BE(seq % twoTo32, 6);
  frame.writeUInt32BE(payload.length, 10);
  frame.set(payload, frameHeaderSize);
  return frame;
}

export function encodeJsonFrame(type: FrameType, seq: number, value: unknown): Buffer {
  return encodeFrame(type, seq, Buffer.from(JSON.stringify(value)));
}

/** Splits a payload of any size into frames of the same `seq`, all but the last flagged {@link flagMore}. */
export function* encodeParts(type: FrameType, seq: number, payload: Buffer): Generator<Buffer> {
  let start = 0;
  do {
    const end = Math.min(start + maxPayload, payload.length);
    yield encodeFrame(type, seq, payload.subarray(start, end), end < payload.length ? flagMore : 0);
    start = end;
  } while (start < payload.length);
}

/** A screen as control sequences that draw it on a terminal of that size in its initial state. */
export interface ScreenContent {
  cols: number;
  rows: number;
  text: string;
}

/** The payload of `screen` and `snapshotReply`: `cols u16 | rows u16 | UTF-8 text`. */
export function encodeScreen({ cols, rows, text }: ScreenContent): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16BE(cols, 0);
  size.writeUInt16BE(rows, 2);
  return Buffer.concat([size, Buffer.from(text)]);
}

/** @throws {FrameError} */
export function decodeScreen(payload: Buffer): ScreenContent {
  if (payload.length < 4) throw new FrameError(`A screen of ${payload.length} bytes has no size`);
  return { cols: payload.readUInt16BE(0), rows: payload.readUInt16BE(2), text: payload.toString('utf8', 4) };
}

/** Turns a stream of chunks into frames; holds back at most one incomplete frame. */
export class FrameDecoder {
  #pending: Buffer = empty;

  /** @throws {FrameError} when a header announces a payload over the limit. */
  *push(chunk: Buffer): Generator<Frame> {
    let data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = empty;
    while (data.length >= frameHeaderSize) {
      const length = data.readUInt32BE(10);
      if (length > maxPayload) throw new FrameError(`Frame announces ${length} bytes, over ${maxPayload}`);
      const end = frameHeaderSize + length;
      if (data.length < end) break;
      yield {
        type: data[0] as number,
        flags: data[1] as number,
        seq: data.readUInt32BE(2) * twoTo32 + data.readUInt32BE(6),
        payload: data.subarray(frameHeaderSize, end),
      };
      data = data.subarray(end);
    }
    this.#pending = data;
  }
}

/** The JSON of a payload; `undefined` where it is none, for a schema to refuse. */
export function readJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}
