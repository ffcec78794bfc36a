import { readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { parseDraftName } from './drafts.ts';
import { isMissing } from './durableFile.ts';

/** No write takes this long, so that a draft of this age was left by one that was cut off; milliseconds. */
const minAge = 60_000;

/** Nor does any process that lives take this long: its pid belongs to another one by now. Milliseconds. */
const maxAge = 24 * 3_600_000;

/** A file that a writer has left behind. */
export interface LeftDraft {
  file: string;
  /** Of its writer; undefined where the name does not say. */
  pid: number | undefined;
  /** Milliseconds since 1970. */
  writtenAt: number;
}

/** What killed writers have left in `folder`, judged by age and pid. */
export async function findLeftDrafts(folder: string, now = Date.now()): Promise<LeftDraft[]> {
  const found: LeftDraft[] = [];
  for (const name of await namesIn(folder)) {
    const parsed = parseDraftName(name);
    if (!parsed) continue;
    const file = path.join(folder, name);
    const entry = await stat(file).catch(() => undefined);
    if (!entry?.isFile()) continue;
    const draft = { file, pid: parsed.pid, writtenAt: entry.mtimeMs };
    if (isLeft(draft, now)) found.push(draft);
  }
  return found;
}

/** Removes what killed writers have left in `folder`; returns how many files that were. What stays is for the next time. */
export async function sweepDrafts(folder: string, now = Date.now()): Promise<number> {
  const drafts = await findLeftDrafts(folder, now).catch(() => []);
  const swept = await Promise.allSettled(drafts.map(({ file }) => unlink(file)));
  return swept.filter(({ status }) => status === 'fulfilled').length;
}

/** Removes what the process `pid` has begun to write to `file` and not put in place, so that it cannot do so any more. */
export async function revokeDrafts(file: string, pid: number): Promise<void> {
  const { dir, base } = path.parse(file);
  const own = (await namesIn(dir)).filter((name) => name.startsWith(`.${base}.`) && parseDraftName(name)?.pid === pid);
  for (const name of own) {
    await unlink(path.join(dir, name)).catch((error) => {
      if (!isMissing(error)) throw error;
    });
  }
}

function isLeft({ pid, writtenAt }: LeftDraft, now: number): boolean {
  const age = now - writtenAt;
  return age > maxAge || (age > minAge && pid !== undefined && !isAlive(pid));
}

/** A process that may not be signalled is alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) !== 'ESRCH';
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
}
