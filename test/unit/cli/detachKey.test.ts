import assert from 'node:assert/strict';
import { DetachKey } from '../../../src/cli/detachKey.ts';

/** What reaches the program of what is typed in these pieces, and whether the last one detaches. */
function type(...pieces: string[]): { input: string; isDetach: boolean } {
  const key = new DetachKey();
  const results = pieces.map((piece) => key.push(Buffer.from(piece)));
  return {
    input: Buffer.concat(results.map(({ input }) => input)).toString(),
    isDetach: results.at(-1)?.isDetach ?? false,
  };
}

describe('the keys that detach', () => {
  const cases: [name: string, pieces: string[], input: string, isDetach: boolean][] = [
    ['leave everything else as it is', ['ls\r', '\x1b[A', 'schön 🙂'], 'ls\r\x1b[Aschön 🙂', false],
    ['are Ctrl+\\ and d', ['\x1c', 'd'], '', true],
    ['also work typed so fast that they come together, after other keys', ['abc\x1cd'], 'abc', true],
    ['drop what was typed after them', ['a\x1cdrm -rf\r'], 'a', true],
    ['hold Ctrl+\\ back until the next key', ['a\x1c'], 'a', false],
    ['give the program one Ctrl+\\ for two', ['\x1c', '\x1c', 'd'], '\x1cd', false],
    ['give the program both where another key follows', ['\x1c', 'x'], '\x1cx', false],
    ['work after a Ctrl+\\ that was for the program', ['\x1c\x1c\x1cd'], '\x1c', true],
    ['are known as xterm sends them to vim', ['\x1b[27;5;92~', 'd'], '', true],
    ['are known in the kitty keyboard protocol', ['\x1b[92;5u', '\x1b[100u'], '', true],
    [
      'are known with num lock on and keys that report their release',
      ['\x1b[92;133u', '\x1b[92;133:3u', 'd'],
      '',
      true,
    ],
    ['reach the program in the form in which they were typed', ['\x1b[92;5u', '\x1b[92;5u'], '\x1b[92;5u', false],
    ['are not any other key with Ctrl', ['\x1b[93;5u', 'd'], '\x1b[93;5ud', false],
  ];
  for (const [name, pieces, input, isDetach] of cases) {
    it(name, () => assert.deepEqual(type(...pieces), { input, isDetach }));
  }

  it('leave bytes that are no text as they are', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 0x1c));
    assert.deepEqual(new DetachKey().push(bytes), { input: bytes, isDetach: false });
  });
});
