/** The three that every figure compares; a second build of ours may join as a fourth. */
export const bare = 'bare pty';
export const holdfast = 'Holdfast';
export const tmux = 'tmux';

export interface Row {
  readonly who: string;
  /** One number for each of the figure's columns; a text says why there are none. */
  readonly values: readonly number[] | string;
}

/** One table of the report. The first column is the one that ratios and budgets are made of. */
export interface Figure {
  readonly id: FigureId;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

export type FigureId =
  | 'echo-typing'
  | 'echo-burst'
  | 'bulk'
  | 'reattach'
  | 'memory'
  | 'prompt'
  | 'helper-return'
  | 'helper-gap'
  | 'host-return'
  | 'registry-save'
  | 'registry-load'
  | 'doctor'
  | 'health-tick'
  | 'idle'
  | 'creation'
  | 'worktree-refresh'
  | 'worktree-busy'
  | 'worktree-idle';

/** The headline number of a row; undefined where it was not measured. */
export function headline(figures: readonly Figure[], id: FigureId, who: string): number | undefined {
  const row = figures.find((figure) => figure.id === id)?.rows.find((candidate) => candidate.who === who);
  return typeof row?.values === 'string' ? undefined : row?.values[0];
}

/** What a contender's samples are reported as, or why it has none. */
export function rowsOf(
  samples: ReadonlyMap<string, readonly number[]>,
  summarize: (samples: readonly number[]) => number[],
  absent: readonly Row[],
): Row[] {
  const measured = [...samples].map(([who, values]) => ({ who, values: summarize(values) }));
  return [...measured, ...absent];
}
