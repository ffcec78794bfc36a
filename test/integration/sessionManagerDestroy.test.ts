import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { isAlive } from '../support/processes.ts';
import { git } from '../support/repository.ts';
import { type Project, useProject } from './support/project.ts';

/** What a destroyed session has left, apart from what the project had before. */
interface Outcome {
  kept: string;
  folder: 'there' | 'gone';
  branch: 'there' | 'gone';
}

const gone: Outcome = { kept: 'nothing', folder: 'gone', branch: 'gone' };

describe('destroying a session', () => {
  const project = useProject();
  let window: SessionManager;
  let record: SessionRecord;
  let worktree: string;
  beforeEach(async () => {
    window = await project().open();
    record = (await window.create({ name: 'login', command: ['cat'] })).record;
    worktree = record.worktreePath;
  });

  const destroyed = () => outcome(project(), window, record);

  it('leaves nothing where there was nothing to lose', async () => {
    const { ptyPid = 0 } = record;
    const before = await destroyed();
    const { sessions, saved, hosts, folders, worktrees } = await project().traces(window);
    assert.deepEqual(
      { ...before, isRunning: isAlive(ptyPid), sessions, saved, hosts, folders, worktrees: worktrees.length },
      { ...gone, isRunning: false, sessions: [], saved: [], hosts: 0, folders: [], worktrees: 1 },
    );
  });

  it('leaves nothing where the base has all of its commits', async () => {
    await commit(worktree, 'work.txt');
    await project().git('merge', '--quiet', '--ff-only', 'feature/login');
    assert.deepEqual(await destroyed(), gone);
  });

  it('forgets what the repository’s settings say of the branch', async () => {
    await project().git('config', 'branch.feature/login.description', 'try');
    await destroyed();
    const settings = await project().git('config', '--local', '--list');
    assert.doesNotMatch(settings, /login/);
  });

  const works: [what: string, make: () => Promise<unknown>, reason: string][] = [
    ['an untracked file', () => writeFile(path.join(worktree, 'new.txt'), ''), '1 untracked file'],
    [
      'untracked files in a folder',
      async () => {
        await mkdir(path.join(worktree, 'new'));
        await writeFile(path.join(worktree, 'new', '1.txt'), '');
        await writeFile(path.join(worktree, 'new', '2.txt'), '');
      },
      '2 untracked files',
    ],
    ['an uncommitted change', () => writeFile(path.join(worktree, 'file-1.txt'), 'changed'), '1 uncommitted file'],
    ['a deleted file', () => rm(path.join(worktree, 'file-1.txt')), '1 uncommitted file'],
    [
      'a staged change',
      async () => {
        await writeFile(path.join(worktree, 'file-1.txt'), 'changed');
        await git(worktree, 'add', '--all');
      },
      '1 uncommitted file',
    ],
    ['an unmerged commit', () => commit(worktree, 'work.txt'), '1 unmerged commit'],
    [
      'a commit on a detached HEAD',
      async () => {
        await git(worktree, 'checkout', '--quiet', '--detach');
        await commit(worktree, 'work.txt');
      },
      '1 unmerged commit',
    ],
    [
      'a commit on a branch left for another one',
      async () => {
        await commit(worktree, 'work.txt');
        await git(worktree, 'checkout', '--quiet', '-b', 'side', 'main');
      },
      '1 unmerged commit',
    ],
    [
      'all of it',
      async () => {
        await commit(worktree, 'work.txt');
        await writeFile(path.join(worktree, 'work.txt'), 'changed');
        await writeFile(path.join(worktree, 'new.txt'), '');
      },
      '1 uncommitted file, 1 untracked file, 1 unmerged commit',
    ],
  ];
  for (const [what, make, reason] of works) {
    it(`keeps the worktree and says where, because of ${what}`, async () => {
      await make();
      assert.deepEqual(await destroyed(), { kept: `${reason} in ${worktree}`, folder: 'there', branch: 'there' });
    });
  }

  it('keeps the worktree where its base branch is gone, so that nobody knows what is merged', async () => {
    await project().git('checkout', '--quiet', '-b', 'next');
    await project().git('branch', '--delete', '--force', 'main');
    const reason = 'its base main is gone, so it is not known what is merged';
    assert.deepEqual(await destroyed(), { kept: `${reason} in ${worktree}`, folder: 'there', branch: 'there' });
  });

  it('takes a branch for the base even where a tag has the same name', async () => {
    await commit(worktree, 'work.txt');
    await project().git('tag', 'main', 'feature/login');
    assert.deepEqual(await destroyed(), { kept: `1 unmerged commit in ${worktree}`, folder: 'there', branch: 'there' });
  });

  it('keeps a folder that has lost its link to git', async () => {
    await writeFile(path.join(worktree, 'new.txt'), '');
    await rm(path.join(worktree, '.git'));
    const reason = 'it is no worktree any more';
    assert.deepEqual(await destroyed(), { kept: `${reason} in ${worktree}`, folder: 'there', branch: 'there' });
  });

  it('keeps a worktree that the user has locked', async () => {
    await project().git('worktree', 'lock', worktree);
    const { kept, folder, branch } = await destroyed();
    assert.deepEqual([/^git worktree failed: .*locked/.test(kept), folder, branch], [true, 'there', 'there']);
  });

  it('finishes the job where the worktree was deleted by hand and nothing was in it', async () => {
    await rm(worktree, { recursive: true });
    const result = await destroyed();
    const { worktrees } = await project().traces(window);
    assert.deepEqual({ ...result, worktrees: worktrees.length }, { ...gone, worktrees: 1 });
  });

  const losses: [what: string, before: string[], after: string[]][] = [
    ['on its branch', ['status'], ['status']],
    ['on its branch, of which git was told', ['status'], ['worktree', 'prune']],
    ['on a detached HEAD', ['checkout', '--quiet', '--detach'], ['status']],
  ];
  for (const [what, before, after] of losses) {
    it(`keeps the commits of a worktree that was deleted by hand: ${what}`, async () => {
      await git(worktree, ...before);
      await commit(worktree, 'work.txt');
      const work = await git(worktree, 'rev-parse', 'HEAD');
      await rm(worktree, { recursive: true });
      await project().git(...after);
      const { kept } = await destroyed();
      await project().git('gc', '--quiet', '--prune=now');
      assert.deepEqual(
        [kept, await project().git('cat-file', '-t', work)],
        [`1 unmerged commit in the repository; the worktree itself was gone already in ${project().folder}`, 'commit'],
      );
    });
  }

  it('keeps a worktree that the user has moved', async () => {
    const moved = path.join(await project().newFolder('moved'), 'login');
    await project().git('worktree', 'move', worktree, moved);
    assert.deepEqual(await destroyed(), {
      kept: `feature/login is checked out there in ${moved}`,
      folder: 'gone',
      branch: 'there',
    });
  });

  it('keeps a branch that the user has checked out elsewhere meanwhile', async () => {
    await git(worktree, 'checkout', '--quiet', '--detach');
    await project().git('checkout', '--quiet', 'feature/login');
    assert.deepEqual(await destroyed(), { ...gone, branch: 'there' });
  });
});

describe('destroying a session on a branch that was there before', () => {
  const project = useProject();

  it('removes the worktree and leaves the branch', async () => {
    await project().git('branch', 'topic');
    const window = await project().open();
    const { record } = await window.create({ name: 'login', branch: 'topic', command: ['cat'] });
    assert.deepEqual(await outcome(project(), window, record), { ...gone, branch: 'there' });
  });

  it('leaves the branch also where the worktree was deleted by hand', async () => {
    await project().git('branch', 'topic');
    const window = await project().open();
    const { record } = await window.create({ name: 'login', branch: 'topic', command: ['cat'] });
    await rm(record.worktreePath, { recursive: true });
    assert.deepEqual(await outcome(project(), window, record), { ...gone, branch: 'there' });
  });

  it('removes a branch of another name that was made for the session', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'login', branch: 'topic', command: ['cat'] });
    assert.deepEqual(await outcome(project(), window, record), gone);
  });
});

describe('destroying a session without a worktree', () => {
  const project = useProject();

  it('touches neither the folder nor its files', async () => {
    const window = await project().open();
    const { record } = await window.create({ worktree: false, command: ['cat'] });
    await writeFile(path.join(project().folder, 'new.txt'), '');
    const { kept } = await window.destroy(record.id);
    assert.deepEqual([kept, await project().git('status', '--porcelain')], [undefined, '?? new.txt']);
  });
});

async function outcome(project: Project, window: SessionManager, record: SessionRecord): Promise<Outcome> {
  const { kept } = await window.destroy(record.id);
  const { branches, folders } = await project.traces(window);
  return {
    kept: kept ? `${kept.reason} in ${kept.path}` : 'nothing',
    folder: folders.includes(path.basename(record.worktreePath)) ? 'there' : 'gone',
    branch: branches.includes(`refs/heads/${record.branch}`) ? 'there' : 'gone',
  };
}

async function commit(folder: string, file: string): Promise<void> {
  await writeFile(path.join(folder, file), 'work');
  await git(folder, 'add', file);
  await git(folder, 'commit', '--quiet', `--message=${file}`);
}
