import { parseArgs } from 'node:util';
import type { MochaMessage } from './mochaProcess.ts';
import { runMocha } from './mochaRun.ts';
import { openResources, watchResources } from './openResources.ts';
import { mochaHooks } from './rootHooks.ts';
import { currentTestRun } from './testRun.ts';

const { positionals: files, values } = parseArgs({
  allowPositionals: true,
  options: {
    /** Milliseconds for one test. */
    timeout: { type: 'string', default: '' },
    grep: { type: 'string' },
    color: { type: 'boolean' },
  },
});
const { timeout, ...options } = values;

tell({ run: currentTestRun() });
watchResources();
tell({ counts: await runMocha({ files, timeout: Number(timeout), rootHooks: mochaHooks, ...options }) });
process.disconnect?.();

// A timer or socket that a test forgot would keep this process alive for ever; unref keeps this one from doing so.
setTimeout(() => {
  console.error(`The tests left open: ${process.getActiveResourcesInfo().join(', ')}`);
  for (const resource of openResources()) console.error(resource);
  process.exit(1);
}, 10_000).unref();

function tell(message: MochaMessage): void {
  process.send?.(message);
}
