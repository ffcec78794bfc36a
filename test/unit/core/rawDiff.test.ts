import assert from 'node:assert/strict';
import { parseRawDiff } from '../../../src/core/rawDiff.ts';

const ids = 'aaaaaaa 0000000';

function read(...fields: string[]) {
  return parseRawDiff([...fields, ''].join('\0'));
}

describe('a comparison of a commit with a worktree', () => {
  it('tells what became of each file, whatever it is called', () => {
    assert.deepEqual(
      read(
        ...[
          `:100644 100644 ${ids} M`,
          'a  b',
          `:000000 100644 ${ids} A`,
          'line\nbreak',
          `:100644 000000 ${ids} D`,
          'ü',
        ],
        ...[`:100644 100644 ${ids} R087`, 'old', 'new', `:100644 100644 ${ids} C100`, 'one', 'copy'],
      ),
      [
        { path: 'a  b', kind: 'changed' },
        { path: 'line\nbreak', kind: 'added' },
        { path: 'ü', kind: 'deleted' },
        { path: 'new', formerPath: 'old', kind: 'renamed' },
        { path: 'copy', formerPath: 'one', kind: 'added' },
      ],
    );
  });

  it('leaves submodules out', () => {
    assert.deepEqual(read(`:160000 160000 ${ids} M`, 'sub', `:000000 160000 ${ids} A`, 'new'), []);
  });

  it('knows symbolic links', () => {
    const [toLink, toFile] = [`:100644 120000 ${ids} T`, `:120000 100644 ${ids} T`];
    assert.deepEqual(
      [read(toLink, 'a'), read(toFile, 'a')],
      [[{ path: 'a', kind: 'changed', isLink: true }], [{ path: 'a', kind: 'changed' }]],
    );
  });

  it('tells a file with conflicts once', () => {
    const [conflict, deleted] = [`:000000 100644 ${ids} U`, `:100644 000000 ${ids} D`];
    const told = { path: 'a', kind: 'deleted' };
    assert.deepEqual([read(deleted, 'a', conflict, 'a'), read(conflict, 'a', deleted, 'a')], [[told], [told]]);
  });
});
