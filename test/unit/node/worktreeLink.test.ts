import assert from 'node:assert/strict';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tagOf } from '../../../src/core/worktreeTag.ts';
import { findWorkplace } from '../../../src/node/repository.ts';
import { tagWorktree } from '../../../src/node/worktree.ts';
import { readWorktreeLink } from '../../../src/node/worktreeLink.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { git, makeRepository } from '../../support/repository.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { aRecord } from '../records.ts';

describe('the link of a worktree', () => {
  const dirs = useTempDirs();
  let root: string;
  let worktree: string;
  let record: SessionRecord;
  let key: string;
  beforeEach(async () => {
    const folder = await dirs.make();
    root = await makeRepository(path.join(folder, 'a repo ü'), { commits: 3 });
    worktree = path.join(root, '.worktrees', 'login');
    record = aRecord({ worktreePath: worktree });
    key = (await findWorkplace(root)).key;
    await git(root, 'worktree', 'add', '--quiet', '-b', 'feature/login', worktree);
    await tagWorktree(worktree, tagOf(record, key));
  });

  const link = (of = record) => readWorktreeLink(of, key);

  it('is the session’s own, and tells its branch', async () => {
    assert.deepEqual(await link(), { state: 'own', branch: 'feature/login' });
  });

  it('is its own also where nothing is tagged, as one of an early build', async () => {
    await rm(path.join(root, '.git', 'worktrees', 'login', 'holdfast.json'));
    assert.deepEqual(await link(), { state: 'own', branch: 'feature/login' });
  });

  it('is its own where it continues the session that the tag names', async () => {
    const next = { ...record, id: '4f1c9d2e-8a4b-4c6d-9e0f-1a2b3c4d5e6f', metadata: { restoredFrom: record.id } };
    assert.deepEqual(await link(next), { state: 'own', branch: 'feature/login' });
  });

  it('tells another branch, and a commit alone', async () => {
    await git(worktree, 'switch', '--quiet', '--create', 'better-name');
    const switched = await link();
    await git(worktree, 'checkout', '--quiet', '--detach');
    assert.deepEqual(
      [switched, await link()],
      [
        { state: 'own', branch: 'better-name' },
        { state: 'own', branch: null },
      ],
    );
  });

  it('tells the branch that is being rebased, and that is being searched', async () => {
    const branches: unknown[] = [];
    await git(worktree, '-c', 'sequence.editor=sed -i.bak s/^pick/edit/', 'rebase', '--quiet', '-i', 'HEAD~2').catch(
      () => undefined,
    );
    branches.push(await link());
    await git(worktree, 'rebase', '--abort');
    await git(worktree, 'bisect', 'start', 'HEAD', 'HEAD~2');
    branches.push(await link(), await git(worktree, 'rev-parse', '--abbrev-ref', 'HEAD'));
    const own = { state: 'own', branch: 'feature/login' };
    assert.deepEqual(branches, [own, own, 'HEAD']);
  });

  it('is that of a worktree that git itself has moved', async () => {
    const moved = path.join(root, '.worktrees', 'elsewhere');
    await git(root, 'worktree', 'move', worktree, moved);
    assert.deepEqual(
      [await link(), await link({ ...record, worktreePath: moved })],
      [{ state: 'gone' }, { state: 'own', branch: 'feature/login' }],
    );
  });

  it('is foreign where the folder was moved behind git’s back, or copied', async () => {
    const moved = path.join(root, 'moved');
    await rename(worktree, moved);
    const { state, why } = (await link({ ...record, worktreePath: moved })) as { state: string; why: string };
    assert.deepEqual([state, why], ['foreign', `known to git in another place (${worktree})`]);
  });

  const foreign: [what: string, make: () => Promise<unknown>, why: string][] = [
    [
      'a plain folder',
      async () => {
        await rm(worktree, { recursive: true });
        await mkdir(worktree);
      },
      'no worktree of git',
    ],
    [
      'a repository of its own',
      async () => {
        await rm(worktree, { recursive: true });
        await makeRepository(worktree);
      },
      'no worktree of git',
    ],
    [
      'a worktree that git was told to forget',
      () => rm(path.join(root, '.git', 'worktrees', 'login'), { recursive: true }),
      'unknown to git, whose own folder for it is gone',
    ],
    [
      'a worktree of another repository',
      async () => {
        const other = await makeRepository(await dirs.make());
        await rm(worktree, { recursive: true });
        await git(other, 'worktree', 'add', '--quiet', '-b', 'feature/login', worktree);
      },
      'one of another repository',
    ],
    [
      'the worktree of another session',
      () => {
        const other = aRecord({ id: '5f1c9d2e-8a4b-4c6d-9e0f-1a2b3c4d5e6f', name: 'search' });
        return tagWorktree(worktree, tagOf(other, key));
      },
      'that of the session “search”',
    ],
    ['a link that names nothing', () => writeFile(path.join(worktree, '.git'), 'gitdir: '), 'no worktree of git'],
  ];
  for (const [what, make, why] of foreign) {
    it(`is foreign for ${what}`, async () => {
      await make();
      assert.deepEqual(await link(), { state: 'foreign', why });
    });
  }
});
