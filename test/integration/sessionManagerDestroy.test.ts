import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { writeJson } from '../../src/node/durableFile.ts';
import { sessionPlaces } from '../../src/node/places.ts';
import type { RecordChanges, SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { isAlive, signal } from '../support/processes.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { withGit } from './support/fakeGit.ts';
import { helperPid, hostPids, type Project, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

/** What a destroyed session has left, apart from what the project had before. */
interface Outcome {
  kept: string;
  folder: 'there' | 'gone';
  branch: 'there' | 'gone';
}

const gone: Outcome = { kept: 'nothing', folder: 'gone', branch: 'gone' };

describeOnUnix('destroying a session', () => {
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

  it('takes no backup for a session that there is not', async () => {
    await assert.rejects(window.destroy(randomUUID()), { code: 'SESSION_NOT_FOUND' });
    assert.deepEqual(await window.state.listBackups(), []);
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
    [
      'a repository that was begun among tracked files',
      async () => {
        await mkdir(path.join(worktree, 'part'));
        await commit(worktree, 'part/work.txt');
        await project().git('merge', '--quiet', '--ff-only', 'feature/login');
        await git(path.join(worktree, 'part'), 'init', '--quiet');
      },
      '1 untracked file',
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

  const ignored: [what: string, make: () => Promise<unknown>, kept: string | undefined][] = [
    ['a secret', () => write('.env', 'key'), '1 ignored file: .env'],
    ['files of a folder', () => write('data/a/1.db', '1'), `1 ignored file: ${path.join('data', 'a', '1.db')}`],
    [
      'many of them',
      async () => {
        for (const name of ['a', 'b', 'c', 'd', 'e']) await write(`data/${name}`, name);
      },
      `5 ignored files: ${['a', 'b', 'c'].map((name) => path.join('data', name)).join(', ')} and 2 more`,
    ],
    [
      'what is unmerged besides',
      () => Promise.all([write('.env', 'key'), write('new', '')]),
      `1 untracked file, 1 ignored file: .env`,
    ],
    ['dependencies', () => write('node_modules/x/index.js', ''), undefined],
    [
      'a copy of the main checkout’s',
      async () => {
        await writeFile(path.join(project().folder, '.env'), 'key');
        await write('.env', 'key');
      },
      undefined,
    ],
  ];
  for (const [what, make, kept] of ignored) {
    it(`${kept ? 'keeps' : 'removes'} a worktree with files that git ignores: ${what}`, async () => {
      await appendFile(path.join(project().folder, '.git', 'info', 'exclude'), '.env\ndata/\nnode_modules/\n');
      await make();
      const expected = kept ? { kept: `${kept} in ${worktree}`, folder: 'there', branch: 'there' } : gone;
      assert.deepEqual(await destroyed(), expected);
    });
  }

  const write = async (name: string, text: string) => {
    const file = path.join(worktree, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  };

  it('says so where only a part of the worktree could be removed', async () => {
    const dying = `case "$*" in "worktree remove"*) rm "$4/file-1.txt"; echo "fatal: Device or resource busy" >&2; exit 1;; esac`;
    const { kept, folder } = await withGit(project(), dying, destroyed);
    const reason = 'only a part of it could be removed, and no work: git worktree failed: Device or resource busy';
    assert.deepEqual({ kept, folder }, { kept: `${reason} in ${worktree}`, folder: 'there' });
  });

  it('says so where what is left of the worktree is unknown to git', async () => {
    const dying = `case "$*" in "worktree remove"*) rm "$4/.git"; echo "fatal: Device or resource busy" >&2; exit 1;; esac`;
    const { kept } = await withGit(project(), dying, destroyed);
    assert.match(kept, /^only a part of it could be removed, and no work: /);
  });

  it('finishes the job where only git’s own notes of the worktree are left', async () => {
    const dying = `case "$*" in "worktree remove"*) if [ -e "$4" ]; then rm -r "$4"; exit 1; fi;; esac`;
    const result = await withGit(project(), dying, destroyed);
    const { worktrees } = await project().traces(window);
    assert.deepEqual({ ...result, worktrees: worktrees.length }, { ...gone, worktrees: 1 });
  });

  it('is refused where a host lives of which the record has never heard, and which does not answer', async () => {
    const [host = 0] = await hostPids(window);
    const helper = await helperPid(window);
    for (const [pid, name] of [
      [host, 'SIGSTOP'],
      [helper, 'SIGKILL'],
    ] as const)
      signal(pid, name);
    await processEnd(helper);
    await writeRecord(window, { ...record, status: 'idle', ptyPid: undefined, revision: 99 });
    try {
      await assert.rejects(window.destroy(record.id), { code: 'TIMEOUT' });
      assert.deepEqual([isAlive(record.ptyPid as number), existsSync(worktree)], [true, true]);
    } finally {
      signal(host, 'SIGCONT');
      await waitFor(() => window.get(record.id)?.status === 'active');
    }
  }).timeout(40_000);

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
    await project().git('worktree', 'unlock', worktree);
    await project().git('worktree', 'lock', worktree);
    const { kept, folder, branch } = await destroyed();
    assert.deepEqual([kept, folder, branch], [`it is locked in ${worktree}`, 'there', 'there']);
  });

  it('finishes the job where the worktree was deleted by hand and nothing was in it', async () => {
    await rm(worktree, { recursive: true });
    const result = await destroyed();
    const { worktrees } = await project().traces(window);
    assert.deepEqual({ ...result, worktrees: worktrees.length }, { ...gone, worktrees: 1 });
  });

  const losses: [what: string, before: string[], after: string[]][] = [
    ['on its branch', ['status'], ['status']],
    ['on its branch, of which git was told', ['worktree', 'unlock', '.'], ['worktree', 'prune']],
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
    await project().git('worktree', 'move', '-f', '-f', worktree, moved);
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

describeOnUnix('destroying a session on a branch that was there before', () => {
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

describeOnUnix('destroying a session without a worktree', () => {
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

/** As a helper leaves it that was killed at that moment. */
async function writeRecord({ options }: SessionManager, record: RecordChanges & { id: string }): Promise<void> {
  await writeJson(sessionPlaces(machine, options.workplace.key, record.id).record, record);
}

async function commit(folder: string, file: string): Promise<void> {
  await writeFile(path.join(folder, file), 'work');
  await git(folder, 'add', file);
  await git(folder, 'commit', '--quiet', `--message=${file}`);
}
