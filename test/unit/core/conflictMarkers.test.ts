import assert from 'node:assert/strict';
import { withNamedMarkers } from '../../../src/core/conflictMarkers.ts';

const [ours, theirs, base] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string];

describe('a conflict that is shown', () => {
  const texts: [what: string, text: string, shown: string][] = [
    [
      'names both sides',
      `<<<<<<< ${ours}\none\n=======\ntwo\n>>>>>>> ${theirs}\n`,
      '<<<<<<< main\none\n=======\ntwo\n>>>>>>> login\n',
    ],
    ['keeps the name of a file', `<<<<<<< ${ours}:old.txt\n`, '<<<<<<< main:old.txt\n'],
    ['shortens what has no name', `||||||| ${base}\n`, '||||||| ccccccc\n'],
    ['bears the ends of lines that Windows has', `>>>>>>> ${theirs}\r\n`, '>>>>>>> login\r\n'],
    ['leaves alone what is no marker', `see ${ours}\n<<<<<<< HEAD\n`, `see ${ours}\n<<<<<<< HEAD\n`],
  ];
  for (const [what, text, shown] of texts) {
    it(what, () => assert.equal(withNamedMarkers(text, { [ours]: 'main', [theirs]: 'login' }), shown));
  }
});
