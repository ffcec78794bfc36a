import { HoldfastError } from '../base/errors.ts';
import { tryGit } from './git.ts';
import { isAncestor, listRemotes, usualRemote } from './remotes.ts';
import { type Base, resolveCommit } from './repository.ts';

/**
 * The repository's default branch as a start: as the remote has it, or as it is here where that has all of it.
 *
 * @throws {HoldfastError} `INVALID_ARGUMENT` where nothing says which it is
 */
export async function defaultBase(root: string): Promise<Base> {
  const remote = usualRemote(await listRemotes(root));
  for (const name of await candidates(root, remote)) {
    const theirs = remote && (await resolve(root, `refs/remotes/${remote}/${name}`, `${remote}/${name}`));
    const ours = await resolve(root, `refs/heads/${name}`, name);
    const base = theirs && ours ? await newer(root, theirs, ours) : (theirs ?? ours);
    if (base) return base;
  }
  throw new HoldfastError('INVALID_ARGUMENT', 'Nothing says which branch is the default one. Nothing was created.', {
    advice: 'Choose a branch to start from, or let git ask the remote: “git remote set-head origin --auto”.',
  });
}

/** What the remote says first, then what new repositories begin with. */
async function candidates(root: string, remote: string | undefined): Promise<string[]> {
  const name = `refs/remotes/${remote}/HEAD`;
  const head = remote === undefined ? undefined : await tryGit(['symbolic-ref', '--quiet', name], { cwd: root });
  const named = head?.trimEnd().slice(`refs/remotes/${remote}/`.length);
  if (named) return [named];
  const configured = await tryGit(['config', '--get', 'init.defaultBranch'], { cwd: root });
  return [...new Set([configured?.trim() ?? '', 'main', 'master'])].filter(Boolean);
}

async function resolve(root: string, name: string, ref: string): Promise<Base | undefined> {
  const commit = await resolveCommit(root, name);
  return commit === undefined ? undefined : { ref, commit, isDetached: false };
}

async function newer(root: string, theirs: Base, ours: Base): Promise<Base> {
  return theirs.commit === ours.commit || (await isAncestor(root, theirs.commit, ours.commit)) ? ours : theirs;
}
