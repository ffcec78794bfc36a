import { rename } from 'node:fs/promises';
import { delay } from '../base/async.ts';
import { backoff } from '../base/backoff.ts';
import { systemErrorCode } from '../base/errors.ts';

/** What Windows says while a virus scanner, an indexer or a reader has one of the files open. */
const passing = new Set(['EPERM', 'EBUSY', 'EACCES']);

/** How long such a program is waited for; milliseconds. */
const patience = 2_000;

export interface RenameOptions {
  platform?: NodeJS.Platform;
  rename?: (from: string, to: string) => Promise<void>;
  now?: () => number;
  pause?: (ms: number) => Promise<void>;
}

/** Renames over whatever is at `to`; on Windows again and again for a while where another program is in the way. */
export async function renameOver(from: string, to: string, options: RenameOptions = {}): Promise<void> {
  const { platform = process.platform, now = Date.now, pause = delay } = options;
  const attempt = options.rename ?? rename;
  if (platform !== 'win32') return attempt(from, to);
  const deadline = now() + patience;
  for (const wait of backoff({ initial: 10, max: 200 })) {
    try {
      return await attempt(from, to);
    } catch (error) {
      if (!passing.has(systemErrorCode(error) ?? '') || now() > deadline) throw error;
      await pause(wait);
    }
  }
}
