import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { git } from '../../support/repository.ts';
import type { Project } from './project.ts';

/** A bare repository that is the project's `origin`, with the project's `main` in it and as its HEAD. */
export async function addOrigin(project: Project, name = 'origin'): Promise<string> {
  const bare = path.join(await project.newFolder('remote'), 'shop ü.git');
  await git(project.folder, 'clone', '--quiet', '--bare', project.folder, bare);
  await project.git('remote', 'add', name, bare);
  await project.git('fetch', '--quiet', name);
  await project.git('remote', 'set-head', name, 'main');
  return bare;
}

/** Commits to a branch of a bare repository, as a colleague's push does; returns the commit. */
export async function pushTo(
  bare: string,
  branch: string,
  { from = 'main', tag }: { from?: string; tag?: string } = {},
) {
  const tree = await git(bare, 'rev-parse', `${from}^{tree}`);
  const author = ['-c', 'user.name=Colleague', '-c', 'user.email=colleague@example.invalid'];
  const commit = await git(bare, ...author, 'commit-tree', tree, '-p', from, '-m', `on ${branch}`);
  await git(bare, 'update-ref', `refs/heads/${branch}`, commit);
  if (tag !== undefined) await git(bare, 'update-ref', `refs/tags/${tag}`, commit);
  return commit;
}

/** Adds a commit to the branch that is checked out in `folder`; returns it. */
export async function commitFile(folder: string, file: string, text = `${file}\n`): Promise<string> {
  await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
  await writeFile(path.join(folder, file), text);
  await git(folder, 'add', '--', file);
  await git(folder, 'commit', '--quiet', `--message=${file}`);
  return git(folder, 'rev-parse', 'HEAD');
}
