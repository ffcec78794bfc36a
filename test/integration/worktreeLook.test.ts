import assert from 'node:assert/strict';
import { cp, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { changesMark, describeChanges } from '../../src/core/changesPresentation.ts';
import { newRecord } from '../../src/core/sessionRecord.ts';
import { BaseCommits } from '../../src/helper/baseCommits.ts';
import { DiskQuestions } from '../../src/helper/diskQuestions.ts';
import { WorktreeLook } from '../../src/helper/worktreeLook.ts';
import { git as runGit } from '../../src/node/git.ts';
import { silentLog } from '../../src/node/log.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import type { KnownChanges } from '../../src/protocol/changes.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git, makeRepository } from '../support/repository.ts';
import { tempDirs } from '../support/tempDirs.ts';
import { withEnvironment } from './support/project.ts';

describe('a look at a worktree', () => {
  const dirs = tempDirs();
  let root: string;
  let worktree: string;
  let record: SessionRecord;
  let look: WorktreeLook;
  const ran: string[] = [];

  beforeEach(async () => {
    root = await makeRepository(path.join(await dirs.make('repository'), 'mit Ümlaut und space'), { commits: 2 });
    worktree = path.join(root, '.worktrees', 'it ☃');
    await git(root, 'worktree', 'add', '--quiet', '-b', 'feature/it', worktree);
    const baseCommit = await git(root, 'rev-parse', 'main');
    record = { ...aSession(worktree), baseCommit };
    look = await newLook();
    ran.length = 0;
  });
  afterEach(() => dirs.remove());

  const newLook = async () => {
    const run = (args: readonly string[], cwd: string) => {
      ran.push(args.find((one) => !one.startsWith('-')) ?? '');
      return runGit(args, { cwd });
    };
    const { key } = await findWorkplace(root);
    const questions = new DiskQuestions(silentLog);
    const monotonic = () => performance.now();
    return new WorktreeLook({ key, run, bases: new BaseCommits(run), questions, monotonic, now: () => new Date() });
  };
  const seen = () => look.look(record, new Set(['files']));
  const words = async () => describeChanges(await seen());
  const write = (file: string, text = 'x\n') => writeFile(path.join(worktree, file), text);
  const commit = async (file: string, text?: string) => {
    await write(file, text);
    await git(worktree, 'add', '--all');
    await git(worktree, 'commit', '--quiet', '-m', `Change ${file}`);
  };
  const known = async (): Promise<KnownChanges> => {
    const changes = await seen();
    assert.equal(changes.state, 'known', describeChanges(changes));
    return changes as KnownChanges;
  };

  it('finds nothing where nothing was done', async () => {
    assert.deepEqual([await words(), (await known()).paths], ['nothing was changed', []]);
  });

  it('counts what is changed, staged, deleted, renamed and new, whatever it is called', async () => {
    await git(worktree, 'mv', 'file-1.txt', 'renämed file.txt');
    await rm(path.join(worktree, 'file-2.txt'));
    await write(' leading space');
    await write('line\nbreak');
    await mkdir(path.join(worktree, 'new folder'));
    await write('new folder/a');
    await write('new folder/b');
    const { paths } = await known();
    assert.deepEqual(
      [await words(), paths],
      [
        '1 changed, 1 staged, 4 untracked',
        [
          ' leading space',
          'file-1.txt',
          'file-2.txt',
          'line\nbreak',
          'new folder/a',
          'new folder/b',
          'renämed file.txt',
        ],
      ],
    );
  });

  it('leaves out what is ignored', async () => {
    await commit('.gitignore', 'build/\n');
    await mkdir(path.join(worktree, 'build'));
    await write('build/a');
    assert.equal(await words(), '1 commit ahead of main');
  });

  it('counts commits since it began and since its base went on', async () => {
    await commit('a');
    await commit('b');
    await git(root, 'commit', '--quiet', '--allow-empty', '-m', 'Go on');
    assert.equal(await words(), '2 commits ahead of main, 1 behind');
  });

  it('counts the commits that are its own where the base was merged into it', async () => {
    await commit('a');
    await git(root, 'commit', '--quiet', '--allow-empty', '-m', 'Go on');
    await git(worktree, 'merge', '--quiet', 'main', '-m', 'Merge');
    const { base, commits } = await known();
    assert.deepEqual([base?.ahead, base?.behind, commits], [2, 0, 3]);
  });

  it('sees a merge with conflicts', async () => {
    await conflict();
    await git(worktree, 'merge', 'main').catch(() => undefined);
    assert.equal(await words(), '1 conflict; 1 commit ahead of main, 1 behind; merge in progress');
  });

  it('sees a rebase, how far it is, and that no branch is checked out meanwhile', async () => {
    await commit('a');
    await conflict();
    await commit('b');
    await git(worktree, 'rebase', 'main').catch(() => undefined);
    const { branch, operation } = await known();
    assert.deepEqual([branch, operation], [null, { kind: 'rebase', step: 2, total: 3 }]);
  });

  it('sees a rebase by patches', async () => {
    await conflict();
    await git(worktree, 'rebase', '--apply', 'main').catch(() => undefined);
    assert.deepEqual((await known()).operation, { kind: 'rebase', step: 1, total: 1 });
  });

  it('sees a cherry-pick, a revert and a bisect, and their ends', async () => {
    await conflict();
    const kinds: unknown[] = [];
    const look = async () => kinds.push((await known()).operation?.kind);
    await git(worktree, 'cherry-pick', 'main').catch(() => undefined);
    await look();
    await git(worktree, 'cherry-pick', '--abort');
    await look();
    await commit('file-1.txt', 'once more\n');
    await git(worktree, 'revert', '--no-edit', 'HEAD~1').catch(() => undefined);
    await look();
    await git(worktree, 'revert', '--abort');
    await git(worktree, 'bisect', 'start', 'HEAD', 'HEAD~2');
    await look();
    assert.deepEqual(kinds, ['cherryPick', undefined, 'revert', 'bisect']);
  });

  it('sees a commit that is checked out without a branch', async () => {
    await git(worktree, 'checkout', '--quiet', '--detach');
    assert.equal(await words(), 'no branch is checked out');
  });

  it('sees a branch that has no commit yet', async () => {
    await git(worktree, 'checkout', '--quiet', '--orphan', 'fresh');
    const { head, base, branch } = await known();
    assert.deepEqual([head, base, branch], [null, undefined, 'fresh']);
  });

  it('goes by where it began where its base is gone', async () => {
    await commit('a');
    await git(root, 'checkout', '--quiet', '--detach');
    await git(root, 'branch', '--quiet', '-D', 'main');
    const { paths } = await known();
    assert.deepEqual([await words(), paths], ['1 commit since it began', ['a']]);
  });

  it('knows no commits where neither its base nor its begin is there', async () => {
    await commit('a');
    record = { ...record, baseBranch: 'never-was' };
    delete record.baseCommit;
    assert.equal(await words(), 'nothing was changed');
  });

  it('compares with a tag, a remote’s branch, a packed branch and a commit', async () => {
    await commit('a');
    await git(root, 'tag', '--annotate', 'v1', 'main', '-m', 'One');
    await git(root, 'update-ref', 'refs/remotes/origin/next', 'main~1');
    await git(root, 'branch', 'side/packed', 'main~1');
    await git(root, 'pack-refs', '--all');
    const told: string[] = [];
    for (const baseBranch of ['v1', 'origin/next', 'side/packed', await git(root, 'rev-parse', 'main')]) {
      record = { ...record, baseBranch };
      told.push((await words()).replace(/[0-9a-f]{8}$/, 'a commit'));
    }
    assert.deepEqual(told, [
      '1 commit ahead of v1',
      '2 commits ahead of origin/next, 1 since it began',
      '2 commits ahead of side/packed, 1 since it began',
      '1 commit ahead of a commit',
    ]);
  });

  it('compares with a base that has no history in common', async () => {
    await git(root, 'checkout', '--quiet', '--orphan', 'other');
    await git(root, 'commit', '--quiet', '--allow-empty', '-m', 'Other');
    record = { ...record, baseBranch: 'other' };
    const { base, morePaths } = await known();
    assert.deepEqual([base?.ahead, base?.behind, morePaths], [2, 1, 0]);
  });

  it('sees what was changed inside a submodule', async () => {
    const part = await makeRepository(await dirs.make('part'));
    await git(worktree, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', part, 'part');
    await git(worktree, 'commit', '--quiet', '-m', 'Add a part');
    await write('part/new');
    assert.equal(await words(), '1 changed; 1 commit ahead of main');
  });

  it('does not take a folder that is gone for one without changes', async () => {
    await write('a');
    await words();
    await rm(worktree, { recursive: true });
    record = { ...record, status: 'cancelled' };
    assert.deepEqual([await words(), look.seen], ['not known: its worktree is gone', undefined]);
  });

  it('tells of a worktree that was seen and is gone also before its session was started', async () => {
    await words();
    await rm(worktree, { recursive: true });
    assert.equal(await words(), 'not known: its worktree is gone');
  });

  it('tells of a session that was not started yet that its worktree is still to be made', async () => {
    await rm(worktree, { recursive: true });
    assert.deepEqual(
      [await words(), changesMark({ changes: await seen(), overlaps: [] })],
      ['not known: its worktree is made with its next start', ''],
    );
  });

  it('never tells of the repository around a worktree that has lost its link', async () => {
    await rm(path.join(worktree, '.git'));
    assert.equal(await words(), 'not known: what is in its folder is no worktree of git');
  });

  it('never tells of another repository, or of the worktree that a folder was copied from', async () => {
    const told: string[] = [];
    const copy = path.join(root, '.worktrees', 'copy');
    await cp(worktree, copy, { recursive: true });
    const other = await makeRepository(await dirs.make('other'));
    for (const worktreePath of [copy, other]) {
      record = { ...record, worktreePath };
      told.push((await seen()).state);
    }
    assert.deepEqual(told, ['foreign', 'foreign']);
  });

  it('finds a worktree through a link to it', async () => {
    await write('a');
    const link = path.join(await dirs.make('links'), 'link');
    await symlink(worktree, link);
    record = { ...record, worktreePath: link };
    assert.equal(await words(), '1 untracked');
  });

  it('finds one that was moved by git', async () => {
    await git(root, 'worktree', 'move', worktree, `${worktree} moved`);
    record = { ...record, worktreePath: `${worktree} moved` };
    assert.equal(await words(), 'nothing was changed');
  });

  it('tells that git failed, and what was done once it no longer does', async () => {
    const head = path.join(root, '.git', 'objects');
    await rename(head, `${head}-away`);
    const failed = (await seen()).state;
    await rename(`${head}-away`, head);
    assert.deepEqual([failed, await words()], ['failed', 'nothing was changed']);
  });

  it('starts no process where git’s own files are what they were', async () => {
    await commit('a');
    await words();
    ran.length = 0;
    await look.look(record, new Set(['git', 'base', 'look']));
    assert.deepEqual(ran, []);
  });

  it('starts one where a file was saved, and those about commits only after a commit', async () => {
    await words();
    ran.length = 0;
    await write('a');
    await words();
    const saved = [...ran];
    await commit('b');
    ran.length = 0;
    await look.look(record, new Set(['git']));
    assert.deepEqual([saved, ran], [['status'], ['status', 'rev-list', 'diff']]);
  });

  it('finds the same where git is told to take no folder for a repository that it is not told of', async () => {
    await commit('a');
    const settings = path.join(await dirs.make('home'), 'gitconfig');
    await writeFile(settings, '[safe]\n\tbareRepository = explicit\n');
    const told = await withEnvironment({ GIT_CONFIG_GLOBAL: settings }, words);
    assert.equal(told, '1 commit ahead of main');
  });

  it('does not touch the index', async () => {
    const before = await git(worktree, 'ls-files', '--debug');
    await write('file-1.txt', 'other\n');
    await words();
    assert.equal(await git(worktree, 'ls-files', '--debug'), before);
  });

  /** One commit here and one on main that change the same line. */
  async function conflict(): Promise<void> {
    await commit('file-1.txt', 'here\n');
    await writeFile(path.join(root, 'file-1.txt'), 'there\n');
    await git(root, 'commit', '--quiet', '--all', '-m', 'Change it there');
  }
});

function aSession(worktreePath: string): SessionRecord {
  return newRecord({
    id: '00000000-0000-4000-8000-000000000001',
    name: 'it',
    branch: 'feature/it',
    baseBranch: 'main',
    worktreePath,
    command: null,
    now: new Date(),
  });
}
