import assert from 'node:assert/strict';
import { hasEnded, type LinuxStat, parseLinuxStat } from '../../../src/node/linuxStat.ts';

describe('a line of /proc/PID/stat', () => {
  const rest = 'S 7 42 43 34816 77 4194304 1 2 3 4 50 6 700 8 20 0 1 0 123456 999 2048 rest';

  for (const name of ['bash', 'a b', ') S (', 'tmux: server', '((x))']) {
    it(`is understood for a program that is called “${name}”`, () => {
      assert.deepEqual(parseLinuxStat(`42 (${name}) ${rest}`), {
        state: 'S',
        parent: 7,
        group: 42,
        session: 43,
        foregroundGroup: 77,
        ticks: 56,
        childTicks: 708,
        threads: 1,
        startTime: '123456',
        pages: 2048,
      });
    });
  }

  it('that is none is not understood', () => {
    assert.equal(parseLinuxStat(''), undefined);
  });

  const ends: [what: string, state: string, threads: number, ended: boolean][] = [
    ['that sleeps lives', 'S', 1, false],
    ['that nobody has waited for has ended', 'Z', 1, true],
    ['that was killed lives while threads of it are at work', 'Z', 2, false],
    ['that is being removed has ended', 'X', 0, true],
  ];
  for (const [what, state, threads, ended] of ends) {
    it(`shows that a process ${what}`, () => {
      assert.equal(hasEnded({ ...(parseLinuxStat(`42 (x) ${rest}`) as LinuxStat), state, threads }), ended);
    });
  }
});
