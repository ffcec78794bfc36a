import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { openTag } from '../../src/core/worktreeTag.ts';
import { findAdoptable } from '../../src/node/adoptableWorktrees.ts';
import type { GitRepository } from '../../src/node/repository.ts';
import { signal } from '../support/processes.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { hostPids, useProject } from './support/project.ts';
import { processEnd } from './support/scene.ts';

describeOnUnix('a worktree that is adopted', () => {
  const project = useProject();
  let window: SessionManager;
  let tree: string;
  beforeEach(async () => {
    tree = path.join(await project().newFolder('by hand'), 'träe');
    await project().git('worktree', 'add', '--quiet', '-b', 'topic', tree);
    window = await project().open();
  });

  const adopt = async (folder = tree) => (await window.create({ command: ['cat'], adoptWorktree: folder })).record;
  const failure = (folder: string) => adopt(folder).catch((error) => error);
  const tagFile = async () => path.join(await git(tree, 'rev-parse', '--absolute-git-dir'), 'holdfast.json');
  const tag = async () => {
    const opened = openTag(await readFile(await tagFile(), 'utf8'));
    return 'tag' in opened ? opened.tag : undefined;
  };

  it('is its session’s folder with its branch, and both stay the user’s own', async () => {
    const { name, branch, baseBranch, baseCommit, worktreePath, metadata, status } = (
      await window.create({ name: 'mine', command: ['cat'], adoptWorktree: tree })
    ).record;
    assert.deepEqual(
      { name, branch, baseBranch, baseCommit, worktreePath, metadata, status },
      {
        name: 'mine',
        branch: 'topic',
        baseBranch: 'main',
        baseCommit: await project().git('rev-parse', 'topic'),
        worktreePath: tree,
        metadata: { ownsBranch: false, ownsWorktree: false },
        status: 'active',
      },
    );
  });

  it('is tagged as the session’s, which is not its owner', async () => {
    const { id } = await adopt();
    const { id: tagged, ownsBranch, ownsWorktree } = (await tag()) ?? {};
    assert.deepEqual({ tagged, ownsBranch, ownsWorktree }, { tagged: id, ownsBranch: false, ownsWorktree: false });
  });

  it('may be named by a path from the open folder, and through a link', async () => {
    await symlink(path.dirname(tree), path.join(project().folder, 'link'));
    assert.equal((await adopt(path.join('link', path.basename(tree)))).worktreePath, tree);
  });

  it('keeps what is in it, and stays with its branch when the session is destroyed', async () => {
    await writeFile(path.join(tree, 'idea.txt'), 'not committed');
    const { id } = await adopt();
    const { kept } = await window.destroy(id);
    assert.deepEqual(
      [kept, await git(tree, 'status', '--porcelain', '--branch'), (await tag())?.deletedAt !== undefined],
      [{ path: tree, reason: 'it was there before the session' }, '## topic\n?? idea.txt', true],
    );
  });

  it('stays where the session is cleaned up though nothing in it would be lost', async () => {
    const { id } = await adopt();
    await window.stop(id);
    await window.supervision.cleanUp({ olderThanDays: 0 });
    assert.deepEqual([window.list(), existsSync(tree)], [[], true]);
  });

  it('can be adopted again after its session was destroyed, though its tag tells of that', async () => {
    const first = await adopt();
    await window.destroy(first.id);
    const second = await adopt();
    assert.deepEqual([second.status, (await tag())?.id, (await tag())?.deletedAt], ['active', second.id, undefined]);
  });

  it('is as it was where its session could not be made, with the tag that it had', async () => {
    await window.destroy((await adopt()).id);
    const before = await readFile(await tagFile(), 'utf8');
    await writeFile(path.join(tree, 'idea.txt'), 'not committed');
    await assert.rejects(window.create({ command: './none', adoptWorktree: tree }), { code: 'COMMAND_NOT_FOUND' });
    const tagged = await readFile(await tagFile(), 'utf8');
    assert.deepEqual(
      [await git(tree, 'status', '--porcelain', '--branch'), tagged === before, window.list()],
      ['## topic\n?? idea.txt', true, []],
    );
  });

  it('is not removed by a session that comes back to it from a saved one, nor one made anew kept', async () => {
    const { id } = await adopt();
    const saved = await window.state.save(window.require(id));
    await window.destroy(id);
    const { record } = await window.state.loadSaved(saved.id);
    const back = record.metadata?.ownsWorktree;
    await window.destroy(record.id);
    await project().git('worktree', 'remove', tree);
    const { record: anew } = await window.state.loadSaved(saved.id);
    assert.deepEqual([back, anew.metadata?.ownsWorktree, anew.worktreePath === tree], [false, undefined, false]);
  });

  it('is not made anew after it was removed', async () => {
    const { id } = await adopt();
    await window.stop(id);
    await project().git('worktree', 'remove', '-f', '-f', tree);
    const error = await window.restart(id).catch((failed) => failed);
    assert.deepEqual([typeof error.code, existsSync(tree)], ['string', false]);
  });

  it('is refused while a session has it', async () => {
    const { id } = await adopt();
    const { code, data } = await failure(tree);
    assert.deepEqual([code, data], ['WORKTREE_IN_USE', { id, folder: tree }]);
  });

  it('is refused where its tag is that of another session that was never destroyed, and says how to get that back', async () => {
    const { id } = await adopt();
    const tagged = await readFile(await tagFile(), 'utf8');
    const pids = await hostPids(window);
    await window.destroy(id);
    await Promise.all(pids.map(processEnd));
    // As it is where the session was lost from the list.
    await writeFile(await tagFile(), tagged);
    const { code, text } = await failure(tree);
    assert.deepEqual([code, /Rebuild Sessions/.test(text), window.list()], ['FOLDER_EXISTS', true, []]);
  });

  const refusals: [what: string, code: string, why: RegExp, prepare: () => Promise<string>][] = [
    ['is not there', 'NO_FOLDER', /does not exist/, async () => path.join(tree, 'gone')],
    ['is the main checkout', 'NOT_A_WORKTREE', /is the main checkout/, async () => project().folder],
    ['is a folder inside a worktree', 'NOT_A_WORKTREE', /is no worktree of/, () => folderIn(tree)],
    ['is another repository’s', 'NOT_A_WORKTREE', /is no worktree of/, () => project().newFolder('foreign')],
    [
      'has no branch checked out',
      'DETACHED_HEAD',
      /No branch is checked out in .*git switch -c NAME/,
      async () => {
        await git(tree, 'checkout', '--quiet', '--detach');
        return tree;
      },
    ],
    [
      'is only half made',
      'NOT_A_WORKTREE',
      /is a worktree that is not finished/,
      async () => {
        await project().git('worktree', 'lock', '--reason=initializing', tree);
        return tree;
      },
    ],
    [
      'has lost its link to git',
      'NOT_A_WORKTREE',
      /is no worktree of/,
      async () => {
        await rm(path.join(tree, '.git'));
        return tree;
      },
    ],
  ];
  for (const [what, code, why, prepare] of refusals) {
    it(`is refused where it ${what}`, async () => {
      const error = await failure(await prepare());
      assert.deepEqual([error.code, why.test(error.text), window.list()], [code, true, []]);
    });
  }

  it('does not go with the choices for a new one', async () => {
    const wishes = [
      { branch: 'x' },
      { baseBranch: 'main' },
      { fetch: true },
      { worktree: false },
      { submodules: true },
    ];
    const codes = wishes.map((wish) =>
      window.create({ command: ['cat'], adoptWorktree: tree, ...wish }).catch((error) => error.code),
    );
    assert.deepEqual(
      await Promise.all(codes),
      wishes.map(() => 'INVALID_ARGUMENT'),
    );
  });

  it('is offered as long as no session has it, it is whole and has a branch', async () => {
    const others = ['detached', 'gone', 'taken'];
    const folders = others.map((name) => path.join(path.dirname(tree), name));
    for (const [index, name] of others.entries())
      await project().git('worktree', 'add', '--quiet', '-b', name, folders[index] as string);
    await git(folders[0] as string, 'checkout', '--quiet', '--detach');
    await rm(folders[1] as string, { recursive: true });
    const { worktreePath } = await adopt(folders[2]);
    const found = await findAdoptable(window.options.workplace as GitRepository, [worktreePath]);
    assert.deepEqual(found, [{ path: tree, branch: 'topic', head: await project().git('rev-parse', 'topic') }]);
  });

  it('is its session’s again after everything was killed', async () => {
    const { id } = await adopt();
    const pids = await hostPids(window);
    for (const pid of pids) signal(pid, 'SIGKILL');
    await Promise.all(pids.map(processEnd));
    await waitFor(() => window.get(id)?.status === 'active' && window.get(id)?.attempts === 1);
    assert.equal(window.require(id).worktreePath, tree);
  });
});

async function folderIn(tree: string): Promise<string> {
  await mkdir(path.join(tree, 'sub'));
  return path.join(tree, 'sub');
}
