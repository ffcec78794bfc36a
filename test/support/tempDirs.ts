import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { currentTestRun } from './testRun.ts';

export interface TempDirs {
  /** A new empty folder, as its real path. */
  make(name?: string): Promise<string>;
  remove(): Promise<void>;
}

/** Temp folders of the surrounding suite, removed when that has run. */
export function useTempDirs(): TempDirs {
  const dirs = tempDirs();
  after(() => dirs.remove());
  return dirs;
}

export function tempDirs(): TempDirs {
  const made: string[] = [];
  return {
    async make(name = 'dir') {
      const folder = await mkdtemp(join(currentTestRun().folder, 'temp', `${name}-`));
      made.push(folder);
      return realpath(folder);
    },
    async remove() {
      for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
