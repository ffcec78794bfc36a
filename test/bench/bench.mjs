// Makes a fresh clone ready and hands over to the project's own Node, as `npm start` and `npm test` do.
import { prepareAndRun } from '../support/prepare.mjs';

// With --json, standard output carries the figures alone.
if (process.argv.includes('--json')) console.log = console.error;

await prepareAndRun('../bench/benchMain.ts');
