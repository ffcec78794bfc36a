import { prepareAndRun } from './prepare.mjs';

await prepareAndRun('checkMain.ts');
