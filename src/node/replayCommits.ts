import { HoldfastError } from '../base/errors.ts';
import { subjectOf } from '../core/mergeMessage.ts';
import type { MergeConflict } from '../core/mergeTree.ts';
import { git } from './git.ts';
import { inUtf8, mergeTrees, treeOf, writeCommit, writeStandIn } from './mergeCommits.ts';

/** What came of putting commits on top of another: the last of the new ones, or why one of them does not fit. */
export type Replayed = { commit: string; count: number } | { conflicts: MergeConflict[]; tree: string };

interface OldCommit {
  hash: string;
  parent: string;
  message: string;
  author: NodeJS.ProcessEnv;
}

/**
 * Puts the commits of `tip` that `onto` does not have on top of it, each with its author, its date and its message, as
 * `git rebase` does: merges are left out, and so is what `onto` has already. Nothing but objects is written.
 *
 * @throws {HoldfastError} `MERGE_COMMITS` where the branch’s merges hold changes that would be lost
 */
export async function replayCommits(cwd: string, onto: string, tip: string): Promise<Replayed> {
  const range = await readRange(cwd, onto, tip);
  let top = onto;
  let count = 0;
  for (const commit of range.commits) {
    const step = await replayOne(cwd, top, commit);
    if ('conflicts' in step) return step;
    if (step.commit !== top) count += 1;
    top = step.commit;
  }
  if (range.hasMerges) await requireSame(cwd, { onto, tip, top });
  return { commit: top, count };
}

/** A commit that changes nothing any more is left out, unless it never did. */
async function replayOne(cwd: string, top: string, old: OldCommit): Promise<{ commit: string } | Replayed> {
  const { hash, parent, message, author } = old;
  const before = await treeOf(cwd, top);
  const ours = top === parent ? top : await writeStandIn(cwd, before, parent);
  const { tree, conflicts } = await mergeTrees(cwd, ours, hash);
  if (conflicts.length > 0) {
    const commit = subjectOf(message);
    return { tree, conflicts: conflicts.map((conflict) => ({ ...conflict, commit })) };
  }
  const wasEmpty = (await treeOf(cwd, hash)) === (await treeOf(cwd, parent));
  if (tree === before && !wasEmpty) return { commit: top };
  return { commit: await writeCommit(cwd, { tree, parents: [top], message, author }) };
}

/** Oldest first. */
async function readRange(
  cwd: string,
  onto: string,
  tip: string,
): Promise<{ commits: OldCommit[]; hasMerges: boolean }> {
  const format = '--format=%H%x00%P%x00%an%x00%ae%x00%ad%x00%B%x00';
  const order = ['--reverse', '--topo-order', '--date=raw', '--no-show-signature', '--no-notes', '--no-color'];
  const text = await git([...inUtf8, 'log', ...order, format, `${onto}..${tip}`], { cwd });
  const fields = text.split('\0');
  const commits: OldCommit[] = [];
  let hasMerges = false;
  for (let at = 0; at + 5 < fields.length; at += 6) {
    const [hash, parents, name, email, date, message] = fields.slice(at, at + 6) as [string, ...string[]] as string[];
    const [parent, ...others] = (parents as string).split(' ').filter(Boolean);
    if (parent === undefined) throw rootInBranch();
    if (others.length > 0) hasMerges = true;
    else {
      const author = { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: `@${date}` };
      commits.push({ hash: (hash as string).trim(), parent, message: message as string, author });
    }
  }
  return { commits, hasMerges };
}

/** How a merge was resolved is in no other commit. */
async function requireSame(cwd: string, { onto, tip, top }: { onto: string; tip: string; top: string }): Promise<void> {
  const merged = await mergeTrees(cwd, onto, tip);
  if (merged.conflicts.length === 0 && merged.tree === (await treeOf(cwd, top))) return;
  throw new HoldfastError(
    'MERGE_COMMITS',
    'The branch has merge commits whose own changes would be lost on top of another one. Nothing was changed.',
    { advice: 'Merge or squash it instead.' },
  );
}

function rootInBranch(): HoldfastError {
  return new HoldfastError('MERGE_COMMITS', 'The branch holds a history with a beginning of its own.', {
    advice: 'Merge or squash it instead. Nothing was changed.',
  });
}
