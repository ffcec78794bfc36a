import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, chmod, lstat, mkdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import type { RemovalNote } from '../../src/core/removalNote.ts';
import { archiveParts, archiveRefs } from '../../src/core/worktreeArchive.ts';
import { openArchive } from '../../src/node/archiveList.ts';
import { restoreWorktree } from '../../src/node/archiveRestore.ts';
import { walkFolder } from '../../src/node/folderWalk.ts';
import { RemovalNotes } from '../../src/node/removalNotes.ts';
import { carryOut } from '../../src/node/removals.ts';
import { findWorkplace, type GitRepository } from '../../src/node/repository.ts';
import { archiveWorktree } from '../../src/node/worktreeArchive.ts';
import { git, makeRepository } from '../support/repository.ts';
import { tempDirs } from '../support/tempDirs.ts';
import { describeOnUnix } from '../support/unix.ts';
import { aRecord } from '../unit/records.ts';

const branch = 'feature/login';

/** Few names, so that files meet folders and links. */
const names = ['a', 'b', 'dir/a', 'dir/b', 'dir/deep/ä b', '.env', 'data/x', 'a/below', 'new\nline', 'build/out'];
const name = fc.constantFrom(...names);
const content = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom('', 'one\ntwo\n', 'one\r\ntwo\r\n', '\0binary\r\n', 'same'),
);

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), name, content }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('link' as const), name, to: name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('mode' as const), name, mode: fc.constantFrom(0o755, 0o600) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), name, to: name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('stage' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unstage' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hide' as const), name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('commit', 'amend', 'stash', 'detach', 'back', 'reset') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('merge' as const), name, content }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('archive' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('destroy' as const) }) },
);

describeOnUnix('whatever is done in a worktree before it is destroyed', function () {
  this.timeout(600_000);

  it('every byte of it can be had afterwards, and it comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
        const dirs = tempDirs();
        try {
          const scene = await Scene.make((label) => dirs.make(label));
          for (const one of [...steps, { do: 'destroy' as const }]) await scene.take(one);
        } finally {
          await dirs.remove();
        }
      }),
      { numRuns: Number(process.env.HOLDFAST_RUNS) || 25, endOnFailure: true },
    );
  });
});

type Step = Record<string, unknown> & { do: string };

class Scene {
  readonly root: string;
  readonly folder: string;
  readonly #notes: RemovalNotes;
  readonly #record = aRecord({ branch, baseBranch: 'main', metadata: { ownsBranch: true } });
  #round = 0;

  private constructor(root: string, folder: string, notes: RemovalNotes) {
    this.root = root;
    this.folder = folder;
    this.#notes = notes;
    this.#record.worktreePath = folder;
  }

  static async make(makeDir: (label: string) => Promise<string>): Promise<Scene> {
    const root = await makeRepository(await makeDir('project'), { commits: 2 });
    await writeFile(path.join(root, '.gitattributes'), 'dir/* text=auto\n');
    await git(root, 'add', '.');
    await git(root, 'commit', '--quiet', '--message=attributes');
    await appendFile(path.join(root, '.git', 'info', 'exclude'), '.env\ndata/\nbuild/\n');
    const folder = path.join(await makeDir('worktrees'), 'login');
    await git(root, 'worktree', 'add', '--quiet', '-b', branch, folder);
    return new Scene(root, folder, new RemovalNotes(path.join(await makeDir('state'), 'removals')));
  }

  /** What cannot be done as things are is left. */
  async take(one: Step): Promise<void> {
    if (one.do === 'destroy') return this.#destroy();
    if (one.do === 'archive') return this.#archive();
    await this.#work(one).catch(() => undefined);
  }

  async #work(one: Step): Promise<unknown> {
    const at = (value: unknown) => path.join(this.folder, String(value));
    const file = at(one.name);
    const inside = (...args: string[]) => git(this.folder, ...args);
    switch (one.do) {
      case 'write':
        await mkdir(path.dirname(file), { recursive: true });
        return writeFile(file, String(one.content));
      case 'remove':
        return rm(file, { recursive: true });
      case 'link':
        return symlink(String(one.to), file);
      case 'mode':
        return chmod(file, Number(one.mode));
      case 'move':
        return rename(file, at(one.to));
      case 'stage':
        return inside('add', '--', String(one.name));
      case 'unstage':
        return inside('reset', '--quiet', '--', String(one.name));
      case 'hide':
        return inside('update-index', '--assume-unchanged', '--', String(one.name));
      case 'commit':
        return inside('commit', '--quiet', '--all', `--message=${this.#round}`);
      case 'amend':
        return inside('commit', '--quiet', '--amend', '--allow-empty', '--no-edit');
      case 'stash':
        return inside('stash', 'push', '--quiet', '--include-untracked');
      case 'detach':
        return inside('checkout', '--quiet', '--detach');
      case 'back':
        return inside('checkout', '--quiet', branch);
      case 'reset':
        return inside('reset', '--quiet', '--soft', 'HEAD~1');
      default:
        await writeFile(path.join(this.root, 'file-1.txt'), String(one.content));
        await git(this.root, 'commit', '--quiet', '--all', '--message=theirs');
        return inside('merge', '--quiet', '--no-edit', 'main');
    }
  }

  async #repository(): Promise<GitRepository> {
    return (await findWorkplace(this.root)) as GitRepository;
  }

  async #archive(): Promise<void> {
    const gitDir = await git(this.folder, 'rev-parse', '--path-format=absolute', '--git-dir');
    const request = { repository: await this.#repository(), record: this.#record, path: this.folder, gitDir };
    await archiveWorktree({ ...request, ignored: 'kept', unmerged: 0 });
  }

  async #destroy(): Promise<void> {
    const repository = await this.#repository();
    const before = await picture(this.folder);
    const commits = await git(this.folder, 'rev-parse', 'HEAD', branch);
    const note: RemovalNote = {
      version: '1.0',
      choice: 'archive',
      session: this.#record,
      root: this.root,
      askedAt: new Date().toISOString(),
      attempts: 0,
    };
    await this.#notes.write(note);
    const outcome = await carryOut(this.#notes, repository, note);
    assert.deepEqual({ kept: outcome.kept }, { kept: undefined });
    await git(this.root, 'reflog', 'expire', '--expire=now', '--all');
    await git(this.root, 'gc', '--quiet', '--prune=now');
    for (const commit of commits.split('\n')) await git(this.root, 'cat-file', '-e', `${commit}^{commit}`);
    await git(this.root, 'fsck', '--no-dangling', '--connectivity-only');
    const ref = archiveRefs + this.#record.id;
    await git(this.root, 'cat-file', '-e', `${ref}:${archiveParts.about}`);
    const archive = await openArchive(this.root, this.#record.id);
    await git(this.root, 'update-ref', `refs/heads/${branch}`, archive.about.tip as string);
    await restoreWorktree({ repository, archive, path: this.folder, branch, isOnBranch: true });
    assert.deepEqual(await picture(this.folder), before);
    this.#round++;
  }
}

/** All files but those that tools make again, and what git says of them. */
async function picture(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of walkFolder(folder, '', (inner) => inner === 'build')) {
    if (entry.path !== '.git')
      found.push(`${entry.path} ${entry.kind} ${await contentOf(path.join(folder, entry.path))}`);
  }
  const status = await git(folder, 'status', '--porcelain=v2', '--branch', '--untracked-files=all');
  return [...found, status, await git(folder, 'ls-files', '--stage', '-v')];
}

async function contentOf(file: string): Promise<string> {
  const entry = await lstat(file);
  if (entry.isDirectory()) return '';
  if (entry.isSymbolicLink()) return readlink(file);
  const data = await readFile(file);
  return `${(entry.mode & 0o7777).toString(8)} ${createHash('sha256').update(data).digest('hex').slice(0, 16)}`;
}
