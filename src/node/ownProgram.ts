import { readFileSync } from 'node:fs';
import path from 'node:path';

const ownScripts = ['helper.cjs', 'host.cjs'];

/**
 * Whether a process is a helper or a session host, whosever it is. Only Linux tells without a program being started;
 * elsewhere, and of processes that may not be looked at, it is taken for none.
 */
export function isOwnProgram(pid: number): boolean {
  return process.platform === 'linux' && commandOf(pid).some((part) => ownScripts.includes(path.basename(part)));
}

/** The runtime, its flags and the script are among the first words. */
function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, 8);
  } catch {
    return [];
  }
}
