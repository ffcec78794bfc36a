import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { foldersToWatch } from '../core/watchedFolders.ts';
import { type RunGit, readFolders } from '../node/changesQuestions.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { WatchedFolder } from './folderWatches.ts';
import type { SeenWorktree } from './worktreeLook.ts';

/** How many folders one helper watches at most, each of which takes some 3 KB. */
const maxWatches = 4_000;

/** Of those that the system grants a user, which the editor needs as well. */
const share = 1 / 16;

export interface WorktreeFoldersOptions {
  run: RunGit;
  platform?: NodeJS.Platform;
  /** How many watches the system grants a user; undefined where it does not tell. */
  granted?: () => Promise<number | undefined>;
}

/**
 * Knows which folders of worktrees are to be watched. Windows and macOS watch all that is below a folder at no more
 * cost; Linux takes a watch for each, so that those with ignored files alone, such as dependencies and builds, are left
 * out.
 */
export class WorktreeFolders {
  readonly #options: Required<WorktreeFoldersOptions>;
  /** Of each session, where sessions that were made from one commit share the answer. */
  readonly #known = new Map<string, { commit: string; folders: readonly string[] }>();
  #limit: number | undefined;

  constructor({ run, platform = process.platform, granted = grantedWatches }: WorktreeFoldersOptions) {
    this.#options = { run, platform, granted };
  }

  /**
   * @param seen what was last seen of it, if anything
   * @param sessions how many share the watches
   */
  async of(
    { id, worktreePath, baseCommit }: SessionRecord,
    seen: SeenWorktree | undefined,
    { commonDir, sessions }: { commonDir: string; sessions: number },
  ): Promise<Omit<WatchedFolder, 'onChange'>[]> {
    if (this.#options.platform !== 'linux')
      return [{ folder: worktreePath, isOptional: true, holdsFiles: true, isRecursive: true }];
    const commit = seen?.changes.base?.commit ?? baseCommit ?? seen?.changes.head;
    const known = commit ? await this.#foldersIn(id, commit, commonDir) : [];
    const room = Math.floor((await this.#limitOf()) / Math.max(1, sessions));
    const changed = seen ? [...seen.uncommitted, ...seen.committed] : [];
    const folders = foldersToWatch({ known, changed }, room);
    return folders.map((one) => ({ folder: path.join(worktreePath, one), isOptional: true, holdsFiles: true }));
  }

  forgetOthers(ids: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
  }

  /** What cannot be told is not asked again either, as long as the commit is that one. */
  async #foldersIn(id: string, commit: string, commonDir: string): Promise<readonly string[]> {
    const shared = [...this.#known.values()].find((one) => one.commit === commit);
    const read = () => readFolders(this.#options.run, commit, commonDir).catch(() => []);
    const known = shared ?? { commit, folders: await read() };
    this.#known.set(id, known);
    return known.folders;
  }

  async #limitOf(): Promise<number> {
    if (this.#limit === undefined) {
      const granted = await this.#options.granted();
      this.#limit = granted === undefined ? maxWatches : Math.min(maxWatches, Math.floor(granted * share));
    }
    return this.#limit;
  }
}

/** @see https://man7.org/linux/man-pages/man7/inotify.7.html */
async function grantedWatches(): Promise<number | undefined> {
  const text = await readFile('/proc/sys/fs/inotify/max_user_watches', 'utf8').catch(() => '');
  return Number(text) || undefined;
}
