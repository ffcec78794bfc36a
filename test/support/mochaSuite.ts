import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { SuiteCounts } from './mochaRun.ts';
import { projectNode, repositoryRoot } from './paths.ts';
import { endGroup } from './processes.ts';
import type { SuiteName } from './suites.ts';

const interruptions = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const nothing: SuiteCounts = { passed: 0, failed: 0, skipped: [] };

/** Runs a suite in a process of its own, which has to end by itself; a crash or a hang counts as one failure. */
export async function runMochaSuite(
  suite: SuiteName,
  grep: string | undefined,
  deadline: number,
): Promise<SuiteCounts> {
  const main = join(repositoryRoot, 'test', 'support', 'mochaMain.ts');
  const child = spawn(projectNode, ['--enable-source-maps', main, suite, ...(grep ? [grep] : [])], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  let counts: SuiteCounts | undefined;
  child.on('message', (message) => {
    counts = message as SuiteCounts;
  });
  const interrupt = () => void endGroup(child).then(() => process.exit(130));
  for (const name of interruptions) process.on(name, interrupt);
  const late = setTimeout(() => void endGroup(child), deadline);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearTimeout(late);
  for (const name of interruptions) process.off(name, interrupt);
  return judge(suite, counts, code);
}

function judge(suite: SuiteName, counts: SuiteCounts | undefined, code: number | null): SuiteCounts {
  if (counts && code === 0) return counts;
  console.error(`The process of the ${suite} suite ended with ${code ?? 'a signal'}.`);
  const { passed, failed, skipped } = counts ?? nothing;
  return { passed, failed: failed + 1, skipped };
}
