import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { findPlace, RenderPacer } from '../../src/extension/renderPacer.ts';

/** The question with this number, counting from 0, and the answer to it. */
const question = (number: number) => `\x1b[?${58_000 + number}$p`;
const answer = (number: number) => `\x1b[?${58_000 + number};0$y`;

/** A pacer whose terminal says what it was given. */
class PacedTerminal {
  readonly acknowledged: number[] = [];
  readonly sizes: unknown[] = [];
  written = '';
  #end = 0;
  readonly pacer = new RenderPacer({
    write: (text) => {
      this.written += text;
    },
    acknowledge: (seq) => this.acknowledged.push(seq),
    sized: (size) => this.sizes.push(size),
  });

  /** Output of the session, as text or as one line of so many bytes. */
  output(content: string | number): void {
    const data = Buffer.from(typeof content === 'number' ? `${'x'.repeat(content - 1)}\n` : content);
    this.#end += data.length;
    this.pacer.write(data, this.#end);
  }

  get questions(): number {
    return this.written.match(/\x1b\[\?58\d{3}\$p/g)?.length ?? 0;
  }
}

describe('the pacing of a terminal’s output', () => {
  let terminal: PacedTerminal;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    terminal = new PacedTerminal();
  });
  afterEach(() => {
    terminal.pacer.dispose();
    mock.timers.reset();
  });

  it('asks nothing of a terminal that gets little', () => {
    terminal.output('hello');
    assert.deepEqual([terminal.written, terminal.acknowledged], ['hello', []]);
  });

  it('asks after every 5,000 bytes', () => {
    for (let count = 0; count < 10; count++) terminal.output(2_500);
    assert.equal(terminal.questions, 5);
  });

  it('does not wait for ever for more after output that ends inside a control sequence', () => {
    terminal.output(`${'x'.repeat(8_000)}\x1b[3`);
    const before = [...terminal.acknowledged];
    mock.timers.tick(100);
    assert.deepEqual([before, terminal.questions, terminal.acknowledged], [[], 0, [8_003]]);
  });

  it('does not forget such output when the terminal answers what was asked before', () => {
    terminal.output(5_000);
    terminal.output(`${'x'.repeat(8_000)}\x1b[3`);
    terminal.pacer.filterInput(answer(0));
    mock.timers.tick(100);
    assert.deepEqual(terminal.acknowledged, [5_000, 13_003]);
  });

  it('counts what it has not asked about yet on when the terminal answers', () => {
    terminal.output(5_000);
    terminal.output(4_900);
    terminal.pacer.filterInput(answer(0));
    terminal.output(200);
    assert.equal(terminal.questions, 2);
  });

  it('acknowledges what was drawn when the terminal answers', () => {
    terminal.output(5_000);
    terminal.output(5_000);
    terminal.pacer.filterInput(answer(0));
    assert.deepEqual(terminal.acknowledged, [5_000]);
  });

  it('takes an answer for one to everything asked before it, too', () => {
    terminal.output(5_000);
    terminal.output(5_000);
    terminal.pacer.filterInput(answer(1));
    terminal.pacer.filterInput(answer(0));
    assert.deepEqual(terminal.acknowledged, [10_000]);
  });

  it('takes no answer from before a restart for one to what it has asked since', () => {
    terminal.output(5_000);
    terminal.pacer.restart();
    terminal.output(5_000);
    terminal.pacer.filterInput(answer(0));
    assert.deepEqual(terminal.acknowledged, []);
  });

  it('takes its answers out of what the user typed', () => {
    terminal.output(5_000);
    terminal.output(5_000);
    assert.deepEqual(
      [terminal.pacer.filterInput(`a${answer(0)}b${answer(1)}c`), terminal.acknowledged],
      ['abc', [5_000, 10_000]],
    );
  });

  it('asks for the size of the terminal, and keeps the answer from the program', () => {
    terminal.pacer.askSize();
    const typed = terminal.pacer.filterInput('a\x1b[8;12;91tb');
    assert.deepEqual([terminal.written, typed, terminal.sizes], ['\x1b[18t', 'ab', [{ cols: 91, rows: 12 }]]);
  });

  it('asks for the size only where that cuts through no control sequence', () => {
    terminal.output('one\x1b[3');
    terminal.pacer.askSize();
    terminal.output('1mtwo');
    terminal.output('three\x1b[m');
    assert.equal(terminal.written, 'one\x1b[31mtwothree\x1b[m\x1b[18t');
  });

  it('leaves other answers of the terminal to the program', () => {
    const others = '\x1b[?1;2c\x1b[?2026;2$y\x1b[5;7R';
    assert.equal(terminal.pacer.filterInput(others), others);
  });

  it('asks at once about a fresh screen, which replaces everything', () => {
    terminal.pacer.writeScreen('screen', 700);
    terminal.pacer.filterInput(answer(0));
    assert.deepEqual([terminal.written, terminal.acknowledged], [`\x1bcscreen${question(0)}`, [700]]);
  });

  it('does not cut through a control sequence that comes in two pieces', () => {
    terminal.output(`${'x'.repeat(5_000)}\x1b[38;5;`);
    const before = terminal.questions;
    terminal.output('196mred\x1b[m');
    assert.deepEqual([before, terminal.written.endsWith(`\x1b[38;5;196mred\x1b[m${question(0)}`)], [0, true]);
  });

  it('does not part a letter from its accent: it asks after a line feed or a control sequence', () => {
    terminal.output(`${'x'.repeat(5_000)}\nand e`);
    assert.ok(terminal.written.endsWith(`\n${question(0)}and e`));
  });

  it('asks anywhere in a line that does not end', () => {
    for (let count = 0; count < 5; count++) terminal.output('x'.repeat(5_000));
    assert.equal(terminal.questions, 1);
  });

  it('does not cut through a character that comes in two pieces', () => {
    const [first, second] = [Buffer.from('漢').subarray(0, 2), Buffer.from('漢').subarray(2)];
    terminal.pacer.write(first, 2);
    terminal.pacer.write(second, 3);
    assert.equal(terminal.written, '漢');
  });

  it('forgets half a character when a fresh screen comes', () => {
    terminal.pacer.write(Buffer.from('漢').subarray(0, 2), 2);
    terminal.pacer.writeScreen('new', 10);
    terminal.pacer.write(Buffer.from('er'), 12);
    assert.equal(terminal.written, `\x1bcnew${question(0)}er`);
  });

  it('takes the inside of an endless control string for drawn, for no question can be put there', () => {
    terminal.output('\x1b]52;c;');
    for (let count = 0; count < 14; count++) terminal.output(5_000);
    assert.deepEqual([terminal.questions, terminal.acknowledged.length > 0], [0, true]);
  });

  it('gives up on an answer after two seconds, and takes all of it for drawn', () => {
    terminal.output(5_000);
    terminal.output(5_000);
    mock.timers.tick(1_999);
    const before = [...terminal.acknowledged];
    mock.timers.tick(1);
    assert.deepEqual([before, terminal.acknowledged], [[], [10_000]]);
  });

  it('waits two more seconds after each answer', () => {
    terminal.output(5_000);
    terminal.output(5_000);
    mock.timers.tick(1_500);
    terminal.pacer.filterInput(answer(0));
    mock.timers.tick(1_500);
    const before = [...terminal.acknowledged];
    mock.timers.tick(500);
    assert.deepEqual([before, terminal.acknowledged], [[5_000], [5_000, 10_000]]);
  });

  it('waits longer and longer for a terminal that does not answer, so that little is written to nobody', () => {
    const givenUpAfter: number[] = [];
    for (let count = 0; count < 10; count++) {
      terminal.output(5_000);
      let seconds = 0;
      for (; terminal.acknowledged.length === count; seconds++) mock.timers.tick(1_000);
      givenUpAfter.push(seconds);
    }
    assert.deepEqual(givenUpAfter, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  it('takes an answer that comes too late for none', () => {
    terminal.output(5_000);
    mock.timers.tick(2_000);
    assert.deepEqual([terminal.pacer.filterInput(`a${answer(0)}`), terminal.acknowledged], ['a', [5_000]]);
  });

  it('acknowledges nothing more once it is disposed', () => {
    terminal.output(5_000);
    terminal.pacer.dispose();
    mock.timers.tick(10_000);
    assert.deepEqual(terminal.acknowledged, []);
  });
});

describe('the place for a question', () => {
  const cases: [what: string, text: string, startsInGround: boolean, marked: string][] = [
    ['is after a line feed', 'one\ntwo', true, 'one\n?two'],
    ['is after a whole sequence', 'one\x1b[1;31mtwo', true, 'one\x1b[1;31m?two'],
    ['is after a line feed behind a whole sequence', '\x1b[1mone\ntwo', true, '\x1b[1mone\n?two'],
    ['is after a title ended by a bell', '\x1b]0;title\x07text', true, '\x1b]0;title\x07?text'],
    ['is after a title ended by a string terminator', '\x1b]0;title\x1b\\text', true, '\x1b]0;title\x1b\\?text'],
    ['is after the bell that ends a string that went on', 'the end\x07text', false, 'the end\x07?text'],
    ['is after a change of the character set', '\x1b(Btext', true, '\x1b(B?text'],
    ['is after a keypad mode', '\x1b=text', true, '\x1b=?text'],
    ['is not known in plain text', 'one two', true, 'one two: outside'],
    ['is not after a lone escape', 'one\n\x1b', true, 'one\n\x1b: inside'],
    ['is not inside a sequence', 'one\n\x1b[1;3', true, 'one\n\x1b[1;3: inside'],
    ['is not inside a title', 'one\n\x1b]0;title', true, 'one\n\x1b]0;title: inside'],
    ['is not inside a device control string', '\x1bPq#0;2;0\n0;0', true, '\x1bPq#0;2;0\n0;0: inside'],
    ['is not in the middle of a string that goes on', 'more\nof it', false, 'more\nof it: inside'],
    ['is not inside a change of the character set', '\x1b(', true, '\x1b(: inside'],
  ];
  for (const [what, text, startsInGround, marked] of cases) {
    it(what, () => {
      const { index, endsInGround } = findPlace(text, startsInGround);
      const note = endsInGround ? 'outside' : 'inside';
      assert.equal(index === undefined ? `${text}: ${note}` : `${text.slice(0, index)}?${text.slice(index)}`, marked);
    });
  }
});
