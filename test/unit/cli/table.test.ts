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

  it('cuts a column that may be cut to the width of the terminal', () => {
    assert.equal(
      table([['one', 'a long command']], { fit: { width: 15, columns: [{}, { least: 8 }] } }),
      'one  a long co…',
    );
  });

  it('cuts no wide character in half, and stays aligned', () => {
    assert.equal(
      table(
        [
          ['登录登录登录', 'x'],
          ['one', 'x'],
        ],
        { fit: { width: 11, columns: [{ least: 1 }, {}] } },
      ),
      '登录登…   x\none       x',
    );
  });

  it('cuts the widest columns first, and each no further than it may be', () => {
    const columns = [{ least: 4 }, { least: 2 }, { least: 6 }];
    const row = ['abcdefgh', 'ab', 'abcdefghijkl'];
    const lines = [22, 18, 10].map((width) => table([row], { fit: { width, columns } }));
    assert.deepEqual(lines, ['abcdefgh  ab  abcdefg…', 'abcde…  ab  abcde…', 'abc…  ab  abcde…']);
  });

  it('leaves columns out, in their order, where cutting is not enough', () => {
    const columns = [{ least: 4 }, { leftOut: 2 }, { leftOut: 1 }, { least: 5 }];
    const row = ['abcdefgh', 'two', 'three', 'command line'];
    const lines = [23, 22, 16, 11].map((width) => table([row], { fit: { width, columns } }));
    assert.deepEqual(lines, ['abc…  two  three  comm…', 'abcdefgh  two  comman…', 'abc…  two  comm…', 'abc…  comm…']);
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
