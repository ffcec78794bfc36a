import { prepareAndRun } from './prepare.mjs';

await prepareAndRun('testMain.ts');
