import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../src/base/errors.ts';
import { BringHome } from '../../src/client/bringHome.ts';
import { type MergeWay, mergeWays } from '../../src/core/mergePlan.ts';
import { planMerge } from '../../src/node/mergeInto.ts';
import { findWorkplace, type GitRepository } from '../../src/node/repository.ts';
import type { Overlap } from '../../src/protocol/changes.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { writeScript } from './support/fakeGit.ts';
import { branch, bytesOf, type HomeScene, useHomeScene } from './support/homeScene.ts';
import { withEnvironment } from './support/project.ts';

describe('a merge of a session’s branch', () => {
  const scene = useHomeScene();
  let home: BringHome;
  beforeEach(async () => {
    home = await scene().home();
  });

  for (const how of mergeWays) {
    it(`foresees conflicts (${how}), and changes nothing`, async () => {
      await scene().commit(scene().worktree, { 'file-1.txt': 'ours', 'ö b.txt': '1' }, 'Ours');
      await scene().commit(scene().root, { 'file-1.txt': 'theirs', 'ö b.txt': '2' }, 'Theirs');
      const before = await everything(scene());
      const { conflicts, ...plan } = await home.plan(scene().record, { how });
      const error = await errorOf(home.merge(scene().record, { ...plan, conflicts }));
      const commit = how === 'rebase' ? { commit: 'Ours' } : {};
      assert.deepEqual(
        [conflicts, error.code, await everything(scene())],
        [
          [
            { file: 'file-1.txt', what: 'Merge conflict in file-1.txt', ...commit },
            { file: 'ö b.txt', what: 'Merge conflict in ö b.txt', ...commit },
          ],
          'MERGE_CONFLICT',
          before,
        ],
      );
    });
  }

  it('foresees that one has deleted what the other has changed', async () => {
    await scene().commit(scene().worktree, { 'file-1.txt': undefined });
    await scene().commit(scene().root, { 'file-1.txt': 'theirs' });
    const { conflicts } = await home.plan(scene().record);
    assert.match(
      conflicts.map(({ what }) => what).join(),
      /^file-1\.txt deleted in [0-9a-f]+ and modified in [0-9a-f]+\./,
    );
  });

  it('goes on in the session’s worktree, where conflicts are resolved, and then into the base', async () => {
    await scene().commit(scene().worktree, { 'file-1.txt': 'ours' });
    await scene().commit(scene().root, { 'file-1.txt': 'theirs' });
    const begun = await home.mergeHere(scene().record, 'main');
    const meanwhile = await codeOf(home.plan(scene().record));
    await writeFile(path.join(scene().worktree, 'file-1.txt'), 'both');
    await git(scene().worktree, 'commit', '--quiet', '--all', '--no-edit');
    await home.merge(scene().record, await home.plan(scene().record));
    assert.deepEqual(
      [begun, meanwhile, await scene().git('show', 'main:file-1.txt'), await scene().git('status', '--porcelain')],
      [{ state: 'conflicts', files: ['file-1.txt'] }, 'OPERATION_IN_PROGRESS', 'both', ''],
    );
  });

  it('brings the base into the session’s worktree where there is no conflict', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await scene().commit(scene().root, { 'two.txt': '2' });
    const merged = await home.mergeHere(scene().record, 'main');
    assert.deepEqual(
      [merged, (await scene().log(branch))[0]],
      [{ state: 'merged', files: [] }, "<<Merge branch 'main' into feature/login"],
    );
  });

  it('brings the base into it also where git is set to fast-forward only, or to squash', async () => {
    await scene().git('config', 'merge.ff', 'only');
    await scene().git('config', `branch.${branch}.mergeOptions`, '--squash --no-commit');
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await scene().commit(scene().root, { 'two.txt': '2' });
    const merged = await home.mergeHere(scene().record, 'main');
    assert.deepEqual(
      [merged, (await scene().log(branch))[0]],
      [{ state: 'merged', files: [] }, "<<Merge branch 'main' into feature/login"],
    );
  });

  it('does not bring the base into a worktree where that would overwrite something', async () => {
    await scene().commit(scene().root, { 'file-1.txt': 'theirs' });
    await writeFile(path.join(scene().worktree, 'file-1.txt'), 'not committed');
    const before = await everything(scene());
    const error = await errorOf(home.mergeHere(scene().record, 'main'));
    assert.deepEqual(
      [error.code, error.data.files, await everything(scene())],
      ['LOCAL_CHANGES', ['file-1.txt'], before],
    );
  });

  it('tells what of the worktree it leaves out', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await writeFile(path.join(scene().worktree, 'one.txt'), 'changed');
    await writeFile(path.join(scene().worktree, 'new.txt'), 'new');
    scene().record.status = 'active';
    const { warnings, uncommitted } = await home.plan(scene().record);
    assert.deepEqual(
      [uncommitted, warnings],
      [
        2,
        [
          '2 uncommitted files in its worktree will not be merged.',
          '“login” runs: what it commits from now on will not be merged.',
        ],
      ],
    );
  });

  it('tells which sessions change the same files', async () => {
    const { record } = scene();
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    const other = { ...record, id: randomUUID(), name: 'search' };
    const context = {
      workplace: await scene().repository(),
      sessions: () => [record, other],
      overlapsOf: (id: string): Overlap[] => [
        { ids: [other.id, id], files: ['one.txt'], count: 1, merge: { state: 'conflicts', files: ['one.txt'] } },
      ],
    };
    const { warnings } = await new BringHome(context).plan(record);
    assert.deepEqual(warnings, ['Also changed by “search”: one.txt; would conflict in one.txt.']);
  });

  const refusals: Record<string, [spoil: (scene: HomeScene) => Promise<unknown>, code: string]> = {
    'nothing is committed on it': [async () => undefined, 'NOTHING_TO_MERGE'],
    'the base has its changes already, by a squash': [
      async (s) => {
        await s.commit(s.worktree, { 'one.txt': '1' });
        await s.commit(s.root, { 'one.txt': '1' });
      },
      'NOTHING_TO_MERGE',
    ],
    'its worktree has no branch checked out': [
      (s) => git(s.worktree, 'checkout', '--quiet', '--detach'),
      'DETACHED_HEAD',
    ],
    'its worktree is on another branch': [(s) => git(s.worktree, 'switch', '--quiet', '-c', 'else'), 'BRANCH_SWITCHED'],
    'its base is gone': [
      async (s) => {
        await s.commit(s.worktree, { 'one.txt': '1' });
        await s.git('branch', '--quiet', '-m', 'main', 'trunk');
      },
      'BRANCH_GONE',
    ],
    'its branch and worktree are gone': [
      async (s) => {
        await s.git('worktree', 'remove', s.worktree);
        await s.git('branch', '--quiet', '-D', branch);
      },
      'BRANCH_GONE',
    ],
    'both have nothing in common': [
      async (s) => {
        await git(s.worktree, 'checkout', '--quiet', '--orphan', 'new');
        await s.commit(s.worktree, { 'one.txt': '1' });
        await git(s.worktree, 'branch', '--quiet', '-f', branch, 'new');
        await git(s.worktree, 'checkout', '--quiet', branch);
      },
      'UNRELATED_HISTORIES',
    ],
    'it is rebased just now': [
      async (s) => {
        await s.commit(s.worktree, { 'file-1.txt': 'ours' });
        await s.commit(s.root, { 'file-1.txt': 'theirs' });
        await git(s.worktree, 'rebase', '--quiet', 'main').catch(() => undefined);
      },
      'OPERATION_IN_PROGRESS',
    ],
  };
  for (const [what, [spoil, code]] of Object.entries(refusals)) {
    it(`is refused where ${what}, and changes nothing`, async () => {
      await spoil(scene());
      const before = await everything(scene());
      const how: MergeWay = what.includes('squash') ? 'squash' : 'merge';
      assert.deepEqual([await codeOf(home.plan(scene().record, { how })), await everything(scene())], [code, before]);
    });
  }

  it('of its branch alone goes on where its worktree is gone', async () => {
    const tip = await scene().commit(scene().worktree, { 'one.txt': '1' });
    await scene().git('worktree', 'remove', scene().worktree);
    const plan = await home.plan(scene().record, { how: 'rebase' });
    await home.merge(scene().record, plan);
    assert.equal(await scene().at('main'), tip);
  });

  it('into itself is refused', async () => {
    assert.equal(await codeOf(home.plan(scene().record, { into: branch })), 'INVALID_ARGUMENT');
  });

  it('without an identity is refused', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await scene().git('config', 'user.name', '');
    await scene().git('config', 'user.useConfigOnly', 'true');
    await scene().git('config', '--unset', 'user.email');
    const nobody = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', EMAIL: undefined };
    assert.equal(await withEnvironment(nobody, () => codeOf(home.plan(scene().record))), 'NO_IDENTITY');
  });

  it('says of a shallow clone how to get the rest', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await scene().commit(scene().root, { 'two.txt': '2' });
    const clone = path.join(await scene().dirs.make('shallow'), 'clone');
    await scene().git('clone', '--quiet', '--depth=1', '--no-single-branch', `file://${scene().root}`, clone);
    await git(clone, 'branch', '--quiet', branch, `origin/${branch}`);
    const repository = (await findWorkplace(clone)) as GitRepository;
    const error = await errorOf(planMerge({ repository, cwd: clone, branch, into: 'main', how: 'merge', title: 'x' }));
    assert.deepEqual(
      [error.code, error.advice],
      [
        'UNRELATED_HISTORIES',
        'This clone is shallow: “git fetch --unshallow” brings the rest of the history. Nothing was changed.',
      ],
    );
  });

  it('of a plan that is outdated is refused', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    const plan = await home.plan(scene().record);
    await scene().commit(scene().root, { 'two.txt': '2' });
    const before = await everything(scene());
    assert.deepEqual(
      [await codeOf(home.merge(scene().record, plan)), await everything(scene())],
      ['REF_MOVED', before],
    );
  });

  it('of a plan takes what was shown, although more was committed since', async () => {
    const tip = await scene().commit(scene().worktree, { 'one.txt': '1' });
    const plan = await home.plan(scene().record, { how: 'rebase' });
    await scene().commit(scene().worktree, { 'two.txt': '2' });
    await home.merge(scene().record, plan);
    assert.equal(await scene().at('main'), tip);
  });

  it('is refused while the ref is locked, and again goes on', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await scene().git('branch', 'release');
    const lock = path.join(scene().root, '.git', 'refs', 'heads', 'release.lock');
    await writeFile(lock, '');
    const plan = await home.plan(scene().record, { into: 'release' });
    const error = await errorOf(home.merge(scene().record, plan));
    await rm(lock);
    const { to } = await home.merge(scene().record, plan);
    assert.deepEqual([error.code, error.data.lock, await scene().at('release')], ['LOCKED', lock, to]);
  });

  it('is refused while the checkout’s index is locked, and the lock stays', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    const lock = path.join(scene().root, '.git', 'index.lock');
    await writeFile(lock, '');
    const before = await everything(scene());
    const code = await codeOf(home.merge(scene().record, await home.plan(scene().record)));
    assert.deepEqual([code, await everything(scene())], ['LOCKED', before]);
  });

  it('tells conflicts in submodules', async () => {
    const [one, two] = [await scene().at('main~1'), await scene().at('main')];
    const link = (folder: string, commit: string) =>
      git(folder, 'update-index', '--add', '--cacheinfo', `160000,${commit},module`);
    for (const [folder, commit] of [
      [scene().worktree, one],
      [scene().root, two],
    ] as const) {
      await link(folder, commit);
      await git(folder, 'commit', '--quiet', '-m', 'Module');
    }
    const { conflicts } = await home.plan(scene().record);
    assert.deepEqual(
      conflicts.map(({ file }) => file),
      ['module'],
    );
  });
});

describeOnUnix('a merge in a repository with hooks', () => {
  const scene = useHomeScene();

  for (const into of ['release', 'main']) {
    it(`is refused where one keeps ${into} from moving, and changes nothing`, async () => {
      await scene().commit(scene().worktree, { 'one.txt': '1' });
      await scene().git('branch', 'release');
      await hook(scene(), 'reference-transaction', 'echo "release is protected" >&2; exit 1');
      const before = await everything(scene());
      const home = await scene().home();
      const error = await errorOf(home.merge(scene().record, await home.plan(scene().record, { into })));
      assert.deepEqual(
        [error.code, String(error.data.output).includes('release is protected'), await everything(scene())],
        ['HOOK_FAILED', true, before],
      );
    });
  }

  it('runs none of those that look at commits', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    for (const name of ['pre-commit', 'commit-msg', 'pre-merge-commit', 'prepare-commit-msg'])
      await hook(scene(), name, 'exit 1');
    const home = await scene().home();
    const { to } = await home.merge(scene().record, await home.plan(scene().record));
    assert.equal(await scene().at('main'), to);
  });

  it('tells what is wrong with a git that is too old', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await scene().commit(scene().root, { 'two.txt': '2' });
    const folder = await scene().dirs.make('path');
    const real = process.env.PATH as string;
    await writeScript(
      path.join(folder, 'git'),
      `PATH='${real}'\n[ "$1" = --version ] && echo 'git version 2.31.1' && exit\nexec git "$@"`,
    );
    const home = await scene().home();
    const plan = () => codeOf(home.plan(scene().record));
    assert.equal(await withEnvironment({ PATH: `${folder}${path.delimiter}${real}` }, plan), 'GIT_TOO_OLD');
  });
});

function hook(scene: HomeScene, name: string, text: string): Promise<void> {
  return writeScript(path.join(scene.root, '.git', 'hooks', name), text);
}

/** Both checkouts, byte by byte, and all refs. */
async function everything(scene: HomeScene): Promise<unknown[]> {
  const worktree = await bytesOf(scene.worktree).catch(() => 'gone');
  return [await bytesOf(scene.root), worktree, await scene.git('for-each-ref')];
}

async function errorOf(task: Promise<unknown>): Promise<HoldfastError> {
  return task.then(
    () => assert.fail('nothing was refused'),
    (error) => (error instanceof HoldfastError ? error : assert.fail(error)),
  );
}

async function codeOf(task: Promise<unknown>): Promise<string> {
  return (await errorOf(task)).code;
}
