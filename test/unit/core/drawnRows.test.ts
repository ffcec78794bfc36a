import assert from 'node:assert/strict';
import { DrawnRows } from '../../../src/core/drawnRows.ts';

describe('the rows of a view', () => {
  it('are drawn as a whole at first, and again only where rows come, go, move or change their group', () => {
    const rows = new DrawnRows();
    const layouts = [
      [['a', 'b'], []],
      [['a', 'b'], []],
      [['b', 'a'], []],
      [['b', 'a', 'c'], []],
      [['b', 'a'], ['c']],
      [['b', 'a'], ['c']],
      [['b'], ['c']],
    ];
    const isNew = layouts.map((groups) => rows.isLaidOutAnew(groups));
    assert.deepEqual(isNew, [true, false, true, true, true, false, true]);
  });

  it('are drawn anew one by one where they look different', () => {
    const rows = new DrawnRows();
    rows.noteLook('a', 'running');
    rows.noteLook('b', 'running');
    const looks = new Map(Object.entries({ a: 'running', b: 'failed', c: 'new' }));
    const changed = rows.changed(looks);
    rows.noteLook('b', 'failed');
    rows.noteLook('c', 'new');
    const after = rows.changed(looks);
    rows.forgetLooks();
    assert.deepEqual([changed, after, rows.changed(looks)], [['b', 'c'], [], ['a', 'b', 'c']]);
  });
});
