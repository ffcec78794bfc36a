import assert from 'node:assert/strict';
import { Screen } from '../../../src/host/screen.ts';

const questions: [what: string, question: string, answer: string][] = [
  ['its cursor', 'ab\x1b[6n', '\x1b[1;3R'],
  ['its attributes', '\x1b[c', '\x1b[?1;2c'],
  ['its state', '\x1b[5n', '\x1b[0n'],
  ['its size', '\x1b[18t', '\x1b[8;24;80t'],
  ['its foreground', '\x1b]10;?\x07', '\x1b]10;rgb:cccc/cccc/cccc\x1b\\'],
  ['its background', '\x1b]11;?\x1b\\', '\x1b]11;rgb:1f1f/1f1f/1f1f\x1b\\'],
  ['its cursor’s colour', '\x1b]12;?\x1b\\', '\x1b]12;rgb:cccc/cccc/cccc\x1b\\'],
  ['a named colour', '\x1b]4;1;?\x1b\\', '\x1b]4;1;rgb:cdcd/3131/3131\x1b\\'],
  [
    'two colours at once',
    '\x1b]4;16;?;231;?\x1b\\',
    '\x1b]4;16;rgb:0000/0000/0000\x1b\\\x1b]4;231;rgb:ffff/ffff/ffff\x1b\\',
  ],
  ['a grey', '\x1b]4;232;?\x1b\\', '\x1b]4;232;rgb:0808/0808/0808\x1b\\'],
  ['its name', '\x1b[>q', '\x1bP>|Holdfast\x1b\\'],
  ['the program status protocol', '\x1b]7501;?\x1b\\', '\x1b]7501;?\x1b\\'],
  ['a mode', '\x1b[?2004h\x1b[?2004$p', '\x1b[?2004;1$y'],
  ['nothing, when a colour is set', '\x1b]11;rgb:00/00/00\x07', ''],
  ['nothing, when a status is told', '\x1b]7501;busy\x1b\\', ''],
  ['nothing, for a colour that does not exist', '\x1b]4;256;?\x1b\\', ''],
];

describe('a program that asks the host’s terminal for', () => {
  for (const [what, question, answer] of questions) {
    it(`${what} is answered`, async () => assert.equal(await answersTo(question), answer));
  }

  it('its background gets that of a light theme once the terminal that shows it has one', async () => {
    assert.equal(await answersTo('\x1b]11;?\x07', 'light'), '\x1b]11;rgb:ffff/ffff/ffff\x1b\\');
  });
});

async function answersTo(question: string, theme: 'dark' | 'light' = 'dark'): Promise<string> {
  const screen = new Screen({ cols: 80, rows: 24, scrollback: 0, theme: 'dark' });
  screen.theme = theme;
  let answers = '';
  screen.onReply((text) => {
    answers += text;
  });
  screen.write(Buffer.from(question), () => undefined);
  await screen.snapshot();
  return answers;
}
