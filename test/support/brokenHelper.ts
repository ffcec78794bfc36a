import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stateFolder, thisMachine } from '../../src/node/places.ts';
import { stageRuntime } from '../../src/node/runtimeFolder.ts';

/** Runs `action` while every helper that is started from the programs in `dist` ends at once. */
export async function whileNoHelperStarts<T>(dist: string, action: () => Promise<T>): Promise<T> {
  const program = join(await stageRuntime(dist, stateFolder(thisMachine())), 'helper.cjs');
  const code = await readFile(program);
  await writeFile(program, 'process.exit(1)');
  try {
    return await action();
  } finally {
    await writeFile(program, code);
  }
}
