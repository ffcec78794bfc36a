import { exists } from './exists.ts';
import { git } from './git.ts';
import { takeOutJunctions } from './junctions.ts';
import { treeTimeout } from './worktreeStatus.ts';

export interface WorktreeRemoval {
  root: string;
  path: string;
  /** Such as `--force`. */
  options?: readonly string[];
  /** The default is this machine's. */
  platform?: NodeJS.Platform;
}

/**
 * Has git remove a worktree, and nothing outside of it.
 *
 * @throws {HoldfastError} `GIT_FAILED`; the system's error where it may have junctions that could not be taken out
 */
export async function removeWorktree(removal: WorktreeRemoval): Promise<void> {
  const { root, path: folder, options = [], platform = process.platform } = removal;
  const mayHaveJunctions = platform === 'win32' && (await exists(folder));
  const putBack = mayHaveJunctions ? await takeOutJunctions(folder) : undefined;
  try {
    await git(['worktree', 'remove', ...options, '--', folder], { cwd: root, timeout: treeTimeout });
  } catch (error) {
    await putBack?.();
    throw error;
  }
}
