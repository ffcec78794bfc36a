import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Runs `action` while every helper that is started from the programs in `dist` ends at once. */
export async function whileNoHelperStarts<T>(dist: string, action: () => Promise<T>): Promise<T> {
  // A copy of the programs that was changed is made anew, so that the original has to be.
  const program = join(dist, 'helper.cjs');
  const code = await readFile(program);
  await writeFile(program, 'process.exit(1)');
  try {
    return await action();
  } finally {
    await writeFile(program, code);
  }
}
