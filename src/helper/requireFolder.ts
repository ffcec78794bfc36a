import { stat } from 'node:fs/promises';
import { withDeadline } from '../base/async.ts';
import { describeError } from '../base/errors.ts';
import { isMissing } from '../node/durableFile.ts';

/** How long a disk may take to answer; milliseconds. */
const defaultDeadline = 5_000;

/** By folder; a disk that hangs is asked once, for each question holds one of the few threads of all file work. */
const looks = new Map<string, Promise<boolean>>();

export interface RequireFolderOptions {
  /** Whether there is a folder; rejects with the system's error. */
  look?: (folder: string) => Promise<boolean>;
  /** Milliseconds. */
  deadline?: number;
}

/**
 * Resolves where a session's folder is there.
 *
 * @throws {Error} a part of a sentence: that it is gone, that its disk does not answer, or what the system says of it
 */
export async function requireFolder(folder: string, options: RequireFolderOptions = {}): Promise<void> {
  const { look = isFolder, deadline = defaultDeadline } = options;
  const late = new Error(`the disk of its folder ${folder} does not answer`);
  if (!(await withDeadline(lookOnce(folder, look), deadline, () => late))) {
    throw new Error(`its folder ${folder} is gone`);
  }
}

function lookOnce(folder: string, look: (folder: string) => Promise<boolean>): Promise<boolean> {
  const pending = looks.get(folder);
  if (pending) return pending;
  const begun = look(folder)
    .catch((error) => refusalOf(folder, error))
    .finally(() => looks.delete(folder));
  looks.set(folder, begun);
  return begun;
}

function refusalOf(folder: string, error: unknown): false {
  if (isMissing(error)) return false;
  throw new Error(`its folder ${folder} cannot be looked at: ${describeError(error)}`, { cause: error });
}

async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder)).isDirectory();
}
