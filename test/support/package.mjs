import { prepareAndRun } from './prepare.mjs';

await prepareAndRun('packageMain.ts');
