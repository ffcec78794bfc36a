import assert from 'node:assert/strict';
import path from 'node:path';
import { WorktreeFolders } from '../../../src/helper/worktreeFolders.ts';
import type { SeenWorktree } from '../../../src/helper/worktreeLook.ts';
import { someChanges } from '../changes.ts';
import { aRecord } from '../records.ts';

describe('the folders of worktrees to be watched', () => {
  const ran: string[] = [];
  const run = async (args: readonly string[]) => {
    ran.push(args.at(-1) ?? '');
    return 'src\0src/deep\0';
  };
  const seen = (commit: string): SeenWorktree => {
    const changes = someChanges({ base: { ref: 'main', commit, ahead: 0, behind: 0 } });
    return { changes, committed: new Set(), uncommitted: new Set(['new/file']) };
  };
  const worktreePath = path.resolve('/repo/.worktrees/a');
  const shared = { commonDir: '/repo/.git', sessions: 1 };
  beforeEach(() => ran.splice(0));

  it('are each one of them on Linux', async () => {
    const folders = new WorktreeFolders({ run, platform: 'linux', granted: async () => 8_000 });
    assert.deepEqual(
      (await folders.of(aRecord({ worktreePath }), seen('c1'), shared)).map(({ folder }) => folder),
      ['', 'new', 'src', path.join('src', 'deep')].map((name) => path.join(worktreePath, name)),
    );
  });

  for (const platform of ['darwin', 'win32'] as const) {
    it(`are one with all that is below on ${platform}, which git is not asked about`, async () => {
      const folders = new WorktreeFolders({ run, platform });
      assert.deepEqual(
        [await folders.of(aRecord({ worktreePath }), seen('c1'), shared), ran],
        [[{ folder: worktreePath, isOptional: true, holdsFiles: true, isRecursive: true }], []],
      );
    });
  }

  it('are asked about once for all sessions that were made from one commit', async () => {
    const folders = new WorktreeFolders({ run, platform: 'linux', granted: async () => 8_000 });
    for (const id of ['a', 'b', 'a']) await folders.of(aRecord({ id, worktreePath }), seen('c1'), shared);
    await folders.of(aRecord({ id: 'a', worktreePath }), seen('c2'), shared);
    assert.deepEqual(ran, ['c1', 'c2']);
  });

  it('are a sixteenth of what the system grants, shared by all sessions', async () => {
    const folders = new WorktreeFolders({ run, platform: 'linux', granted: async () => 64 });
    const counts = [1, 2].map(async (sessions) => {
      return (await folders.of(aRecord({ worktreePath }), seen('c1'), { ...shared, sessions })).length;
    });
    assert.deepEqual(await Promise.all(counts), [4, 2]);
  });

  it('are the top alone where git cannot tell', async () => {
    const folders = new WorktreeFolders({ run: () => Promise.reject(new Error('no')), platform: 'linux' });
    const { changes } = seen('c1');
    const found = await folders.of(
      aRecord({ worktreePath }),
      { changes, committed: new Set(), uncommitted: new Set() },
      shared,
    );
    assert.deepEqual(
      found.map(({ folder }) => folder),
      [worktreePath],
    );
  });
});
