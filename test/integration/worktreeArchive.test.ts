import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { openArchive } from '../../src/node/archiveList.ts';
import { restoreWorktree } from '../../src/node/archiveRestore.ts';
import { findWorkplace, type GitRepository } from '../../src/node/repository.ts';
import { archiveWorktree } from '../../src/node/worktreeArchive.ts';
import { git, makeRepository } from '../support/repository.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { describeOnUnix } from '../support/unix.ts';
import { aRecord } from '../unit/records.ts';
import { pictureOf } from './support/worktreePicture.ts';

const branch = 'feature/login';

/** A repository, and where a worktree of it is. */
interface Place {
  root: string;
  folder: string;
}

/** Makes a repository of a kind, and a worktree in it. */
type Shape = (make: (name: string) => Promise<string>) => Promise<Place>;

describeOnUnix('a worktree that is archived, removed and brought back', () => {
  const dirs = useTempDirs();
  const make = (name: string) => dirs.make(name);

  for (const [name, shape] of Object.entries(shapes())) {
    it(`is what it was, down to the byte: ${name}`, async () => {
      const place = await shape(make);
      await workIn(place.folder);
      assert.deepEqual(await roundTrip(place), await expected());
    }).timeout(600_000);
  }

  for (const [what, work] of Object.entries(works())) {
    it(`is what it was, down to the byte: ${what}`, async () => {
      const place = await plain(make);
      await work(place);
      assert.deepEqual(await roundTrip(place), await expected());
    });
  }

  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux('has its tracked files also where their names are no text, and links that lead to such', async () => {
    const { root, folder } = await plain(make);
    const odd = (end: string) => Buffer.from(`${folder}/odd-\xff${end}`, 'latin1');
    await writeFile(odd('1'), 'one');
    await writeFile(odd('2'), 'two');
    await git(folder, 'add', '.');
    await rm(odd('2'));
    await symlink(Buffer.from('odd-\xff1', 'latin1'), path.join(folder, 'link'));
    await bringBack({ root, folder }, await archive({ root, folder }));
    const back = [await readFile(path.join(folder, 'link'), 'utf8'), await git(folder, 'status', '--porcelain')];
    assert.deepEqual(back, ['one', 'A  "odd-\\3771"\nAD "odd-\\3772"\n?? link']);
  });

  onLinux('stays where a tracked file was changed whose name is no text', async () => {
    const { root, folder } = await plain(make);
    const odd = Buffer.from(`${folder}/odd-\xff`, 'latin1');
    await writeFile(odd, 'one');
    await git(folder, 'add', '.');
    await writeFile(odd, 'changed');
    await assert.rejects(archive({ root, folder }), { code: 'UNSAFE_FILE' });
  });

  const archive = async ({ root, folder }: Place) => {
    const repository = (await findWorkplace(root)) as GitRepository;
    const record = aRecord({ branch, worktreePath: folder, baseBranch: 'main' });
    const gitDir = await git(folder, 'rev-parse', '--path-format=absolute', '--git-dir');
    await archiveWorktree({ repository, record, path: folder, gitDir, ignored: 'kept', unmerged: 0 });
    return { repository, record };
  };

  let before: string[];
  const expected = async () => before;

  const roundTrip = async ({ root, folder }: Place): Promise<string[]> => {
    before = await pictureOf(folder);
    const archived = await archive({ root, folder });
    assert.deepEqual(await pictureOf(folder), before, 'archiving has changed something');
    await bringBack({ root, folder }, archived);
    return pictureOf(folder);
  };

  const bringBack = async ({ root, folder }: Place, { repository, record }: Awaited<ReturnType<typeof archive>>) => {
    await git(root, 'worktree', 'remove', '--force', folder);
    await git(root, 'reflog', 'expire', '--expire=now', '--all');
    await git(root, '-c', 'core.hooksPath=/dev/null', 'gc', '--quiet', '--prune=now');
    const opened = await openArchive(root, record.id);
    await restoreWorktree({ repository, archive: opened, path: folder, branch, isOnBranch: true });
  };
});

const plain: Shape = async (make) => addWorktree(await makeRepository(await make('project'), { commits: 3 }), make);

async function addWorktree(root: string, make: (name: string) => Promise<string>, from = 'HEAD'): Promise<Place> {
  const folder = path.join(await make('worktrees'), 'login');
  await git(root, 'worktree', 'add', '--quiet', '-b', branch, folder, from);
  return { root, folder };
}

/** Commits many files at once. */
async function importFiles(root: string, count: number): Promise<void> {
  const files = Array.from({ length: count }, (_, number) => {
    const text = `file ${number}\n`;
    return `M 100644 inline many/${number % 250}/${number}.txt\ndata ${text.length}\n${text}\n`;
  });
  const head = await git(root, 'rev-parse', 'HEAD');
  const commit = `commit refs/heads/main\ncommitter T <t@example.invalid> 0 +0000\ndata 4\nmany\nfrom ${head}\n`;
  const child = spawn('git', ['fast-import', '--quiet'], { cwd: root, stdio: ['pipe', 'inherit', 'inherit'] });
  child.stdin.end(commit + files.join(''));
  await once(child, 'close');
  await git(root, 'reset', '--quiet', '--hard');
}

/** Of all kinds of work something. */
async function workIn(folder: string): Promise<void> {
  const at = (name: string) => path.join(folder, name);
  await writeFile(at('committed.txt'), 'committed\n');
  await writeFile(at('script.sh'), '#!/bin/sh\n');
  await git(folder, 'add', 'committed.txt', 'script.sh');
  await git(
    folder,
    '-c',
    'user.name=T',
    '-c',
    'user.email=t@example.invalid',
    'commit',
    '--quiet',
    '-mx',
    '--no-verify',
  );
  await writeFile(at('file-1.txt'), 'staged\n');
  await git(folder, 'add', 'file-1.txt');
  await appendFile(at('file-1.txt'), 'and not staged\r\n');
  await chmod(at('script.sh'), 0o755);
  await rename(at('committed.txt'), at('moved.txt'));
  await mkdir(at('new/deep'), { recursive: true });
  await writeFile(at('new/deep/ünï cödé 文.txt'), Buffer.from([0, 255, 13, 10, 13]));
  await writeFile(at('new/line\nbreak "quoted"'), 'odd name');
  await writeFile(at('new/private'), 'secret', { mode: 0o600 });
  await symlink('deep/nowhere', at('new/link'));
  await mkdir(at('empty/folder'), { recursive: true });
  await writeFile(at('new/.gitignore'), 'ignored/\n*.log\n');
  await mkdir(at('new/ignored'));
  await writeFile(at('new/ignored/.env'), 'KEY=1');
  await symlink('.env', at('new/ignored/link'));
  await writeFile(at('new/a.log'), 'log');
}

function shapes(): Record<string, Shape> {
  return {
    'one commit': async (make) => addWorktree(await makeRepository(await make('project')), make),
    'a bare main with worktrees': async (make) => {
      const source = await makeRepository(await make('source'));
      const root = await make('bare.git');
      await git(source, 'clone', '--quiet', '--bare', '.', root);
      return addWorktree(root, make);
    },
    'submodules with work of their own': async (make) => {
      const sub = await makeRepository(await make('sub'), { commits: 2 });
      const root = await makeRepository(await make('project'));
      const local = ['-c', 'protocol.file.allow=always'];
      await git(root, ...local, 'submodule', '--quiet', 'add', sub, 'libs/sub');
      await git(root, 'commit', '--quiet', '-msub');
      const place = await addWorktree(root, make);
      await git(place.folder, ...local, 'submodule', '--quiet', 'update', '--init');
      const inner = path.join(place.folder, 'libs', 'sub');
      await writeFile(path.join(inner, 'own.txt'), 'own');
      await git(inner, 'add', '.');
      await git(inner, '-c', 'user.name=T', '-c', 'user.email=t@example.invalid', 'commit', '--quiet', '-mown');
      await writeFile(path.join(inner, 'untracked.txt'), 'untracked');
      return place;
    },
    'a submodule that was not fetched': async (make) => {
      const sub = await makeRepository(await make('sub'), { commits: 2 });
      const root = await makeRepository(await make('project'));
      await git(root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', sub, 'sub');
      await git(root, 'commit', '--quiet', '-msub');
      return addWorktree(root, make);
    },
    'a nested repository': async (make) => {
      const place = await plain(make);
      const inner = await makeRepository(path.join(place.folder, 'inner', 'repo'), { commits: 2 });
      await writeFile(path.join(inner, 'file-1.txt'), 'changed');
      await appendFile(path.join(place.root, '.git', 'info', 'exclude'), 'build/\n');
      await makeRepository(path.join(place.folder, 'build', 'agent'));
      return place;
    },
    'a sparse checkout': async (make) => {
      const root = await makeRepository(await make('project'), { commits: 3 });
      for (const name of ['inside', 'outside']) {
        await mkdir(path.join(root, name));
        await writeFile(path.join(root, name, 'file'), name);
      }
      await git(root, 'add', '.');
      await git(root, 'commit', '--quiet', '-mfolders');
      const place = await addWorktree(root, make);
      await git(place.folder, 'sparse-checkout', 'set', '--cone', 'inside');
      return place;
    },
    'a shallow clone': async (make) => {
      const source = await makeRepository(await make('source'), { commits: 5 });
      const root = await make('shallow');
      await git(source, 'clone', '--quiet', '--depth=2', `file://${source}`, root);
      return addWorktree(root, make);
    },
    'a path with spaces and other letters': async (make) => {
      const root = await makeRepository(path.join(await make('my projects'), 'größe 文 “x”'));
      const folder = path.join(root, '.worktrees', "lo gin's ✓");
      await git(root, 'worktree', 'add', '--quiet', '-b', branch, folder);
      return { root, folder };
    },
    'names that differ in case alone': async (make) => {
      const root = await makeRepository(await make('project'));
      const blob = await git(root, 'hash-object', '-w', 'file-1.txt');
      for (const name of ['Same.txt', 'same.txt'])
        await git(root, 'update-index', '--add', '--cacheinfo', `100644,${blob},${name}`);
      await git(root, 'commit', '--quiet', '-mcase');
      return addWorktree(root, make);
    },
    'a main checkout that is dirty': async (make) => {
      const place = await plain(make);
      await writeFile(path.join(place.root, 'file-1.txt'), 'dirty');
      await writeFile(path.join(place.root, 'file-2.txt'), 'staged');
      await git(place.root, 'add', 'file-2.txt');
      return place;
    },
    'a main checkout in a rebase': async (make) => {
      const place = await plain(make);
      await git(place.root, 'checkout', '--quiet', '-b', 'other', 'HEAD~1');
      await writeFile(path.join(place.root, 'file-3.txt'), 'conflict');
      await git(place.root, 'add', '.');
      await git(place.root, 'commit', '--quiet', '-mconflict');
      await git(place.root, 'rebase', 'main').catch(() => undefined);
      return place;
    },
    'a .worktrees that is a link': async (make) => {
      const root = await makeRepository(await make('project'));
      await symlink(await make('elsewhere'), path.join(root, '.worktrees'));
      const folder = path.join(root, '.worktrees', 'login');
      await git(root, 'worktree', 'add', '--quiet', '-b', branch, folder);
      return { root, folder };
    },
    'hooks that fail': async (make) => {
      const place = await plain(make);
      for (const hook of ['reference-transaction', 'post-checkout', 'post-index-change', 'pre-commit']) {
        const file = path.join(place.root, '.git', 'hooks', hook);
        await writeFile(file, `#!/bin/sh\ncase "$0" in *reference*) grep -q holdfast || exit 0;; esac\nexit 1\n`);
        await chmod(file, 0o755);
      }
      return place;
    },
    'no name of a user': async (make) =>
      addWorktree(await makeRepository(await make('project'), { identity: 'none' }), make),
    '256-bit hashes': async (make) => {
      const root = await make('project');
      await git(root, 'init', '--quiet', '--initial-branch=main', '--object-format=sha256');
      return addWorktree(await makeRepository(root), make);
    },
    '50,000 files': async (make) => {
      const root = await makeRepository(await make('project'));
      await importFiles(root, 50_000);
      return addWorktree(root, make);
    },
    'line ends that a checkout changes': async (make) => {
      const root = await makeRepository(await make('project'));
      await writeFile(path.join(root, '.gitattributes'), '*.txt text eol=crlf\n*.id ident\n*.rot filter=rot\n');
      await writeFile(path.join(root, 'lines.txt'), 'one\r\ntwo\r\n');
      await writeFile(path.join(root, 'a.id'), '$Id$\n');
      await git(root, 'config', 'filter.rot.clean', 'tr a-y b-z');
      await git(root, 'config', 'filter.rot.smudge', 'tr b-z a-y');
      await writeFile(path.join(root, 'a.rot'), 'abc\n');
      await git(root, 'add', '.');
      await git(root, 'commit', '--quiet', '-mlines');
      const place = await addWorktree(root, make);
      // Git takes it for unchanged, and would write it with other ends.
      await writeFile(path.join(place.folder, 'lines.txt'), 'one\ntwo\r\n');
      await git(place.folder, 'add', 'lines.txt');
      return place;
    },
  };
}

function works(): Record<string, (place: Place) => Promise<unknown>> {
  const commit = (folder: string, text: string) => git(folder, 'commit', '--quiet', '--all', `-m${text}`);
  const conflicting = async ({ root, folder }: Place) => {
    await writeFile(path.join(root, 'file-1.txt'), 'theirs\n');
    await commit(root, 'theirs');
    await writeFile(path.join(folder, 'file-1.txt'), 'ours\n');
    await writeFile(path.join(folder, 'file-2.txt'), 'ours\n');
    await commit(folder, 'ours');
  };
  return {
    'nothing at all': async () => undefined,
    'a merge with conflicts, one of them solved': async (place) => {
      await conflicting(place);
      await git(place.root, 'rm', '--quiet', 'file-2.txt');
      await commit(place.root, 'gone');
      await git(place.folder, 'merge', 'main').catch(() => undefined);
      await writeFile(path.join(place.folder, 'file-1.txt'), 'solved\n');
      await git(place.folder, 'add', 'file-1.txt');
    },
    'a side of a conflict that no commit has': async ({ folder }) => {
      await writeFile(path.join(folder, 'side'), 'only in the index');
      const blob = await git(folder, 'hash-object', '-w', 'side');
      await writeFile(path.join(folder, 'side'), `100644 ${blob} 1\tfile-1.txt\n100644 ${blob} 3\tfile-1.txt\n`);
      await git(folder, 'rm', '--quiet', '--cached', 'file-1.txt');
      await promisify(execFile)('/bin/sh', ['-c', 'git update-index --index-info < side'], { cwd: folder });
      await rm(path.join(folder, 'side'));
    },
    'a rebase in the middle': async (place) => {
      await conflicting(place);
      await git(place.folder, 'rebase', 'main').catch(() => undefined);
    },
    'a rebase by am in the middle': async (place) => {
      await conflicting(place);
      await git(place.folder, 'rebase', '--apply', 'main').catch(() => undefined);
    },
    'a cherry-pick in the middle': async (place) => {
      await conflicting(place);
      await git(place.folder, 'cherry-pick', 'main').catch(() => undefined);
    },
    'a bisect in the middle': async ({ folder }) => {
      await git(folder, 'bisect', 'start', 'HEAD', 'HEAD~2');
    },
    'a detached HEAD with commits of its own': async ({ folder }) => {
      await git(folder, 'checkout', '--quiet', '--detach', 'HEAD~1');
      await writeFile(path.join(folder, 'file-1.txt'), 'detached');
      await commit(folder, 'detached');
    },
    'a commit that only the reflog has': async ({ folder }) => {
      await writeFile(path.join(folder, 'file-1.txt'), 'first try');
      await commit(folder, 'first');
      await git(folder, 'reset', '--quiet', '--hard', 'HEAD~1');
    },
    'a branch without a commit': async ({ folder }) => {
      await git(folder, 'checkout', '--quiet', '--orphan', 'fresh');
    },
    'files that are marked as unchanged': async ({ folder }) => {
      await git(folder, 'update-index', '--assume-unchanged', 'file-1.txt', 'file-3.txt');
      await git(folder, 'update-index', '--skip-worktree', 'file-2.txt');
      await writeFile(path.join(folder, 'file-1.txt'), 'hidden');
      await writeFile(path.join(folder, 'file-2.txt'), 'hidden, too');
      await rm(path.join(folder, 'file-3.txt'));
    },
    'files in the place of folders, and the other way round': async ({ folder }) => {
      await mkdir(path.join(folder, 'sub'));
      await writeFile(path.join(folder, 'sub', 'a'), 'a');
      await git(folder, 'add', '.');
      await commit(folder, 'sub');
      await rm(path.join(folder, 'sub'), { recursive: true });
      await symlink('file-2.txt', path.join(folder, 'sub'));
      await rm(path.join(folder, 'file-1.txt'));
      await mkdir(path.join(folder, 'file-1.txt'));
      await writeFile(path.join(folder, 'file-1.txt', 'inner'), 'inner');
    },
    'a file that is to be added': async ({ folder }) => {
      await writeFile(path.join(folder, 'new.txt'), 'new');
      await git(folder, 'add', '--intent-to-add', 'new.txt');
    },
    'an index in two files': async ({ folder }) => {
      await git(folder, 'update-index', '--split-index');
      await writeFile(path.join(folder, 'file-1.txt'), 'staged');
      await git(folder, 'add', '.');
    },
    'everything deleted': async ({ folder }) => {
      for (const name of ['file-1.txt', 'file-2.txt', 'file-3.txt']) await rm(path.join(folder, name));
    },
    'a repository that was begun among tracked files': async ({ folder }) => {
      const inner = path.join(folder, 'part');
      await mkdir(inner);
      await writeFile(path.join(inner, 'a.txt'), 'a');
      await git(folder, 'add', '.');
      await commit(folder, 'part');
      await git(inner, 'init', '--quiet');
      await git(inner, 'add', '.');
    },
    'folders called .git that are no repositories': async ({ folder }) => {
      await mkdir(path.join(folder, 'fixture', '.git'), { recursive: true });
      await writeFile(path.join(folder, 'fixture', '.git', 'notes'), 'notes');
      await mkdir(path.join(folder, 'moved'));
      await writeFile(path.join(folder, 'moved', '.git'), 'gitdir: /nowhere\n');
    },
    'a link to a folder of the same files in the place of one': async ({ folder }) => {
      for (const name of ['one', 'two']) await mkdir(path.join(folder, name));
      for (const name of ['one', 'two']) await writeFile(path.join(folder, name, 'same.txt'), name);
      await git(folder, 'add', '.');
      await commit(folder, 'folders');
      await rm(path.join(folder, 'two'), { recursive: true });
      await symlink('one', path.join(folder, 'two'));
    },
    'a large file': async ({ folder }) => {
      await writeFile(path.join(folder, 'large'), Buffer.alloc(5_000_000, 'large '));
    },
  };
}
