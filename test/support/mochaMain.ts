import { runMocha } from './mochaRun.ts';
import { openResources, watchResources } from './openResources.ts';
import { mochaHooks } from './rootHooks.ts';
import { isSuiteName, suiteFiles, suiteTimeouts } from './suites.ts';

const [suite = '', grep] = process.argv.slice(2);
if (!isSuiteName(suite)) throw new Error(`No suite is called ${suite}.`);

watchResources();
const counts = await runMocha({ files: suiteFiles(suite), timeout: suiteTimeouts[suite], grep, rootHooks: mochaHooks });
process.send?.(counts);
process.disconnect?.();

// A timer or socket that a test forgot would keep this process alive for ever; unref keeps this one from doing so.
setTimeout(() => {
  console.error(`The tests left open: ${process.getActiveResourcesInfo().join(', ')}`);
  for (const resource of openResources()) console.error(resource);
  process.exit(1);
}, 10_000).unref();
