import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ProcessFacts } from '../core/processFacts.ts';

/** The programs run from copies in the state folder, as `runtime/<version>/host.cjs`. */
const ownScript = /[\\/]runtime[\\/][^\\/]+[\\/](?:helper|host)\.cjs(?=["\s]|$)/;

/**
 * Whether a process is a helper or a session host, whosever it is, by what a look at it told or, on Linux, by what the
 * system tells now. One that may not be looked at is taken for none.
 */
export function isOwnProgram({ pid, command }: Pick<ProcessFacts, 'pid' | 'command'>): boolean {
  return command === undefined ? wordsOf(pid).some(isOwnScript) : ownScript.test(command);
}

function isOwnScript(word: string): boolean {
  return path.isAbsolute(word) && ownScript.test(word);
}

/** The runtime, its flags and the script are among the first words. */
function wordsOf(pid: number): string[] {
  if (process.platform !== 'linux') return [];
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, 8);
  } catch {
    return [];
  }
}
