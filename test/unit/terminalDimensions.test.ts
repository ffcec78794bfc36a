import assert from 'node:assert/strict';
import { TerminalDimensions } from '../../src/extension/terminalDimensions.ts';

describe('the dimensions of a terminal', () => {
  let dimensions: TerminalDimensions;
  const size = (cols: number, rows: number) => ({ cols, rows });
  const vscode = (columns: number, rows: number) => ({ columns, rows });

  beforeEach(() => {
    dimensions = new TerminalDimensions();
  });

  it('are unknown while the terminal is behind others, whatever VS Code opens it with', () => {
    const initial = vscode(80, 30);
    dimensions.opened(initial);
    assert.deepEqual({ isNews: dimensions.reported(initial), own: dimensions.own }, { isNews: false, own: undefined });
  });

  it('are those it was opened with once it is in front', () => {
    dimensions.opened(vscode(91, 12));
    const isNews = [dimensions.broughtToFront(), dimensions.broughtToFront()];
    assert.deepEqual({ isNews, own: dimensions.own }, { isNews: [true, false], own: size(91, 12) });
  });

  it('are those that VS Code reports later', () => {
    dimensions.opened(vscode(80, 30));
    const isNews = [dimensions.reported(vscode(91, 12)), dimensions.reported(vscode(91, 12))];
    assert.deepEqual({ isNews, own: dimensions.own }, { isNews: [true, false], own: size(91, 12) });
  });

  it('are overridden by the size that another window gave the session, and come back', () => {
    dimensions.reported(vscode(91, 12));
    const overrides = [size(91, 12), size(58, 10), size(58, 10), size(91, 12)].map((now) => dimensions.followed(now));
    assert.deepEqual(overrides, [undefined, vscode(58, 10), undefined, vscode(0, 0)]);
  });

  it('are not forgotten when VS Code reports what an override leaves of them', () => {
    dimensions.reported(vscode(91, 12));
    dimensions.followed(size(58, 10));
    dimensions.reported(vscode(58, 10));
    assert.deepEqual(dimensions.own, size(91, 12));
  });

  it('follow a panel that becomes narrower than the override', () => {
    dimensions.reported(vscode(91, 12));
    dimensions.followed(size(58, 10));
    dimensions.reported(vscode(40, 10));
    assert.deepEqual(dimensions.own, size(40, 12));
  });
});
