import { realpath, stat, symlink, unlink } from 'node:fs/promises';
import path from 'node:path';
import { walkFolder } from './folderWalk.ts';
import { git } from './git.ts';
import { treeTimeout } from './worktreeStatus.ts';

/**
 * Takes the links to folders out of a worktree, but for those that git has as links itself. On Windows these are
 * junctions, which git takes for folders of the worktree: it would remove what they lead to, such as the `node_modules`
 * of the main checkout.
 *
 * @returns What puts them back.
 * @throws where not all of them could be found or removed; those that were are back
 */
export async function takeOutJunctions(worktree: string): Promise<() => Promise<void>> {
  const known = await linksInIndex(worktree);
  const taken: { link: string; target: string }[] = [];
  const putBack = async () => {
    for (const { link, target } of taken) await symlink(target, link, 'junction').catch(() => undefined);
  };
  try {
    for await (const { path: file, kind } of walkFolder(worktree)) {
      if (kind !== 'link' || known.has(file)) continue;
      const link = path.join(worktree, file);
      const target = await folderAt(link);
      if (target === undefined) continue;
      // It refuses what is a folder after all.
      await unlink(link);
      taken.push({ link, target });
    }
  } catch (error) {
    await putBack();
    throw error;
  }
  return putBack;
}

/** The folder that a link leads to; undefined for anything else. */
async function folderAt(link: string): Promise<string | undefined> {
  const isFolder = await stat(link).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? realpath(link) : undefined;
}

const linkMode = '120000';

async function linksInIndex(worktree: string): Promise<Set<string>> {
  const text = await git(['ls-files', '--stage', '-z'], { cwd: worktree, timeout: treeTimeout });
  const entries = text.split('\0').filter((entry) => entry.startsWith(linkMode));
  return new Set(entries.map((entry) => entry.slice(entry.indexOf('\t') + 1)));
}
