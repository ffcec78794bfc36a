import assert from 'node:assert/strict';
import { plainLine, separatorLine } from '../../../src/host/separator.ts';

describe('the line between two lives of a session', () => {
  const cases: [what: string, text: string, cols: number, line: string][] = [
    ['stands between two edges', 'It was killed.', 40, '── It was killed. ──'],
    ['fits exactly', 'It was killed.', 20, '── It was killed. ──'],
    ['is cut to the width', 'It was killed.', 19, '── It was kille… ──'],
    ['is cut between letters, not within one', '🙂🙂🙂', 8, '── 🙂… ──'],
    ['has no room for words', 'It was killed.', 6, '──────'],
  ];
  for (const [what, text, cols, line] of cases) {
    it(what, () => assert.equal(separatorLine(text, cols), `\x1b[2m${line}\x1b[22m`));
  }

  it('holds nothing that a terminal would obey', () => {
    assert.equal(plainLine(' \x1b[2Jone\r\ntwo\u009b3m\u202e three\x07 '), '[2Jone two 3m three');
  });
});
