import assert from 'node:assert/strict';
import { TerminalDimensions } from '../../src/extension/terminalDimensions.ts';

describe('the dimensions of a terminal', () => {
  let dimensions: TerminalDimensions;
  const size = (cols: number, rows: number) => ({ cols, rows });
  const vscode = (columns: number, rows: number) => ({ columns, rows });

  beforeEach(() => {
    dimensions = new TerminalDimensions();
  });

  it('are those that VS Code reports', () => {
    dimensions.reported(vscode(91, 12));
    dimensions.reported(vscode(100, 20));
    assert.deepEqual(dimensions.own, size(100, 20));
  });

  it('are those that the terminal itself tells', () => {
    dimensions.reported(vscode(80, 30));
    dimensions.measured(size(91, 12));
    assert.deepEqual(dimensions.own, size(91, 12));
  });

  it('are overridden by the size that another window gave the session, and come back', () => {
    dimensions.reported(vscode(91, 12));
    const overrides = [size(91, 12), size(58, 10), size(58, 10), size(91, 12)].map((now) => dimensions.followed(now));
    assert.deepEqual(overrides, [undefined, vscode(58, 10), undefined, vscode(0, 0)]);
  });

  it('are not forgotten when the terminal tells what an override leaves of them', () => {
    dimensions.reported(vscode(91, 12));
    dimensions.followed(size(58, 10));
    dimensions.measured(size(58, 10));
    assert.deepEqual(dimensions.own, size(91, 12));
  });

  it('are those of a terminal that is smaller than the override', () => {
    dimensions.reported(vscode(91, 12));
    dimensions.followed(size(58, 10));
    dimensions.measured(size(40, 10));
    assert.deepEqual(dimensions.own, size(40, 12));
  });
});
