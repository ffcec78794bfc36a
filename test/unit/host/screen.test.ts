import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Screen } from '../../../src/host/screen.ts';
import { describeTerminal, newTerminal, write } from './terminals.ts';

const size = { cols: 20, rows: 6 };

const states: [what: string, bytes: string][] = [
  ['nothing', ''],
  ['plain lines', 'one\r\ntwo\r\nthree'],
  ['lines in the scrollback', Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\r\n')],
  ['a line that wraps', 'x'.repeat(50)],
  ['a line that fills its row exactly', `${'x'.repeat(20)}`],
  ['wide characters at the edge of a row', `${'x'.repeat(19)}日本`],
  ['an empty row that wraps into a wide character', '\t\t\t日'],
  ['the cursor above a row that is full', `${'x'.repeat(40)}\x1b[1;3H`],
  ['a row that was filled above another', `\r\nbelow\x1b[H${'日'.repeat(9)}\x1b[35mx\x1b[41my`],
  ['emoji and combining characters', '🙂 e\u0301 👩\u200d🚀 ❤\ufe0f'],
  ['16 colours', '\x1b[31;42mred on green\x1b[97;100m bright'],
  ['256 colours', '\x1b[38;5;208;48;5;17mx'],
  ['true colour', '\x1b[38;2;1;2;3;48;2;4;5;6mx'],
  ['styles', '\x1b[1mb\x1b[2md\x1b[3mi\x1b[4mu\x1b[7mr\x1b[9ms\x1b[53mo\x1b[5mk\x1b[8mh'],
  ['kinds and colours of underlines', '\x1b[4:3;58:5:196mc\x1b[4:2;58:2::1:2:3md\x1b[4:5m-\x1b[0;58:5:3mnone'],
  ['a link', '\x1b]8;id=one;https://example.com/a?b=c\x1b\\link\x1b]8;;\x1b\\ and text'],
  ['a link over two rows', `\x1b]8;;https://example.com\x1b\\${'x'.repeat(25)}\x1b]8;;\x1b\\`],
  ['a link that is not closed', '\x1b[31m\x1b]8;;https://example.com\x1b\\link'],
  ['a saved cursor', 'one\r\ntwo\x1b[35m\x1b7\x1b[m\r\nthree'],
  ['a saved cursor that has scrolled off', `one\x1b[41m\x1b7\x1b[m${'\r\nline'.repeat(10)}`],
  ['a saved cursor in the alternate screen', 'a\x1b[?1049h\x1b[3;4H\x1b[1m\x1b7\x1b[m\x1b[5;6Htext'],
  ['tab stops of its own', '\x1b[3g\x1b[4G\x1bH\x1b[9G\x1bH\r\tx\ty'],
  ['a background that scrolled in', `\x1b[44m${'\r\nline'.repeat(8)}`],
  ['a background that wrapped in', `${'\r\nline'.repeat(5)}\x1b[44m${'x'.repeat(22)}`],
  ['a hole in a row that wraps', `${'x'.repeat(25)}\x1b[1;15H\x1b[44m\x1b[K\x1b[m`],
  ['a row that wraps into an empty one', `${'x'.repeat(25)}\x1b[2;1H\x1b[10X`],
  ['lines that were inserted and deleted', 'one\r\ntwo\r\nthree\x1b[2H\x1b[42m\x1b[L\x1b[m\x1b[H\x1b[M'],
  ['a colour that the next character will have', 'x\x1b[35m'],
  ['a coloured rest of a line', '\x1b[44mx\x1b[K\x1b[m\r\ny'],
  ['the cursor in the middle', 'one\r\ntwo\r\nthree\x1b[2;2H'],
  ['the cursor below the text', 'one\x1b[5;10H'],
  ['the alternate screen', 'shell\r\n$ vim\x1b[?1049h\x1b[2J\x1b[Htext\x1b[6;1H\x1b[7mstatus'],
  ['the alternate screen entered in colour', '\x1b[31;44mprompt\x1b[?1049h\x1b[3;3Htext'],
  ['the alternate screen left again', 'shell\r\n\x1b[?1049h\x1b[Htext\x1b[2;4r\x1b[?1049l$ '],
  ['the alternate screen entered once more', '\x1b[?1049h\x1b[2;4r\x1b[?1049l\x1b[?1049hagain'],
  ['bracketed paste', '\x1b[?2004h'],
  ['application cursor keys and keypad', '\x1b[?1h\x1b='],
  ['focus reports', '\x1b[?1004h'],
  ['the mouse, reported in SGR form', '\x1b[?1000h\x1b[?1006h'],
  ['every movement of the mouse, in pixels', '\x1b[?1003h\x1b[?1016h'],
  ['a hidden cursor', 'x\x1b[?25l'],
  ['a cursor hidden and shown again', '\x1b[?25l\x1b[?25h'],
  ['a bar as the cursor', '\x1b[6 q'],
  ['a scroll region', 'one\r\ntwo\x1b[2;4r\x1b[3;5Hx'],
  ['a scroll region with origin mode', '\x1b[2;4r\x1b[?6h\x1b[2;3Hx'],
  ['origin mode alone', 'one\x1b[?6h\x1b[3;3Hx'],
  ['insert mode', 'abc\x1b[4h\x1b[1G'],
  ['no wrapping', '\x1b[?7l'],
  ['line-drawing characters', '\x1b(0lqk'],
  ['a title', '\x1b]0;my title\x07x'],
  ['a soft reset', '\x1b[?25l\x1b[2;4r\x1b[?1006h\x1b[?1000h\x1b[!p'],
  ['a full reset', '\x1b[2;4r\x1b[?1006h\x1b[5 qx\x1bc'],
];

const printed = [
  'word ',
  '\r\n',
  '日',
  '🙂',
  'x'.repeat(23),
  '\x1b[31m',
  '\x1b[44m',
  '\x1b[m',
  '\x1b[2;3H',
  '\x1b[K',
  '\x1b[J',
  '\x1b[1J',
  '\x1b[1K',
  '\t',
  'é\u0301',
  '\x1b[1;4;7m',
  '\x1b[3@',
  '\x1b[2P',
  '\x1b[L',
  '\x1b[M',
  '\x1b[2S',
  '\x1bM',
  '\x1b[5X',
  '\x1b[H',
  '\x1b7',
  '\x1b8',
  '\x1b[2;4r',
  '\x1b[?1049h',
  '\x1b[?1049l',
  '\x1b[?6h',
  '\b',
];

/** Xterm mixes those of a saved pen up with those of others, so that what follows is not predictable. */
const underlinesAndLinks = ['\x1b[4:3;58:5:9m', '\x1b]8;;http://a\x1b\\', '\x1b]8;;\x1b\\'];

describe('a snapshot of a screen', () => {
  for (const [what, bytes] of states) {
    it(`draws it again with ${what}`, async () => {
      const [original, copy] = await copied(bytes);
      assert.equal(copy, original);
    });

    it(`draws what is printed next in the same place with ${what}`, async () => {
      const [original, copy] = await copied(bytes, { next: 'next\r\n\n\n\nmore\x1b[A\x1b[1;1H!' });
      assert.equal(copy, original);
    });
  }

  it('draws it again whatever was printed', async () => {
    const pieces = fc.array(fc.constantFrom(...printed, ...underlinesAndLinks), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(pieces, async (before) => {
        const [original, copy] = await copied(before.join(''));
        assert.equal(copy, original);
      }),
      { numRuns: 60 },
    );
  });

  it('draws what is printed next in the same place whatever was printed', async () => {
    // The cursor that was saved in an alternate screen that was left is forgotten.
    const later = printed.filter((piece) => piece !== '\x1b[?1049h');
    const pieces = (choice: string[]) => fc.array(fc.constantFrom(...choice), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(pieces(printed), pieces(later), async (before, after) => {
        const [original, copy] = await copied(before.join(''), { next: after.join('') });
        assert.equal(copy, original);
      }),
      { numRuns: 60 },
    );
  });

  it('draws it again whatever was printed before it was resized', async () => {
    const pieces = fc.array(fc.constantFrom(...printed), { maxLength: 20 });
    const sizes = fc.record({ cols: fc.integer({ min: 2, max: 40 }), rows: fc.integer({ min: 2, max: 12 }) });
    await fc.assert(
      fc.asyncProperty(pieces, sizes, async (before, resized) => {
        const [original, copy] = await copied(before.join(''), { resized });
        assert.equal(copy, original);
      }),
      { numRuns: 60 },
    );
  });

  it('draws it again with wide characters that a narrower terminal has cut', async () => {
    for (const before of ['', '\x1b[?1049h']) {
      const screen = makeScreen();
      screen.write(Buffer.from(`${before}${'漢'.repeat(25)}`), () => undefined);
      await screen.snapshot();
      screen.resize({ cols: 13, rows: 6 });
      const { text } = await screen.snapshot();
      const copy = newTerminal({ cols: 13, rows: 6 });
      await write(copy, text);
      const lines = [0, 1, 2, 3, 4, 5].map((row) => copy.terminal.buffer.active.getLine(row)?.translateToString(true));
      assert.match(lines.join('\n'), /^漢{6}\n/);
    }
  });

  it('keeps every character of long lines on a terminal of another width', async () => {
    const text = 'abcdefghij'.repeat(5);
    const screen = makeScreen();
    screen.write(Buffer.from(text), () => undefined);
    const { terminal, ...observed } = newTerminal({ cols: 33, rows: 6 });
    await write({ terminal, ...observed }, (await screen.snapshot()).text);
    const lines = [0, 1].map((row) => terminal.buffer.active.getLine(row)?.translateToString(true));
    assert.equal(lines.join(''), text);
  });

  it('stands for the offset of everything written before, and nothing after', async () => {
    const screen = makeScreen();
    screen.write(Buffer.from('before'), () => undefined);
    const snapshot = screen.snapshot();
    screen.write(Buffer.from('after'), () => undefined);
    const { seq, text } = await snapshot;
    assert.deepEqual([seq, text], [6, 'before\x1b[1;7H']);
  });

  it('holds no more lines above the screen than are asked for', async () => {
    const screen = makeScreen();
    screen.write(Buffer.from(Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\r\n')), () => undefined);
    const { text } = await screen.snapshot(2);
    assert.equal(text.split('\r\n')[0], 'line 22');
  });
});

describe('a screen whose terminal fails', () => {
  /** The next line is missing where there is no scrollback yet, which xterm does not expect. */
  const failing = `\x1b[${size.rows};${size.cols}Hx\x1b[1J`;

  it('says so, and shows what is printed next', async () => {
    const screen = makeScreen();
    const failures: unknown[] = [];
    screen.onFailure((error) => failures.push(error));
    screen.write(Buffer.from(failing), () => undefined);
    screen.write(Buffer.from('\x1b[2J\x1b[Hnext'), () => undefined);
    assert.deepEqual([await shownBy(screen), failures.length, screen.pending], ['next▮', 1, 0]);
  });

  it('is not stalled by a sequence that repeats itself millions of times', async () => {
    const screen = makeScreen();
    for (const final of 'ILMSTZb') screen.write(Buffer.from(`x\x1b[2000000000${final}`), () => undefined);
    screen.write(Buffer.from('\x1b[2J\x1b[Hnext'), () => undefined);
    assert.match((await screen.snapshot()).text, /next/);
  });
});

describe('the screen of before a restart', () => {
  it('stays above, at the offset it had, with the modes of its program undone', async () => {
    const modes = '\x1b[?1003h\x1b[?1006h\x1b[?2004h\x1b[?25l\x1b[?1h\x1b[2;4r\x1b[4;1H\x1b[31m\x1b]0;vim\x07';
    const screen = makeScreen();
    await screen.restore({ seq: 1_000, ...size, screen: `one\r\ntwo\r\nthree${modes}last`, savedAt: '' });
    screen.write(Buffer.from('next'), () => undefined);
    assert.deepEqual([screen.seq, screen.title, await shownBy(screen)], [1_004, '', 'one\ntwo\nthree\nlast\nnext▮']);
  });

  it('is the shell’s where the program had left an alternate screen behind', async () => {
    const screen = makeScreen();
    await screen.restore({ seq: 0, ...size, screen: '$ vim\r\n\x1b[?1049h\x1b[Htext', savedAt: '' });
    assert.equal(await shownBy(screen), '$ vim\n▮');
  });

  it('is laid out for the size of now', async () => {
    const screen = makeScreen();
    await screen.restore({ seq: 0, cols: 10, rows: 4, screen: `${'x'.repeat(15)}\r\nend`, savedAt: '' });
    assert.equal(await shownBy(screen), `${'x'.repeat(15)}\nend\n▮`);
  });
});

describe('the line above what a session prints after a restart', () => {
  const draw = async (saved: string, notice: string) => {
    const screen = makeScreen();
    if (saved) await screen.restore({ seq: 7, ...size, screen: saved, savedAt: '' });
    await screen.announce(notice);
    screen.write(Buffer.from('next'), () => undefined);
    return screen;
  };

  it('says what happened, and counts as no output', async () => {
    const screen = await draw('one\r\ntwo', 'Why.');
    assert.deepEqual([screen.seq, await shownBy(screen)], [11, 'one\ntwo\n── Why. ──\nnext▮']);
  });

  it('stands below all that was shown, wherever the cursor was', async () => {
    assert.equal(
      await shownBy(await draw('one\r\ntwo\r\nthree\x1b[1;2H', 'Why.')),
      'one\ntwo\nthree\n── Why. ──\nnext▮',
    );
  });

  it('is one line, whatever the width of its letters', async () => {
    assert.equal(await shownBy(await draw('', '日本語日本語日本語')), '── 日本語日本語日本─\nnext▮');
  });

  it('is there where nothing was shown before', async () => {
    assert.equal(await shownBy(await draw('', 'Why.')), '── Why. ──\nnext▮');
  });
});

function makeScreen(): Screen {
  return new Screen({ ...size, scrollback: 100, theme: 'dark' });
}

/** The text on a terminal that was fed the screen's snapshot, up to the cursor. */
async function shownBy(screen: Screen): Promise<string> {
  const { terminal, ...observed } = newTerminal(size);
  await write({ terminal, ...observed }, (await screen.snapshot()).text);
  const { cursorY, cursorX } = terminal.buffer.active;
  const lines = Array.from({ length: cursorY + 1 }, (_, row) =>
    terminal.buffer.active.getLine(row)?.translateToString(true),
  );
  return `${lines.join('\n').trimEnd()}${cursorX === 0 ? '\n' : ''}▮`;
}

/** What a terminal shows that was fed the bytes, and one that was fed a screen's snapshot of them. */
async function copied(bytes: string, { next = '', resized = size } = {}): Promise<[original: string, copy: string]> {
  const screen = makeScreen();
  screen.write(Buffer.from(bytes), () => undefined);
  await screen.snapshot();
  screen.resize(resized);
  const { text } = await screen.snapshot();
  const [original, copy] = [newTerminal(size), newTerminal(resized)];
  await write(original, bytes);
  original.terminal.resize(resized.cols, resized.rows);
  await write(original, next);
  await write(copy, text + next);
  return [describeTerminal(original), describeTerminal(copy)];
}
