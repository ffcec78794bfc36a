import assert from 'node:assert/strict';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { HoldfastError } from '../../src/base/errors.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git, makeRepository } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { useProject } from './support/project.ts';

const failure = (attempt: Promise<unknown>): Promise<HoldfastError> =>
  attempt.then(
    () => assert.fail('It did not fail.'),
    (error) => error,
  );

describeOnUnix('a worktree that was changed behind the back of its session', () => {
  const project = useProject();
  let window: SessionManager;
  let record: SessionRecord;
  beforeEach(async () => {
    window = await project().open();
    const created = await window.create({ name: 'login', command: ['cat'] });
    record = await window.stop(created.record.id);
    await writeFile(path.join(record.worktreePath, 'file-1.txt'), 'committed\n');
    await git(record.worktreePath, 'commit', '--quiet', '--all', '--message=work');
  });

  const worktrees = () => path.dirname(record.worktreePath);
  const inspect = () => window.inspectWorktree(record.id);
  const repair = (choice: Parameters<SessionManager['repairWorktree']>[1]) => window.repairWorktree(record.id, choice);
  const content = (of: SessionRecord, file = 'file-1.txt') => readFile(path.join(of.worktreePath, file), 'utf8');
  const tagOf = async ({ worktreePath }: SessionRecord) => {
    const gitDir = await git(worktreePath, 'rev-parse', '--absolute-git-dir');
    return JSON.parse(await readFile(path.join(gitDir, 'holdfast.json'), 'utf8'));
  };

  it('is sound as long as nobody has', async () => {
    assert.deepEqual(await inspect(), { kind: 'sound' });
  });

  it('is not run in where another repository is in its place', async () => {
    await rm(record.worktreePath, { recursive: true });
    await makeRepository(record.worktreePath);
    const error = await failure(window.restart(record.id));
    assert.deepEqual(
      [error.code, error.message, window.get(record.id)?.status, await inspect()],
      [
        'WORKTREE_MISMATCH',
        `“login” was not started, for what is in the place of its worktree is no worktree of git: ${record.worktreePath}.`,
        'cancelled',
        { kind: 'foreign', why: 'no worktree of git' },
      ],
    );
  });

  it('is not run in where it is another session’s', async () => {
    const other = (await window.create({ name: 'search', command: ['cat'] })).record;
    await window.helper.update(window.require(record.id), () => ({ worktreePath: other.worktreePath }));
    const error = await failure(window.restart(record.id));
    assert.deepEqual([error.code, /that of the session “search”/.test(error.message)], ['WORKTREE_MISMATCH', true]);
  });

  describe('by checking out another branch', () => {
    it('is followed on the user’s word: the session goes on with that branch, and the former one stays', async () => {
      await git(record.worktreePath, 'switch', '--quiet', '--create', 'better');
      const seen = await inspect();
      const { record: now } = await repair({ repair: 'follow' });
      const { branch, ownsBranch } = await tagOf(now);
      assert.deepEqual(
        [seen, now.branch, now.metadata?.ownsBranch, branch, ownsBranch, await inspect()],
        [
          { kind: 'otherBranch', branch: 'better', isOldBranchThere: true },
          'better',
          false,
          'better',
          false,
          { kind: 'sound' },
        ],
      );
    });

    it('is still the session’s own branch where it was only renamed', async () => {
      await git(record.worktreePath, 'branch', '--move', 'better');
      const { record: now } = await repair({ repair: 'follow' });
      assert.deepEqual([now.branch, now.metadata?.ownsBranch], ['better', true]);
    });

    it('is not taken for the session’s own where the former one was deleted, so that destroying it leaves the branch', async () => {
      await git(record.worktreePath, 'switch', '--quiet', '--create', 'develop', 'main');
      await git(record.worktreePath, 'branch', '--quiet', '-D', record.branch);
      const { record: now } = await repair({ repair: 'follow' });
      const { kept } = await window.destroy(record.id);
      const branches = await project().git('branch', '--format=%(refname:short)');
      assert.deepEqual([now.metadata?.ownsBranch, kept, branches], [false, undefined, 'develop\nmain']);
    });

    it('is not followed to a branch that another session has', async () => {
      const other = (await window.create({ name: 'search', command: ['cat'] })).record;
      await git(other.worktreePath, 'checkout', '--quiet', '--detach');
      await git(record.worktreePath, 'switch', '--quiet', other.branch);
      const error = await failure(repair({ repair: 'follow' }));
      assert.deepEqual(
        [error.code, /The session “search” works on feature\/search\. Nothing was changed/.test(error.message)],
        ['INVALID_ARGUMENT', true],
      );
    });

    it('is switched back, unless that would lose something', async () => {
      await git(record.worktreePath, 'switch', '--quiet', '--create', 'better', 'main');
      await writeFile(path.join(record.worktreePath, 'file-1.txt'), 'precious\n');
      const error = await failure(repair({ repair: 'switchBack' }));
      const kept = await content(record);
      await git(record.worktreePath, 'stash', '--quiet');
      await repair({ repair: 'switchBack' });
      assert.deepEqual(
        [error.code, /stays as it is/.test(error.message), kept, await inspect(), await content(record)],
        ['GIT_FAILED', true, 'precious\n', { kind: 'sound' }, 'committed\n'],
      );
    });
  });

  describe('by moving it', () => {
    it('is found where git itself has moved it to, and the session runs there', async () => {
      const to = path.join(worktrees(), 'a new place ü');
      await project().git('worktree', 'move', '-f', '-f', record.worktreePath, to);
      const seen = await inspect();
      const { record: now } = await repair({ repair: 'use' });
      const { record: restarted } = await window.restart(record.id);
      assert.deepEqual(
        [seen, now.worktreePath, restarted.status, await inspect(), (await tagOf(restarted)).worktreePath],
        [{ kind: 'moved', to }, to, 'active', { kind: 'sound' }, to],
      );
    });

    it('is used where the user says that it was moved to by hand, and git learns of that', async () => {
      const to = path.join(project().folder, 'by hand');
      await rename(record.worktreePath, to);
      await writeFile(path.join(to, 'file-1.txt'), 'not committed\n');
      const seen = await inspect();
      const { record: now } = await repair({ repair: 'use', path: to });
      const listed = await project().git('worktree', 'list');
      assert.deepEqual(
        [seen, await inspect(), await content(now), listed.includes(to)],
        [{ kind: 'gone', isNoted: true, isBranchThere: true }, { kind: 'sound' }, 'not committed\n', true],
      );
    });

    it('is not taken for what the user names by mistake', async () => {
      const other = (await window.create({ name: 'search', command: ['cat'] })).record;
      await rm(record.worktreePath, { recursive: true });
      const errors: unknown[] = [];
      for (const folder of [other.worktreePath, project().folder, '/no/such/folder']) {
        const { code, message } = await failure(repair({ repair: 'use', path: folder }));
        errors.push([code, message.replace(/^.* is not the worktree of “login”: it is /, '')]);
      }
      assert.deepEqual(errors, [
        ['WORKTREE_MISMATCH', 'that of the session “search”. Nothing was changed.'],
        ['WORKTREE_MISMATCH', 'no worktree of git. Nothing was changed.'],
        ['WORKTREE_MISMATCH', 'not there. Nothing was changed.'],
      ]);
    });
  });

  describe('by removing it', () => {
    it('is made again with what was committed and staged, where git has that still', async () => {
      await writeFile(path.join(record.worktreePath, 'staged.txt'), 'staged\n');
      await git(record.worktreePath, 'add', 'staged.txt');
      await rm(record.worktreePath, { recursive: true });
      const { notice } = await repair({ repair: 'recreate' });
      const status = await git(record.worktreePath, 'status', '--porcelain');
      assert.deepEqual(
        [
          await content(record),
          await content(record, 'staged.txt'),
          status,
          await inspect(),
          /staged/.test(notice ?? ''),
        ],
        ['committed\n', 'staged\n', 'A  staged.txt', { kind: 'sound' }, true],
      );
    });

    it('is made again from its branch, where git has forgotten it', async () => {
      await project().git('worktree', 'remove', '-f', '-f', record.worktreePath);
      const seen = await inspect();
      await repair({ repair: 'recreate' });
      const { record: restarted } = await window.restart(record.id);
      assert.deepEqual(
        [seen, await content(record), restarted.status],
        [{ kind: 'gone', isNoted: false, isBranchThere: true }, 'committed\n', 'active'],
      );
    });

    it('is made again from its base, where its branch is gone, too, which is said', async () => {
      await project().git('worktree', 'remove', '-f', '-f', record.worktreePath);
      await project().git('branch', '--quiet', '-D', record.branch);
      const { notice = '' } = await repair({ repair: 'recreate' });
      assert.deepEqual(
        [await content(record), /made anew from main: commits that were on it alone are not in it/.test(notice)],
        ['Commit 1\n', true],
      );
    });

    it('is not overwritten where something is in its place by now', async () => {
      await rm(record.worktreePath, { recursive: true });
      await writeFile(record.worktreePath, 'mine');
      const { code } = await failure(repair({ repair: 'recreate' }));
      assert.deepEqual([code, await readFile(record.worktreePath, 'utf8')], ['INVALID_ARGUMENT', 'mine']);
    });
  });
});
