import assert from 'node:assert/strict';
import { type Cell, formatTable, type TableOptions } from '../../../src/cli/table.ts';

const plain: TableOptions['paint'] = (_, text) => text;

function table(rows: string[][], options: Partial<TableOptions> = {}): string {
  const cells = rows.map((row) => row.map((text): Cell => ({ text })));
  return formatTable(cells, { paint: plain, ...options }).join('\n');
}

describe('a table', () => {
  it('aligns its columns and ends no line in blanks', () => {
    assert.equal(
      table([
        ['NAME', 'PID'],
        ['a', '1'],
        ['login', ''],
      ]),
      'NAME   PID\na      1\nlogin',
    );
  });

  it('aligns by what characters take up on the screen', () => {
    assert.equal(
      table([
        ['登录', 'x'],
        ['👩‍👩‍👧', 'x'],
        ['e\u0301', 'x'],
        ['abcd', 'x'],
      ]),
      '登录  x\n👩‍👩‍👧    x\ne\u0301     x\nabcd  x',
    );
  });

  it('cuts its last column to the width of the terminal', () => {
    assert.equal(table([['one', 'a long command']], { width: 15 }), 'one  a long co…');
  });

  it('cuts no wide character in half', () => {
    assert.equal(table([['one', '登录登录登录']], { width: 14 }), 'one  登录登录…');
  });

  it('leaves something of the last column on the narrowest terminal', () => {
    assert.equal(table([['a long name', 'a long command']], { width: 5 }), 'a long name  a long …');
  });

  it('keeps control characters and line breaks from the terminal', () => {
    assert.equal(table([['one', 'echo \x1b[31mred\x1b[m\r\n\tand\x07 more']]), 'one  echo red and more');
  });

  it('paints cells without moving the columns', () => {
    const rows: Cell[][] = [
      [{ text: 'one', style: 'green' }, { text: 'x' }],
      [{ text: 'three' }, { text: 'x' }],
    ];
    const lines = formatTable(rows, { paint: (style, text) => (style ? `<${text}>` : text) });
    assert.deepEqual(lines, ['<one>    x', 'three  x']);
  });
});
