import { parseArgs } from 'node:util';

export const measureNames = [
  'echo',
  'bulk',
  'reattach',
  'memory',
  'prompt',
  'helper',
  'host',
  'registry',
  'doctor',
  'health',
  'worktrees',
  'idle',
  'creation',
] as const;
export type MeasureName = (typeof measureNames)[number];

export interface BenchOptions {
  readonly json: boolean;
  readonly quick: boolean;
  readonly help: boolean;
  readonly only: readonly MeasureName[];
  /** A second `dist` folder, measured beside this clone's own. */
  readonly compare: string | undefined;
}

export const usage = `npm run bench -- [options]

  --quick          fewer samples and less data, for a first look (about 2 minutes)
  --only NAME      one measurement; may be repeated: ${measureNames.join(', ')}
  --json           figures and verdicts as JSON on standard output
  --compare DIST   measures a second build of helper and host beside this one`;

/** @throws {Error} with a message for the user, for an option or a measurement that does not exist. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      compare: { type: 'string' },
    },
  });
  const unknown = values.only.filter((name) => !isMeasureName(name));
  if (unknown.length > 0) {
    throw new Error(`No measurement is called ${unknown.join(', ')}; there are ${measureNames.join(', ')}.`);
  }
  return { ...values, compare: values.compare, only: values.only.filter(isMeasureName) };
}

function isMeasureName(name: string): name is MeasureName {
  return (measureNames as readonly string[]).includes(name);
}
