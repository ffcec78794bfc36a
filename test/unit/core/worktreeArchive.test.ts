import assert from 'node:assert/strict';
import {
  type ArchiveLists,
  archivedPath,
  archivedRecord,
  openAbout,
  openLists,
  serializeAbout,
  serializeLists,
} from '../../../src/core/worktreeArchive.ts';
import { aRecord } from '../records.ts';

const about = {
  archivedAt: '2026-01-01T00:00:00.000Z',
  session: aRecord(),
  head: { ref: 'refs/heads/main', commit: 'a'.repeat(40) },
  path: '/repo/.worktrees/login',
  branchSettings: [['branch.x.remote', 'origin']] as [string, string][],
  counts: { uncommitted: 1, untracked: 2, ignored: 3, unmerged: 4 },
};

const lists: ArchiveLists = {
  files: [{ path: 'a/b', kind: 'file', mode: 0o644 }],
  git: [],
  absent: ['gone'],
  emptyFolders: ['empty'],
  emptyGitFolders: [],
};

describe('what an archive says of itself', () => {
  it('is read as it was written', () => {
    const [one, other] = [openAbout(serializeAbout(about)), openLists(serializeLists(lists))];
    assert.deepEqual([one.state, other.state], ['sound', 'sound']);
  });

  it('is damaged where a letter differs', () => {
    assert.deepEqual(openAbout(serializeAbout(about).replace('/repo', '/rope')), {
      state: 'damaged',
      problem: 'its checksum is wrong',
    });
  });

  it('is damaged where it is no JSON, or something else', () => {
    assert.deepEqual(
      [openAbout('{').state, openAbout('[]').state, openLists('').state],
      ['damaged', 'damaged', 'damaged'],
    );
  });

  it('leads out of no folder', () => {
    for (const path of ['../a', 'a/../../b', '/etc/passwd', 'a//b'])
      assert.equal(
        openLists(serializeLists({ ...lists, files: [{ path, kind: 'file', mode: 0o644 }] })).state,
        'damaged',
        path,
      );
  });

  it('has no variables of the session', () => {
    const record = aRecord({ metadata: { env: { KEY: 'secret' }, ownsBranch: true } });
    assert.deepEqual(archivedRecord(record).metadata, { ownsBranch: true });
  });
});

describe('the path of a file in an archive', () => {
  const paths: [path: string, archived: string][] = [
    ['src/main.ts', 'src/main.ts'],
    ['inner/.git/HEAD', 'inner/%.git/HEAD'],
    ['.GIT/x', '%.GIT/x'],
    ['git~1/x', '%git~1/x'],
    ['.g\u200cit/x', '%.g\u200cit/x'],
    ['.gitignore', '%.gitignore'],
    ['%.git', '%%.git'],
    ['.github/x', '%.github/x'],
  ];
  for (const [path, archived] of paths)
    it(`is ${archived} for ${path}`, () => assert.equal(archivedPath(path), archived));
});
