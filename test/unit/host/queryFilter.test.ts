import assert from 'node:assert/strict';
import fc from 'fast-check';
import { QueryFilter } from '../../../src/host/queryFilter.ts';
import { Terminal } from '../../../src/node/xterm.ts';
import { split } from '../chunks.ts';

const queries: [what: string, bytes: string][] = [
  ['cursor position', '\x1b[6n'],
  ['cursor position, DEC form', '\x1b[?6n'],
  ['status', '\x1b[5n'],
  ['primary device attributes', '\x1b[c'],
  ['secondary device attributes', '\x1b[>0c'],
  ['name and version', '\x1b[>q'],
  ['keyboard protocol', '\x1b[?u'],
  ['mode', '\x1b[?2026$p'],
  ['size in characters', '\x1b[18t'],
  ['foreground', '\x1b]10;?\x07'],
  ['background', '\x1b]11;?\x1b\\'],
  ['palette', '\x1b]4;1;?\x07'],
  ['clipboard', '\x1b]52;c;?\x07'],
  ['program status', '\x1b]7501;?\x1b\\'],
  ['terminfo', '\x1bP+q544e\x1b\\'],
  ['setting', '\x1bP$qm\x1b\\'],
];
const others = [
  '\x1b[31m',
  '\x1b[2J',
  '\x1b[1;5r',
  '\x1b[?25h',
  '\x1b]0;a ? title\x07',
  '\x1b]8;;https://x?y\x1b\\link',
  '\x1b(0',
  '\x1b[8;24;80t',
];
const text = fc.constantFrom('a', 'ü', '🙂', '\r\n', '\x1b', '\x18', '\x07', '[', ']', '\\', '?');
const piece = fc.oneof(text, fc.constantFrom(...others), fc.constantFrom(...queries.map(([, bytes]) => bytes)));
const stream = fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join('')));

describe('the query filter', () => {
  for (const [what, bytes] of queries) {
    it(`makes a terminal ignore a question for the ${what}`, async () => {
      assert.deepEqual(await shownBy(filtered([Buffer.from(`before${bytes}after`)])), {
        text: 'beforeafter',
        answers: '',
      });
    });
  }

  for (const bytes of others) {
    it(`lets ${JSON.stringify(bytes)} through`, () => {
      assert.equal(filtered([Buffer.from(bytes)]).toString(), bytes);
    });
  }

  it('keeps every byte at its offset', () => {
    fc.assert(fc.property(stream, (bytes) => filtered([bytes]).length === bytes.length));
  });

  it('does the same however its input is split', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat()), (bytes, cuts) => {
        assert.deepEqual(filtered(split(bytes, cuts)), filtered([bytes]));
      }),
    );
  });

  it('leaves no question that a terminal would answer', async () => {
    const whole = fc.array(fc.constantFrom(...others, ...queries.map(([, bytes]) => bytes), 'text'), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(whole, async (pieces) => {
        assert.equal((await shownBy(filtered([Buffer.from(pieces.join(''))]))).answers, '');
      }),
      { numRuns: 50 },
    );
  });

  it('gives back the chunk itself where it holds no question, for most chunks do', () => {
    const chunk = Buffer.from('\x1b[31mplain\x1b[m');
    assert.equal(new QueryFilter().apply(chunk), chunk);
  });

  it('does not change the bytes that it was given', () => {
    const chunk = Buffer.from('\x1b[6n');
    new QueryFilter().apply(chunk);
    assert.equal(chunk.toString(), '\x1b[6n');
  });
});

function filtered(chunks: Buffer[]): Buffer {
  const filter = new QueryFilter();
  return Buffer.concat(chunks.map((chunk) => filter.apply(chunk)));
}

async function shownBy(bytes: Buffer): Promise<{ text: string; answers: string }> {
  const terminal = new Terminal({ allowProposedApi: true, windowOptions: { getWinSizeChars: true } });
  let answers = '';
  terminal.onData((data) => {
    answers += data;
  });
  await new Promise<void>((resolve) => terminal.write(bytes, resolve));
  const shown = terminal.buffer.active.getLine(0)?.translateToString(true) ?? '';
  terminal.dispose();
  return { text: shown, answers };
}
