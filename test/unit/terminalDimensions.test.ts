import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { TerminalDimensions } from '../../src/extension/terminalDimensions.ts';

/** The dimensions of a terminal, with what they ask of it and tell of it. */
class Scene {
  readonly known: string[] = [];
  asked = 0;
  isFront = true;
  readonly dimensions = new TerminalDimensions({
    ask: () => {
      this.asked++;
    },
    isFront: () => this.isFront,
    onKnown: ({ cols, rows }) => this.known.push(`${cols}x${rows}`),
  });
}

const size = (cols: number, rows: number) => ({ cols, rows });
const vscode = (columns: number, rows: number) => ({ columns, rows });

describe('the dimensions of a terminal', () => {
  let scene: Scene;
  let dimensions: TerminalDimensions;
  const pass = (time: number) => mock.timers.tick(time);

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    scene = new Scene();
    ({ dimensions } = scene);
  });
  afterEach(() => mock.timers.reset());

  it('are known at once where it is opened in front', () => {
    dimensions.opened(vscode(91, 12), false);
    assert.deepEqual(dimensions.known, size(91, 12));
  });

  it('are asked for when it comes to the front, and once more when VS Code has laid it out', () => {
    dimensions.opened(vscode(91, 12), false);
    dimensions.shown();
    const atOnce = scene.asked;
    pass(300);
    assert.deepEqual([atOnce, scene.asked], [1, 2]);
  });

  it('change with what VS Code reports', () => {
    dimensions.opened(vscode(91, 12), false);
    dimensions.reported(vscode(100, 20));
    assert.deepEqual(scene.known, ['100x20']);
  });

  it('are not known before a terminal that comes back with its window is laid out for good', () => {
    dimensions.opened(vscode(105, 12), true);
    dimensions.shown();
    dimensions.measured(size(105, 12));
    dimensions.reported(vscode(111, 11));
    pass(999);
    const early = [dimensions.known, scene.asked];
    pass(1);
    dimensions.measured(size(111, 11));
    assert.deepEqual([early, scene.asked, scene.known], [[undefined, 1], 2, ['111x11']]);
  });

  it('are not known while the terminal is behind others', () => {
    scene.isFront = false;
    dimensions.opened(vscode(80, 30), false);
    dimensions.measured(size(91, 12));
    dimensions.reported(vscode(91, 12));
    assert.deepEqual([dimensions.known, scene.known], [undefined, []]);
  });

  it('are not those of which one side is still a guess, but for two seconds', () => {
    scene.isFront = false;
    dimensions.opened(vscode(80, 30), false);
    scene.isFront = true;
    dimensions.shown();
    dimensions.measured(size(91, 30));
    const early = [...scene.known];
    pass(2_001);
    dimensions.measured(size(91, 30));
    assert.deepEqual([early, scene.known], [[], ['91x30']]);
  });

  it('are not overridden before they are known, so that a guess is not taken for what an override hides', () => {
    scene.isFront = false;
    dimensions.opened(vscode(80, 30), true);
    pass(1_000);
    scene.isFront = true;
    dimensions.shown();
    const override = dimensions.followed(size(91, 12));
    pass(300);
    dimensions.measured(size(91, 12));
    assert.deepEqual([override, scene.known], [undefined, ['91x12']]);
  });

  it('are overridden by the size that another window gave the session, and come back', () => {
    dimensions.opened(vscode(91, 12), false);
    const overrides = [size(91, 12), size(58, 10), size(58, 10), size(91, 12)].map((now) => dimensions.followed(now));
    assert.deepEqual(overrides, [undefined, vscode(58, 10), undefined, vscode(0, 0)]);
  });

  it('are not forgotten when the terminal tells what an override leaves of them', () => {
    dimensions.opened(vscode(91, 12), false);
    dimensions.followed(size(58, 10));
    dimensions.measured(size(58, 10));
    assert.deepEqual(dimensions.known, size(91, 12));
  });

  it('are those of a terminal that is smaller than the override', () => {
    dimensions.opened(vscode(91, 12), false);
    dimensions.followed(size(58, 10));
    dimensions.measured(size(40, 10));
    assert.deepEqual(dimensions.known, size(40, 12));
  });
});
