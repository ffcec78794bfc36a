import assert from 'node:assert/strict';
import { lookPauses, lookUntil } from '../../../src/node/processEnd.ts';

describe('looks at processes that are to end', () => {
  it('are a second apart at least where each starts a process, and quick after one another where none does', () => {
    const firstOf = (platform: NodeJS.Platform) => {
      const pauses = lookPauses(platform);
      return Array.from({ length: 20 }, () => pauses.next().value);
    };
    const isSlow = (['darwin', 'win32'] as const).map((platform) => Math.min(...firstOf(platform)) >= 1_000);
    assert.deepEqual([isSlow, Math.max(...firstOf('linux')) <= 200], [[true, true], true]);
  });

  it('are two at least, the last one once the patience is over', async () => {
    const begun = performance.now();
    const looks: number[] = [];
    const isOver = await lookUntil(async () => looks.push(performance.now() - begun) === 0, 30);
    assert.deepEqual([isOver, looks.length > 1, (looks.at(-1) ?? 0) >= 29], [false, true, true]);
  });
});
