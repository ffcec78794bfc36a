import os from 'node:os';
import { judge, type Verdict } from './budgets.ts';
import { bare, type Figure, headline, type Row, tmux } from './figures.ts';

export interface Setting {
  readonly node: string;
  readonly platform: string;
  readonly cores: number;
  readonly tmux: string;
  readonly quick: boolean;
  readonly takenAt: string;
}

export function describeSetting(tmuxVersion: string | undefined, quick: boolean): Setting {
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cores: os.availableParallelism(),
    tmux: tmuxVersion ?? 'tmux absent',
    quick,
    takenAt: new Date().toISOString(),
  };
}

export function jsonReport(setting: Setting, figures: readonly Figure[]): string {
  return JSON.stringify({ setting, figures, budgets: judge(figures) }, null, 2);
}

export function textReport(setting: Setting, figures: readonly Figure[]): string {
  const { node, platform, cores, quick } = setting;
  const kind = quick ? 'a quick look, not a measurement to quote' : 'contenders took turns, medians';
  const head = `Holdfast benchmark: Node ${node}, ${platform}, ${cores} cores, ${setting.tmux}; ${kind}`;
  return [head, ...figures.map((figure) => figureTable(figure, figures)), budgetTable(judge(figures))].join('\n\n');
}

function figureTable(figure: Figure, figures: readonly Figure[]): string {
  const baselines = [bare, tmux].filter((who) => figure.rows.some((row) => row.who === who));
  const header = ['', ...figure.columns, ...baselines.map((who) => `× ${who}`)];
  const rows = figure.rows.map((row) => [`  ${row.who}`, ...cells(row, figure, figures, baselines)]);
  return [figure.title, ...table([header, ...rows])].join('\n');
}

function cells({ values }: Row, { id }: Figure, figures: readonly Figure[], baselines: readonly string[]): string[] {
  if (typeof values === 'string') return [values];
  const ratios = baselines.map((who) => {
    const baseline = headline(figures, id, who);
    return baseline === undefined ? '–' : ((values[0] ?? Number.NaN) / baseline).toFixed(2);
  });
  return [...values.map(short), ...ratios];
}

function budgetTable(verdicts: readonly Verdict[]): string {
  const measured = verdicts.filter(({ verdict }) => verdict !== 'not measured');
  const over = measured.filter(({ verdict }) => verdict === 'over').length;
  const rows = verdicts.map(({ budget, measured: value, verdict }) => [`  ${budget}`, value, verdict]);
  const counts = [
    `${measured.length - over} within budget`,
    `${over} over`,
    `${verdicts.length - measured.length} not measured`,
  ];
  return ['Budget', ...table(rows), '', counts.join(', ')].join('\n');
}

/** The first column to the left, the others to the right. A reason in place of numbers may run over their columns. */
function table(rows: readonly (readonly string[])[]): string[] {
  const isReason = (row: readonly string[], column: number) => column === 1 && row.length === 2;
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => (isReason(row, i) ? 0 : (row[i]?.length ?? 0)))),
  );
  const pad = (cell: string, i: number) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0));
  return rows.map((row) => row.map(pad).join('  ').trimEnd());
}

/** Three figures that mean something: 0.123, 1.23, 12.3, 123. */
function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.max(-1, Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(digits);
}
