import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { endsInGround, RenderPacer } from '../../src/extension/renderPacer.ts';

const question = '\x1b[?58207$p';
const answer = '\x1b[?58207;0$y';

/** A pacer whose terminal says what it was given. */
class PacedTerminal {
  readonly acknowledged: number[] = [];
  written = '';
  #end = 0;
  readonly pacer = new RenderPacer({
    write: (text) => {
      this.written += text;
    },
    acknowledge: (seq) => this.acknowledged.push(seq),
  });

  /** Output of the session, as text or so many bytes of it. */
  output(content: string | number): void {
    const data = Buffer.from(typeof content === 'number' ? 'x'.repeat(content) : content);
    this.#end += data.length;
    this.pacer.write(data, this.#end);
  }

  get questions(): number {
    return this.written.split(question).length - 1;
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

  it('acknowledges what was drawn when the terminal answers', () => {
    terminal.output(5_000);
    terminal.output(5_000);
    terminal.pacer.filterInput(answer);
    assert.deepEqual(terminal.acknowledged, [5_000]);
  });

  it('takes its answers out of what the user typed', () => {
    terminal.output(5_000);
    terminal.output(5_000);
    assert.deepEqual(
      [terminal.pacer.filterInput(`a${answer}b${answer}c`), terminal.acknowledged],
      ['abc', [5_000, 10_000]],
    );
  });

  it('leaves other answers of the terminal to the program', () => {
    const others = '\x1b[?1;2c\x1b[?2026;2$y\x1b[5;7R';
    assert.equal(terminal.pacer.filterInput(others), others);
  });

  it('asks at once about a fresh screen, which replaces everything', () => {
    terminal.pacer.writeScreen('screen', 700);
    terminal.pacer.filterInput(answer);
    assert.deepEqual([terminal.written, terminal.acknowledged], [`\x1bcscreen${question}`, [700]]);
  });

  it('does not cut through a control sequence that comes in two pieces', () => {
    terminal.output(`${'x'.repeat(5_000)}\x1b[38;5;`);
    const before = terminal.questions;
    terminal.output('196mred\x1b[m');
    assert.deepEqual([before, terminal.written.endsWith(`\x1b[38;5;196mred\x1b[m${question}`)], [0, true]);
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
    assert.equal(terminal.written, `\x1bcnew${question}er`);
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
    terminal.pacer.filterInput(answer);
    mock.timers.tick(1_500);
    const before = [...terminal.acknowledged];
    mock.timers.tick(500);
    assert.deepEqual([before, terminal.acknowledged], [[5_000], [5_000, 10_000]]);
  });

  it('takes an answer that comes too late for none', () => {
    terminal.output(5_000);
    mock.timers.tick(2_000);
    assert.deepEqual([terminal.pacer.filterInput(`a${answer}`), terminal.acknowledged], ['a', [5_000]]);
  });

  it('acknowledges nothing more once it is disposed', () => {
    terminal.output(5_000);
    terminal.pacer.dispose();
    mock.timers.tick(10_000);
    assert.deepEqual(terminal.acknowledged, []);
  });
});

describe('the place for a question', () => {
  const cases: [what: string, text: string, start: boolean, isPlace: boolean][] = [
    ['is after plain text', 'hello', true, true],
    ['is after a whole sequence', '\x1b[1;31m', true, true],
    ['is after text behind a whole sequence', '\x1b[1mbold', true, true],
    ['is not after a lone escape', 'hello\x1b', true, false],
    ['is not inside a sequence', 'hello\x1b[1;3', true, false],
    ['is not inside a title', '\x1b]0;title', true, false],
    ['is after a title ended by a bell', '\x1b]0;title\x07', true, true],
    ['is after a title ended by a string terminator', '\x1b]0;title\x1b\\', true, true],
    ['is not inside a device control string', '\x1bPq#0;2;0;0;0', true, false],
    ['is not in the middle of a string that goes on', 'more of it', false, false],
    ['is after the bell that ends a string that went on', 'the end\x07', false, true],
    ['is after a change of the character set', '\x1b(B', true, true],
    ['is not inside a change of the character set', '\x1b(', true, false],
    ['is after a keypad mode', '\x1b=', true, true],
  ];
  for (const [what, text, start, isPlace] of cases) {
    it(what, () => {
      assert.equal(endsInGround(text, start), isPlace);
    });
  }
});
