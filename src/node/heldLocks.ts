import { readFileSync, unlinkSync } from 'node:fs';
import { onExit } from 'signal-exit';
import { parseOwner } from './lockOwner.ts';

/** What a process that takes a lock has on disk. */
export interface LockFiles {
  /** The lock itself, once it names the nonce. */
  file: string;
  /** What the lock is made of; nobody else's. */
  claim: string;
  nonce: string;
}

const held = new Set<LockFiles>();
let isWatching = false;

/**
 * Removes these files when the process ends, by itself or by a signal that nobody handles; a process that handles
 * its signals goes on as it wants. The returned function is for when they are gone already.
 */
export function removeAtExit(files: LockFiles): () => void {
  watch();
  held.add(files);
  return () => held.delete(files);
}

/** Once for the life of the process: signal-exit is in it twice, and each copy that unloads unhooks the other. */
function watch(): void {
  if (isWatching) return;
  isWatching = true;
  onExit(removeAll, { alwaysLast: true });
}

function removeAll(): void {
  for (const { file, claim, nonce } of held) {
    attempt(() => unlinkSync(claim));
    attempt(() => {
      if (parseOwner(readFileSync(file, 'utf8'))?.nonce === nonce) unlinkSync(file);
    });
  }
}

/** At the end there is nobody left to tell, and whoever comes next can do without. */
function attempt(removal: () => void): void {
  try {
    removal();
  } catch {}
}
