import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { MergeOutcome, MergeWay } from '../../src/core/mergePlan.ts';
import { mergeWays } from '../../src/core/mergePlan.ts';
import { git } from '../support/repository.ts';
import { branch, bytesOf, type HomeScene, useHomeScene, write } from './support/homeScene.ts';

describe('a session’s branch is merged into one that is checked out nowhere', () => {
  const scene = useHomeScene();
  beforeEach(async () => {
    await scene().git('branch', 'release');
  });

  it('by a merge commit', async () => {
    await diverge(scene());
    await merge(scene(), 'merge');
    assert.deepEqual(await scene().log('release'), [
      "<<Merge branch 'feature/login' into release",
      '<Release',
      '<Commit 2',
      'Commit 1',
    ]);
  });

  it('by one commit that tells of all', async () => {
    await diverge(scene());
    await merge(scene(), 'squash');
    assert.deepEqual(
      [await scene().log('release'), await scene().git('log', '-1', '--format=%b', 'release')],
      [['<login', '<Release', '<Commit 2', 'Commit 1'], '* One\n* Two'],
    );
  });

  it('by its commits on top, with their authors and dates', async () => {
    await diverge(scene());
    await merge(scene(), 'rebase');
    const authors = await scene().git('log', '-2', '--format=%s %an %ad', '--date=iso', branch);
    assert.deepEqual(
      [await scene().log('release'), await scene().git('log', '-2', '--format=%s %an %ad', '--date=iso', 'release')],
      [['<Two', '<One', '<Release', '<Commit 2', 'Commit 1'], authors],
    );
  });

  it('by its commits as they are where there is nothing to put them on', async () => {
    const tip = await scene().commit(scene().worktree, { 'one.txt': '1' });
    await merge(scene(), 'rebase');
    assert.equal(await scene().at('release'), tip);
  });

  for (const how of mergeWays) {
    it(`so that all has come together (${how}), and nothing in any checkout has changed`, async () => {
      await diverge(scene());
      await scene().write('file-1.txt', 'dirty');
      await scene().write('notes.txt', 'untracked');
      const before = [await bytesOf(scene().root), await bytesOf(scene().worktree), await scene().at(branch)];
      const outcome = await merge(scene(), how);
      const after = [await bytesOf(scene().root), await bytesOf(scene().worktree), await scene().at(branch)];
      const files = (await scene().git('ls-tree', '-r', '--name-only', 'release')).split('\n');
      assert.deepEqual(
        [after, files, outcome.files, outcome.commits],
        [before, ['file-1.txt', 'file-2.txt', 'one.txt', 'release.txt', 'two.txt'], 2, 2],
      );
    });
  }

  it('with the message that is given, as git tidies it', async () => {
    await diverge(scene());
    await merge(scene(), 'squash', '  Login works  \n\n\n\nFor all. \n\n');
    assert.equal(await scene().git('log', '-1', '--format=%B', 'release'), 'Login works\n\nFor all.');
  });

  it('and the reflog says what has moved it', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await merge(scene(), 'merge');
    assert.equal(await scene().git('log', '-g', '-1', '--format=%gs', 'release'), 'holdfast: merge feature/login');
  });

  it('and the journal says from where to where', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    const from = await scene().at('release');
    await merge(scene(), 'merge');
    const { id: sessionId } = scene().record;
    assert.deepEqual(
      scene().events.map(({ at, ...event }) => event),
      [{ type: 'merged', sessionId, branch, into: 'release', how: 'merge', from, to: await scene().at('release') }],
    );
  });

  it('and is taken back', async () => {
    await diverge(scene());
    const before = await scene().at('release');
    const home = await scene().home();
    await home.undo(scene().record, await merge(scene(), 'merge'));
    assert.equal(await scene().at('release'), before);
  });

  it('and is not taken back once something has come after it', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    const outcome = await merge(scene(), 'merge');
    await scene().git('update-ref', 'refs/heads/release', await commitOn(scene(), 'release'));
    const after = await scene().at('release');
    const home = await scene().home();
    assert.deepEqual(
      [await codeOf(home.undo(scene().record, outcome)), await scene().at('release')],
      ['REF_MOVED', after],
    );
  });

  it('leaving out what is there already when commits are put on top', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' }, 'One');
    await scene().git('switch', '--quiet', 'release');
    await scene().commit(scene().root, { 'release.txt': 'r' }, 'Release');
    await scene().git('cherry-pick', branch);
    await scene().git('switch', '--quiet', 'main');
    await scene().commit(scene().worktree, { 'two.txt': '2' }, 'Two');
    await merge(scene(), 'rebase');
    assert.deepEqual(await scene().log('release'), ['<Two', '<One', '<Release', '<Commit 2', 'Commit 1']);
  });

  it('but not by commits on top where a merge among them has changes of its own', async () => {
    await diverge(scene());
    await scene().git('branch', 'side', 'main');
    await git(scene().worktree, 'switch', '--quiet', 'side');
    await scene().commit(scene().worktree, { 'side.txt': 's' }, 'Side');
    await git(scene().worktree, 'switch', '--quiet', branch);
    await git(scene().worktree, 'merge', '--quiet', '--no-ff', '--no-commit', 'side');
    await scene().commit(scene().worktree, { 'evil.txt': 'e' }, 'Merge');
    const before = await scene().at('release');
    assert.deepEqual([await codeOf(merge(scene(), 'rebase')), await scene().at('release')], ['MERGE_COMMITS', before]);
  });

  it('with names and messages of any kind', async () => {
    const names = { 'Größe ü.txt': '1', 'a "b" c.txt': '2', 'tab\there.txt': '3', '日本/x.txt': '4' };
    await scene().commit(scene().worktree, names, 'Grüße\n\nfrom “here”');
    await scene().git('branch', 'größe/日本', 'main');
    await scene().git('update-ref', 'refs/heads/größe/日本', await commitOn(scene(), 'größe/日本'));
    const home = await scene().home();
    const plan = await home.plan(scene().record, { into: 'größe/日本', how: 'squash' });
    await home.merge(scene().record, plan);
    const files = await scene().git('-c', 'core.quotePath=false', 'ls-tree', '-r', '-z', '--name-only', 'größe/日本');
    const body = await scene().git('log', '-1', '--format=%B', 'größe/日本');
    assert.deepEqual(
      [plan.files.map(({ file }) => file).sort(), files.split('\0').length - 1, body],
      [Object.keys(names).sort(), 7, 'Grüße\n\nfrom “here”'],
    );
  });
});

describe('a session’s branch is merged into one that is checked out', () => {
  const scene = useHomeScene('pro jekt ü');

  for (const how of mergeWays) {
    it(`and the files there follow (${how}), what is dirty elsewhere stays`, async () => {
      await diverge(scene(), 'main');
      await scene().write('file-1.txt', 'dirty');
      await scene().write('staged.txt', 'staged');
      await scene().git('add', 'staged.txt');
      await scene().write('notes.txt', 'untracked');
      const outcome = await merge(scene(), how, undefined, 'main');
      assert.deepEqual(
        [
          outcome.checkout,
          await scene().git('status', '--porcelain'),
          await readFile(path.join(scene().root, 'one.txt'), 'utf8'),
        ],
        [scene().root, ' M file-1.txt\nA  staged.txt\n?? notes.txt', '1'],
      );
    });
  }

  it('is told of, with the session that works there', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    scene().others.push({
      ...scene().record,
      id: crypto.randomUUID(),
      name: 'other',
      status: 'active',
      branch: '',
      worktreePath: scene().root,
    });
    const plan = await (await scene().home()).plan(scene().record);
    assert.deepEqual(
      [plan.into, plan.checkout, plan.warnings],
      ['main', { path: scene().root, session: 'other' }, ['“other” runs there.']],
    );
  });

  for (const [what, spoil] of Object.entries({
    'a changed file': (s: HomeScene) => s.write('file-1.txt', 'mine'),
    'a staged file': async (s: HomeScene) => {
      await s.write('file-1.txt', 'mine');
      await s.git('add', 'file-1.txt');
    },
    'an untracked file': (s: HomeScene) => s.write('one.txt', 'mine'),
    'an ignored file': (s: HomeScene) => s.write('two.log', 'mine'),
    'a file in the place of a folder': (s: HomeScene) => s.write('folder', 'mine'),
  })) {
    it(`is refused where ${what} is in the way, and nothing changes`, async () => {
      await scene().commit(scene().worktree, {
        'file-1.txt': 'x',
        'one.txt': '1',
        'two.log': '2',
        'folder/three.txt': '3',
      });
      await spoil(scene());
      const before = [await bytesOf(scene().root), await scene().at('main')];
      const home = await scene().home();
      const plan = await home.plan(scene().record);
      const code = await codeOf(home.merge(scene().record, plan));
      assert.deepEqual(
        [plan.obstacle?.code, code, await bytesOf(scene().root), await scene().at('main')],
        ['LOCAL_CHANGES', 'LOCAL_CHANGES', ...before],
      );
    });
  }

  it('is refused where a folder of untracked files is in the place of a file, and nothing changes', async () => {
    await scene().commit(scene().worktree, { thing: 'x' });
    await scene().write('thing/mine.txt', 'mine');
    const before = [await bytesOf(scene().root), await scene().at('main')];
    const code = await codeOf(merge(scene(), 'merge', undefined, 'main'));
    assert.deepEqual([code, await bytesOf(scene().root), await scene().at('main')], ['LOCAL_CHANGES', ...before]);
  });

  it('also where a file becomes a folder', async () => {
    await scene().commit(scene().worktree, { 'file-1.txt': undefined, 'file-1.txt/inner.txt': 'x' }, 'Folder');
    await merge(scene(), 'merge', undefined, 'main');
    assert.deepEqual(
      [await scene().git('status', '--porcelain'), await readdir(path.join(scene().root, 'file-1.txt'))],
      ['', ['inner.txt']],
    );
  });

  it('is refused while a rebase of that branch is under way', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await stopRebase(scene());
    const before = [await bytesOf(scene().root), await scene().at('main')];
    const code = await codeOf(merge(scene(), 'merge', undefined, 'main'));
    assert.deepEqual(
      [code, await bytesOf(scene().root), await scene().at('main')],
      ['OPERATION_IN_PROGRESS', ...before],
    );
  });

  it('is refused while a merge is under way there', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await scene().git('branch', 'side');
    await scene().git('merge', '--no-ff', '--no-commit', '--quiet', await commitOn(scene(), 'side'));
    const before = [await bytesOf(scene().root), await scene().at('main')];
    const code = await codeOf(merge(scene(), 'merge', undefined, 'main'));
    assert.deepEqual(
      [code, await bytesOf(scene().root), await scene().at('main')],
      ['OPERATION_IN_PROGRESS', ...before],
    );
  });

  it('in another session’s worktree, whose files follow', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    const other = path.join(scene().root, '.worktrees', 'other');
    await scene().git('worktree', 'add', '--quiet', '-b', 'feature/other', other);
    const root = await bytesOf(scene().root);
    await merge(scene(), 'merge', undefined, 'feature/other');
    assert.deepEqual(
      [
        await git(other, 'status', '--porcelain'),
        (await readdir(other)).includes('one.txt'),
        await bytesOf(scene().root),
      ],
      ['', true, root],
    );
  });

  it('as if nowhere where that worktree’s folder is gone', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    const other = path.join(scene().root, '.worktrees', 'other');
    await scene().git('worktree', 'add', '--quiet', '-b', 'feature/other', other);
    await rm(other, { recursive: true });
    const outcome = await merge(scene(), 'merge', undefined, 'feature/other');
    assert.deepEqual([outcome.checkout, await scene().at('feature/other')], [undefined, outcome.to]);
  });

  it('and is taken back with its files, what is dirty elsewhere stays', async () => {
    await diverge(scene(), 'main');
    const main = await scene().at('main');
    const outcome = await merge(scene(), 'merge', undefined, 'main');
    await scene().write('file-1.txt', 'dirty');
    await (await scene().home()).undo(scene().record, outcome);
    assert.deepEqual([await scene().at('main'), await scene().git('status', '--porcelain')], [main, ' M file-1.txt']);
  });

  it('and is not taken back where an ignored file is in a folder that was a file, which is told', async () => {
    await scene().commit(scene().worktree, { 'file-1.txt': undefined, 'file-1.txt/inner.txt': 'x' }, 'Folder');
    const outcome = await merge(scene(), 'merge', undefined, 'main');
    await scene().write('file-1.txt/ignored.log', 'kept');
    const home = await scene().home();
    const error = await home.undo(scene().record, outcome).catch(({ code, data }) => [code, data.files]);
    assert.deepEqual(error, ['LOCAL_CHANGES', ['file-1.txt']]);
  });

  it('and is not taken back where that would lose a change', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    const outcome = await merge(scene(), 'merge', undefined, 'main');
    await scene().write('one.txt', 'mine');
    const before = await bytesOf(scene().root);
    const code = await codeOf((await scene().home()).undo(scene().record, outcome));
    assert.deepEqual(
      [code, await bytesOf(scene().root), await scene().at('main')],
      ['LOCAL_CHANGES', before, outcome.to],
    );
  });
});

async function merge(scene: HomeScene, how: MergeWay, message?: string, into = 'release'): Promise<MergeOutcome> {
  const home = await scene.home();
  return home.merge(scene.record, await home.plan(scene.record, { into, how }), message);
}

/** Two commits of the session that the target has not, and one of the target’s own. */
async function diverge(scene: HomeScene, target = 'release'): Promise<void> {
  await scene.commit(scene.worktree, { 'one.txt': '1' }, 'One');
  await git(
    scene.worktree,
    '-c',
    'user.name=Ann Ö',
    'commit',
    '--quiet',
    '--amend',
    '--reset-author',
    '--no-edit',
    '--date=2020-02-02T02:02:02+02:00',
  );
  await scene.commit(scene.worktree, { 'two.txt': '2' }, 'Two');
  const tip = await commitOn(scene, target, 'Release', 'release.txt');
  if (target === 'main') await scene.git('merge', '--quiet', '--ff-only', tip);
  else await scene.git('update-ref', `refs/heads/${target}`, tip);
}

/** A commit on top of a branch that no checkout has. */
async function commitOn(scene: HomeScene, target: string, message = 'On top', file = 'top.txt'): Promise<string> {
  const folder = path.join(await scene.dirs.make('side'), 'checkout');
  await scene.git('worktree', 'add', '--quiet', '--detach', folder, target);
  await write(folder, file, message);
  const commit = await scene.commit(folder, { [file]: message }, message);
  await scene.git('worktree', 'remove', '--force', folder);
  return commit;
}

/** Leaves the main checkout in the middle of a rebase of `main`. */
async function stopRebase(scene: HomeScene): Promise<void> {
  await scene.git('branch', 'side', 'main~1');
  const tip = await commitOn(scene, 'side', 'Side', 'file-2.txt');
  await scene.git('rebase', '--quiet', tip).catch(() => undefined);
}

async function codeOf(task: Promise<unknown>): Promise<unknown> {
  return task.then(
    () => 'done',
    (error) => error.code ?? error,
  );
}
