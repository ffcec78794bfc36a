import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir } from './paths.ts';
import { isAlive } from './processes.ts';

/**
 * Returns the folder `name` of the cache, filling it first if it is not there.
 * It is filled under another name and renamed when complete, so that a broken download is never taken for a whole one
 * and two fillers at once do no harm: the slower one uses what the faster one made.
 */
export async function provision(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const ready = join(cacheDir(), name);
  if (existsSync(ready)) return ready;
  await mkdir(cacheDir(), { recursive: true });
  await removeAbandonedDrafts();
  const draft = await mkdtemp(join(cacheDir(), `${draftPrefix}${process.pid}-`));
  try {
    await fill(draft);
    await rename(draft, ready);
  } catch (error) {
    if (!existsSync(ready)) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return ready;
}

const draftPrefix = '.draft-';

async function removeAbandonedDrafts(): Promise<void> {
  const drafts = (await readdir(cacheDir())).filter((entry) => entry.startsWith(draftPrefix));
  const abandoned = drafts.filter((draft) => !isAlive(Number.parseInt(draft.slice(draftPrefix.length), 10)));
  for (const draft of abandoned) await rm(join(cacheDir(), draft), { recursive: true, force: true });
}
