import Mocha from 'mocha';

export interface SuiteCounts {
  readonly passed: number;
  readonly failed: number;
  /** Of each failure its full title and, indented, what went wrong; fewer than `failed` where a process itself failed. */
  readonly failures: readonly string[];
  /** The full titles of the tests that this machine cannot run. */
  readonly skipped: readonly string[];
}

export interface MochaRunOptions {
  readonly files: readonly string[];
  /** Milliseconds for one test. */
  readonly timeout: number;
  /** Only tests whose full title contains this. */
  readonly grep?: string | undefined;
  /** Whether the report has colours; as the output can show them if left out. */
  readonly color?: boolean | undefined;
  readonly rootHooks?: Mocha.RootHookObject;
}

/** Enough for what differs and where; the whole is in the suite’s own output. */
const maxLines = 30;

/** Runs test files in this process, printing a line for each test. A failing hook counts as a failed test. */
export async function runMocha({ files, timeout, grep, color, rootHooks = {} }: MochaRunOptions): Promise<SuiteCounts> {
  const report = { slow: timeout / 4, ...(color ? { color } : {}) };
  const mocha = new Mocha({ ui: 'bdd', timeout, rootHooks, forbidOnly: Boolean(process.env.CI), ...report });
  if (grep) mocha.fgrep(grep);
  for (const file of files) mocha.addFile(file);
  await mocha.loadFilesAsync();
  const [skipped, failed]: [string[], string[]] = [[], []];
  const runner = await new Promise<Mocha.Runner>((resolve) => {
    const started = mocha.run(() => resolve(started));
    started.on('pending', (test) => skipped.push(test.fullTitle()));
    started.on('fail', (test, error) => failed.push(describeFailure(test.fullTitle(), error)));
  });
  const { passes = 0, failures = 0 } = runner.stats ?? {};
  return { passed: passes, failed: failures, failures: failed, skipped };
}

function describeFailure(title: string, error: unknown): string {
  const lines = String((error as Error | undefined)?.stack ?? error).split('\n');
  return [title, ...lines.slice(0, maxLines).map((line) => `  ${line}`)].join('\n');
}
