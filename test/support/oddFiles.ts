import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';

/** What others may put in the place of a file of ours, and that no reader may wait for or trip over; Unix only. */
export const oddFiles: readonly (readonly [what: string, plant: (file: string) => Promise<unknown>])[] = [
  ['a pipe', async (file) => execFileSync('mkfifo', [file])],
  ['a folder', (file) => mkdir(file)],
];
