import assert from 'node:assert/strict';
import { Screen } from '../../../src/host/screen.ts';
import { unfinishedCharacter, unfinishedSequence } from '../../../src/host/unfinishedOutput.ts';
import { describeTerminal, newTerminal, type ObservedTerminal } from './terminals.ts';

const size = { cols: 20, rows: 5 };

const output = Buffer.from(
  'café 🙂\r\n\x1b[1;38;2;10;20;30mbold\x1b[0m\x1b]0;a title\x07\x1b]8;;https://example.invalid\x1b\\link\x1b]8;;\x1b\\' +
    '\x1bP$q"p\x1b\\\x1b(0lqk\x1b(B\x1b[?1049hfull\x1b[2;3Hscreen\x1b[?25l',
);

describe('a snapshot that is taken between any two bytes', () => {
  it('shows, together with what follows its offset, what the whole output shows', async () => {
    const expected = await shown([output]);
    const wrong: string[] = [];
    for (let cut = 0; cut <= output.length; cut++) {
      const screen = new Screen({ ...size, scrollback: 100, theme: 'dark' });
      screen.write(output.subarray(0, cut), () => undefined);
      const { seq, text } = await screen.snapshot(undefined, (end) => output.subarray(0, end));
      if ((await shown([Buffer.from(text), output.subarray(seq)])) !== expected) wrong.push(`cut at ${cut}`);
    }
    assert.deepEqual(wrong, []);
  });

  it('stands for all of it where the beginning of a sequence is too far back to be found', () => {
    assert.deepEqual([unfinishedSequence(Buffer.from('4;1;QUJD')), unfinishedCharacter(Buffer.alloc(0))], [0, 0]);
  });
});

async function shown(parts: readonly Buffer[]): Promise<string> {
  const terminal = newTerminal(size);
  for (const part of parts) await draw(terminal, part);
  return describeTerminal(terminal);
}

function draw({ terminal }: ObservedTerminal, part: Buffer): Promise<void> {
  return new Promise((resolve) => terminal.write(part, resolve));
}
