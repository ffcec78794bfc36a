import assert from 'node:assert/strict';
import { allPairs, findOverlaps, maxOverlapFiles, pairsToCheck, type SessionWork } from '../../../src/core/overlap.ts';
import type { MergeForecast } from '../../../src/protocol/changes.ts';

function work(id: string, committed: string[], uncommitted: string[] = [], head: string | null = `head of ${id}`) {
  return {
    id,
    folder: `/repo/${id}`,
    head,
    committed: new Set(committed),
    uncommitted: new Set(uncommitted),
  } satisfies SessionWork;
}

const untold = () => undefined;
const conflicts = (): MergeForecast => ({ state: 'conflicts', files: ['a'] });

describe('the overlap of sessions', () => {
  it('is none where they change other files', () => {
    assert.deepEqual(findOverlaps([work('a', ['a']), work('b', ['b'], ['c'])], untold), []);
  });

  it('names the files that both change, committed or not, each once', () => {
    const [overlap] = findOverlaps([work('a', ['y', 'x'], ['x', 'z']), work('b', ['x'], ['y', 'z', 'w'])], untold);
    assert.deepEqual([overlap?.ids, overlap?.files, overlap?.count], [['a', 'b'], ['x', 'y', 'z'], 3]);
  });

  it('tells only so many of them', () => {
    const files = Array.from({ length: 80 }, (_, index) => `file ${index}`);
    const [overlap] = findOverlaps([work('a', files), work('b', files)], untold);
    assert.deepEqual([overlap?.files.length, overlap?.count], [maxOverlapFiles, 80]);
  });

  it('is of every pair of three', () => {
    const works = ['a', 'b', 'c'].map((id) => work(id, ['x']));
    assert.deepEqual(
      findOverlaps(works, untold).map(({ ids }) => ids.join()),
      ['a,b', 'a,c', 'b,c'],
    );
  });

  it('waits for a comparison only where both have committed', () => {
    const states = (...works: SessionWork[]) => findOverlaps(works, untold).map(({ merge }) => merge.state);
    assert.deepEqual(
      [states(work('a', ['x']), work('b', ['x'])), states(work('a', ['x']), work('b', [], ['x']))],
      [['pending'], ['clean']],
    );
  });

  it('is told of two that conflict though they change no file in common', () => {
    const [overlap] = findOverlaps([work('a', ['a']), work('b', ['b'])], conflicts);
    assert.deepEqual([overlap?.count, overlap?.merge], [0, conflicts()]);
  });

  const checked: [what: string, works: SessionWork[], pairs: number][] = [
    ['a file that both have committed', [work('a', ['x']), work('b', ['x'])], 1],
    ['a file and a folder of its name', [work('a', ['x']), work('b', ['x/y/z'])], 1],
    ['a folder and a file of its name', [work('a', ['x/y/z']), work('b', ['x/y'])], 1],
    ['names that only begin alike', [work('a', ['x']), work('b', ['xy/z'])], 0],
    ['what one has not committed', [work('a', ['x']), work('b', [], ['x'])], 0],
    ['the same commit', [work('a', ['x'], [], 'same'), work('b', ['x'], [], 'same')], 0],
    ['a branch without a commit', [work('a', ['x'], [], null), work('b', ['x'])], 0],
  ];
  for (const [what, works, pairs] of checked) {
    it(`is compared ${pairs ? 'by itself' : 'not'}: ${what}`, () => assert.equal(pairsToCheck(works).length, pairs));
  }

  it('compares for whoever asks also what changes other files, and each two commits once', () => {
    const works = [work('a', ['a'], [], '1'), work('b', ['b'], [], '2'), work('c', ['c'], [], '1'), work('d', [])];
    assert.deepEqual(
      allPairs(works).map(({ key }) => key),
      ['1 2'],
    );
  });

  it('takes no time that grows with the pairs', () => {
    const works = Array.from({ length: 100 }, (_, index) =>
      work(
        `${index}`,
        Array.from({ length: 2_000 }, (__, file) => `${index}/${file}`),
      ),
    );
    const since = performance.now();
    findOverlaps(works, untold);
    assert.ok(performance.now() - since < 3_000);
  });
});
