import type { Ref, RefKind } from '../core/sourceChoice.ts';
import { git, tryGit } from './git.ts';
import { resolveCommit } from './repository.ts';

/** Of each kind; nobody reads further, and typing a name finds the others. */
const maxRefs = 500;

const folders: Record<RefKind, string> = { branch: 'refs/heads', remote: 'refs/remotes', tag: 'refs/tags' };

const fields = ['refname', 'symref', 'creatordate:iso-strict', 'worktreepath', 'upstream:short', 'contents:subject'];

/** Branches, remote branches and tags, of each kind the last ones that were worked on, newest first. */
export async function listRefs(root: string): Promise<Ref[]> {
  const kinds = Object.keys(folders) as RefKind[];
  return (await Promise.all(kinds.map((kind) => refsOf(root, kind)))).flat();
}

async function refsOf(root: string, kind: RefKind): Promise<Ref[]> {
  const format = `--format=${fields.map((field) => `%(${field})`).join('%00')}`;
  const args = ['for-each-ref', '--sort=-creatordate', `--count=${maxRefs}`, format, folders[kind]];
  const lines = (await git(args, { cwd: root })).split('\n').filter(Boolean);
  return lines.flatMap((line) => {
    const [refname = '', symref, date = '', worktree, upstream, subject = ''] = line.split('\0');
    // A remote's HEAD stands for one of its branches.
    if (symref) return [];
    const name = refname.slice(folders[kind].length + 1);
    return [{ kind, name, date, subject, ...(worktree ? { worktree } : {}), ...(upstream ? { upstream } : {}) }];
  });
}

/** The commit that a text names, with its first line; undefined where it names none. */
export async function findCommit(root: string, text: string): Promise<{ commit: string; subject: string } | undefined> {
  const commit = await resolveCommit(root, text);
  if (commit === undefined) return undefined;
  const subject = await tryGit(['log', '--max-count=1', '--format=%s', commit], { cwd: root });
  return { commit, subject: subject?.trimEnd() ?? '' };
}
