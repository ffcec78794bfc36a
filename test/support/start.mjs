import { prepareAndRun } from './prepare.mjs';

await prepareAndRun('startMain.ts');
