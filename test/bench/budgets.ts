import { bare, type Figure, type FigureId, headline, holdfast, tmux } from './figures.ts';

export interface Verdict {
  readonly budget: string;
  readonly measured: string;
  readonly verdict: 'pass' | 'over' | 'not measured';
}

/** Budgets are met with the numbers as they are shown: no tolerance is added. */
export function judge(figures: readonly Figure[]): Verdict[] {
  return [
    ...echoVerdicts(figures, 'echo-typing', 'typed with pauses'),
    ...echoVerdicts(figures, 'echo-burst', 'typed back to back'),
    ratio(figures, 'bulk', tmux, 'Bulk output: at least tmux’s rate', (value) => value >= 1),
    limit(figures, 'reattach', 'Reattach: first full screen', 50, 'ms'),
    limit(figures, 'helper-return', 'Helper killed: control plane back', 500, 'ms'),
    limit(figures, 'helper-gap', 'Helper killed: longest gap in the output', 50, 'ms'),
    limit(figures, 'host-return', 'Session host killed: session runs again', 1000, 'ms'),
    limit(figures, 'registry-save', 'Session list of 200 saved and synced', 10, 'ms'),
    limit(figures, 'registry-load', 'Session list of 200 loaded and validated', 20, 'ms'),
    limit(figures, 'health-tick', 'Health tick of 100 sessions each 5 s, of a core', 1, '%'),
    limit(figures, 'idle', 'Helper with 100 idle sessions, of a core', 1, '%'),
    limit(figures, 'creation', 'Creation of a session, beside the checkout of 50,000 files', 100, 'ms'),
    limit(figures, 'worktree-busy', 'Busy worktrees of 20 sessions, git processes', 1, '/s'),
    limit(figures, 'worktree-idle', 'Idle worktrees of 20 sessions, git processes', 0, ''),
    limit(figures, 'doctor', 'Doctor on 200 sessions with worktrees', 2000, 'ms'),
    limit(figures, 'memory', 'Host’s own memory, without scrollback', 12, 'MB'),
  ];
}

function echoVerdicts(figures: readonly Figure[], id: FigureId, how: string): Verdict[] {
  return [
    ratio(figures, id, bare, `Echo p50, ${how}: at most 1.5 × a bare pty`, (value) => value <= 1.5),
    ratio(figures, id, tmux, `Echo p50, ${how}: below tmux’s`, (value) => value < 1),
  ];
}

function ratio(
  figures: readonly Figure[],
  id: FigureId,
  against: string,
  budget: string,
  isMet: (value: number) => boolean,
): Verdict {
  const [ours, theirs] = [headline(figures, id, holdfast), headline(figures, id, against)];
  if (ours === undefined || theirs === undefined) return { budget, ...notMeasured };
  const value = ours / theirs;
  return { budget, measured: `${value.toFixed(2)} ×`, verdict: isMet(value) ? 'pass' : 'over' };
}

function limit(figures: readonly Figure[], id: FigureId, what: string, most: number, unit: string): Verdict {
  const budget = `${what}: at most ${most} ${unit}`;
  const value = headline(figures, id, holdfast);
  if (value === undefined) return { budget, ...notMeasured };
  return { budget, measured: `${value.toFixed(1)} ${unit}`, verdict: value <= most ? 'pass' : 'over' };
}

const notMeasured = { measured: '–', verdict: 'not measured' } as const;
