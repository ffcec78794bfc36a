import { rename } from 'node:fs/promises';
import { delay } from '../base/async.ts';
import { backoff } from '../base/backoff.ts';
import { systemErrorCode } from '../base/errors.ts';

/** What Windows says while a virus scanner, an indexer or a reader has one of the files open. */
const passing = new Set(['EPERM', 'EBUSY', 'EACCES']);

/** How long such a program is waited for; milliseconds. */
const patience = 2_000;

export interface PatienceOptions {
  platform?: NodeJS.Platform;
  /** Milliseconds of a clock that nobody sets. */
  now?: () => number;
  pause?: (ms: number) => Promise<void>;
}

export interface RenameOptions extends PatienceOptions {
  rename?: (from: string, to: string) => Promise<void>;
}

const monotonicNow = () => performance.now();

/** Renames over whatever is at `to`; on Windows again and again for a while where another program is in the way. */
export function renameOver(from: string, to: string, options: RenameOptions = {}): Promise<void> {
  const attempt = options.rename ?? rename;
  return patiently(() => attempt(from, to), options);
}

/** Does something to a file; on Windows again and again for a while where another program has it open. */
export async function patiently(attempt: () => Promise<void>, options: PatienceOptions = {}): Promise<void> {
  const { platform = process.platform, now = monotonicNow, pause = delay } = options;
  if (platform !== 'win32') return attempt();
  const deadline = now() + patience;
  for (const wait of backoff({ initial: 10, max: 200 })) {
    try {
      return await attempt();
    } catch (error) {
      if (!passing.has(systemErrorCode(error) ?? '') || now() > deadline) throw error;
      await pause(wait);
    }
  }
}
