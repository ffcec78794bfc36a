import { prepareAndRun } from './prepare.mjs';

// Modules read it while they are loaded.
if (process.argv.includes('--long')) process.env.HOLDFAST_FAULTS = 'long';

await prepareAndRun('testMain.ts');
