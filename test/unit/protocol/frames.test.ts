import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  decodeScreen,
  encodeFrame,
  encodeJsonFrame,
  encodeParts,
  encodeScreen,
  type Frame,
  FrameDecoder,
  type FrameType,
  flagMore,
  frameType,
  maxPayload,
  readJson,
} from '../../../src/protocol/frames.ts';
import { split } from '../chunks.ts';

const frames = fc.array(
  fc.record<Frame>(
    {
      type: fc.constantFrom(...Object.values(frameType)),
      flags: fc.integer({ min: 0, max: 255 }),
      seq: fc.maxSafeNat(),
      payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 8 },
);

describe('a stream of frames', () => {
  it('gives back the same frames however it is split', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat()), (sent, cuts) => {
        const stream = Buffer.concat(
          sent.map(({ type, flags, seq, payload }) => encodeFrame(type as FrameType, seq, payload, flags)),
        );
        assert.deepEqual(decode(split(stream, cuts)), sent);
      }),
    );
  });

  it('is refused where a header announces more than the limit', () => {
    const header = encodeFrame(frameType.output, 0);
    header.writeUInt32BE(maxPayload + 1, 10);
    assert.throws(() => decode([header]), { name: 'FrameError', message: 'Frame announces 65537 bytes, over 65536' });
  });

  it('begins with a header of known layout', () => {
    const frame = encodeFrame(frameType.output, 2 ** 40 + 5, Buffer.from('hi'), 3);
    assert.equal(frame.toString('hex'), ['89', '03', '0000010000000005', '00000002', '6869'].join(''));
  });
});

describe('a frame', () => {
  it('cannot hold more than the limit', () => {
    assert.throws(() => encodeFrame(frameType.input, 0, Buffer.alloc(maxPayload + 1)), { name: 'FrameError' });
  });

  it('carries JSON, and something else is no JSON', () => {
    const [json] = decode([encodeJsonFrame(frameType.status, 1, { name: 'ü' })]);
    assert.deepEqual([readJson((json as Frame).payload), readJson(Buffer.from('{'))], [{ name: 'ü' }, undefined]);
  });
});

describe('a payload in parts', () => {
  it('is whole again when they are joined, and only the last is not marked', () => {
    const size = fc.constantFrom(0, 1, maxPayload - 1, maxPayload, maxPayload + 1, 3 * maxPayload);
    fc.assert(
      fc.property(size, (length) => {
        const payload = Buffer.alloc(length, 'x');
        const parts = decode([...encodeParts(frameType.screen, 9, payload)]);
        assert.deepEqual(
          parts.map(({ flags }) => flags),
          [...parts.slice(1).map(() => flagMore), 0],
        );
        assert.equal(Buffer.concat(parts.map((part) => part.payload)).length, length);
      }),
    );
  });
});

describe('a screen', () => {
  it('is the same after it crossed the wire', () => {
    const screen = { cols: 80, rows: 24, text: '\x1b[31mschön 🙂' };
    assert.deepEqual(decodeScreen(encodeScreen(screen)), screen);
  });

  it('is refused where it is too short to have a size', () => {
    assert.throws(() => decodeScreen(Buffer.alloc(3)), { name: 'FrameError' });
  });
});

function decode(chunks: Buffer[]): Frame[] {
  const decoder = new FrameDecoder();
  return chunks.flatMap((chunk) => [...decoder.push(chunk)]);
}
