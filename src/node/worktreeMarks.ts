import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LinkedWorktree } from './worktreeGitDir.ts';
import { operationFiles } from './worktreeOperation.ts';

/** Where the refs of a repository are that does not keep them as files of their own. */
const storedRefs = ['packed-refs', path.join('reftable', 'tables.list')] as const;

/**
 * A text that is another one after a commit, a checkout, staging, or the begin and the end of a merge: from times and
 * sizes of git's files, so that no process is needed to see that nothing happened.
 */
export async function worktreeMark({ gitDir, commonDir }: LinkedWorktree): Promise<string> {
  const head = await readFile(path.join(gitDir, 'HEAD'), 'utf8').catch(() => '');
  const [, ref] = /^ref: (.+)$/m.exec(head) ?? [];
  const own = ['index', ...operationFiles].map((name) => path.join(gitDir, name));
  const refs = [...(ref ? [ref] : []), ...storedRefs].map((name) => path.join(commonDir, name));
  return [head, ...(await Promise.all([...own, ...refs].map(fileMark)))].join('\n');
}

/** The same of a branch or tag by its short name; another one wherever it may have moved. */
export async function refMark(commonDir: string, name: string): Promise<string> {
  const files = [...refNames(name).map((ref) => ref), ...storedRefs].map((file) => path.join(commonDir, file));
  return (await Promise.all(files.map(fileMark))).join('\n');
}

/** What a short name can stand for, in the order in which it is looked for: a branch before anything else. */
export function refNames(name: string): string[] {
  return [
    `refs/heads/${name}`,
    `refs/tags/${name}`,
    `refs/remotes/${name}`,
    name.startsWith('refs/') ? name : [],
  ].flat();
}

async function fileMark(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : '-';
}
