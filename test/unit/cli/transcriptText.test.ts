import assert from 'node:assert/strict';
import { TranscriptText } from '../../../src/cli/transcriptText.ts';

const size = { cols: 20, rows: 5 };

/** The text of what was written in these pieces. */
async function textOf(...pieces: string[]): Promise<string[]> {
  const text = new TranscriptText({ isFollowing: false });
  text.begin(size);
  const lines: string[] = [];
  for (const piece of pieces) lines.push(...(await text.write(piece)));
  return [...lines, ...text.end()];
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index + 1}`);
}

describe('the text of a transcript', () => {
  it('has neither colours nor titles', async () => {
    assert.deepEqual(await textOf('\x1b]0;title\x07\x1b[1;31mred\x1b[m and plain\r\n'), ['red and plain']);
  });

  it('has every line, however many there are', async () => {
    const lines = numbered(40_000);
    assert.deepEqual(await textOf(`${lines.join('\r\n')}\r\n`), lines);
  });

  it('has every line, however it came in pieces', async () => {
    const lines = numbered(300);
    assert.deepEqual(await textOf(...(`${lines.join('\r\n')}\r\n`.match(/[\s\S]{1,7}/g) ?? [])), lines);
  });

  it('shows a line that was redrawn as it last looked', async () => {
    assert.deepEqual(await textOf('10 %\r50 %\r100 %\r\n'), ['100 %']);
  });

  it('shows a block that was redrawn as it last looked', async () => {
    assert.deepEqual(await textOf('working\r\nwait\r\n\x1b[2A\x1b[2Kdone\r\n\x1b[2Kbye\r\n'), ['done', 'bye']);
  });

  it('joins a line that is longer than the screen is wide', async () => {
    const long = 'word '.repeat(12).trim();
    assert.deepEqual(await textOf(`${long}\r\nnext\r\n`), [long, 'next']);
  });

  it('leaves full-screen programs out', async () => {
    assert.deepEqual(await textOf('before\r\n\x1b[?1049hfull\r\nscreen\x1b[?1049lafter\r\n'), ['before', 'after']);
  });

  it('keeps what was cleared away', async () => {
    assert.deepEqual(await textOf('before\r\n\x1b[H\x1b[2J\x1b[3Jafter\r\n'), ['before', 'after']);
  });

  it('keeps what was there before the terminal was reset, also out of a full-screen program', async () => {
    const lines = numbered(20);
    assert.deepEqual(await textOf(`${lines.join('\r\n')}\x1b[?1049hfull`, '\x1bcafter\r\n'), [...lines, 'after']);
  });

  it('goes on with every line after the scrollback was cleared', async () => {
    const before = numbered(50);
    const after = ['one', 'two', 'three'];
    assert.deepEqual(await textOf(`${before.join('\r\n')}\r\n`, '\x1b[H\x1b[2J\x1b[3J', `${after.join('\r\n')}\r\n`), [
      ...before,
      ...after,
    ]);
  });

  it('has the lines of a session and of what it was restarted as', async () => {
    const text = new TranscriptText({ isFollowing: false });
    const lines = [...text.begin(size), ...(await text.write('first')), ...text.begin(size)];
    lines.push(...(await text.write('second')), ...text.end());
    assert.deepEqual(lines, ['first', 'second']);
  });

  it('keeps all lines when the size changes', async () => {
    const text = new TranscriptText({ isFollowing: false });
    text.begin(size);
    const lines = await text.write(`${numbered(12).join('\r\n')}\r\n`);
    text.resize({ cols: 30, rows: 3 });
    lines.push(...(await text.write('a\r\n')));
    text.resize({ cols: 30, rows: 40 });
    lines.push(...(await text.write('b\r\n')), ...text.end());
    assert.deepEqual(lines, [...numbered(12), 'a', 'b']);
  });

  it('has a line as soon as it ended where it is followed', async () => {
    const text = new TranscriptText({ isFollowing: true });
    text.begin(size);
    assert.deepEqual([await text.write('one\r\ntw'), await text.write('o\r\n')], [['one'], ['two']]);
  });

  it('has each line once where it is followed, also when it is cleared and drawn again', async () => {
    const text = new TranscriptText({ isFollowing: true });
    text.begin(size);
    const lines = [...(await text.write('one\r\n')), ...(await text.write('\x1b[H\x1b[2J\x1b[3Jtwo\r\nthree\r\n'))];
    assert.deepEqual([...lines, ...text.end()], ['one', 'two', 'three']);
  });
});
