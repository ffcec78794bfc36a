import { createHash } from 'node:crypto';
import { lstat, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { walkFolder } from '../../../src/node/folderWalk.ts';
import { git as gitOfAnySize } from '../../../src/node/git.ts';
import { git } from '../../support/repository.ts';

/** What git's own folder for a worktree has that is not the user's. */
const notOwn = /^(?:gitdir|commondir|locked|index|holdfast\.json|logs\/HEAD)$|\.lock$/;

/** Everything that a person or a program could see of a worktree, line by line. */
export async function pictureOf(folder: string): Promise<string[]> {
  const gitDir = await git(folder, 'rev-parse', '--path-format=absolute', '--git-dir');
  return [
    ...(await filesIn(folder, '', (name) => name === '.git')),
    ...(await filesIn(gitDir, 'git: ', (name) => notOwn.test(name))),
    `head: ${await git(folder, 'rev-parse', '--symbolic-full-name', 'HEAD').catch(() => 'unborn')}`,
    ...lines(await git(folder, 'status', '--porcelain=v2', '--branch', '--untracked-files=all', '--ignored')),
    ...lines(await gitOfAnySize(['ls-files', '--stage', '-v', '-t'], { cwd: folder })),
    ...(await missingObjects(folder)),
    ...lines(await git(folder, 'reflog', 'show', 'HEAD', '--format=%H %gs').catch(() => '')),
  ];
}

/** What the index names and git does not have; submodules have their own, and what is only to be added is nothing yet. */
async function missingObjects(cwd: string): Promise<string[]> {
  const entries = lines(await gitOfAnySize(['ls-files', '--stage'], { cwd })).filter(
    (line) => !/^16| (?:e69de29bb2d1|473a0f4c3be8)/.test(line),
  );
  const input = entries.map((line) => `${line.split(' ')[1]}\n`).join('');
  return lines(await gitOfAnySize(['cat-file', '--batch-check'], { cwd, input })).filter((line) =>
    / missing$/.test(line),
  );
}

async function filesIn(top: string, label: string, skip: (name: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  for await (const { path: name, kind } of walkFolder(top)) {
    if (skip(name)) continue;
    found.push(`${label}${name} ${kind === 'empty' || kind === 'other' ? kind : await describe(path.join(top, name))}`);
  }
  return found;
}

async function describe(file: string): Promise<string> {
  const entry = await lstat(file);
  const mode = (entry.mode & 0o7777).toString(8);
  if (entry.isSymbolicLink()) return `-> ${await readlink(file)}`;
  const data = await readFile(file);
  return `${mode} ${data.length} ${createHash('sha256').update(data).digest('hex').slice(0, 16)}`;
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}
