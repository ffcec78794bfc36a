import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveKeeper } from '../../../src/helper/archiveKeeper.ts';
import { ArchivedVariables } from '../../../src/node/archivedVariables.ts';
import { listArchives } from '../../../src/node/archiveList.ts';
import { writeJson } from '../../../src/node/durableFile.ts';
import { silentLog } from '../../../src/node/log.ts';
import { type RepositoryPlaces, repositoryPlaces, thisMachine } from '../../../src/node/places.ts';
import { RemovalNotes } from '../../../src/node/removalNotes.ts';
import { findWorkplace, type GitRepository } from '../../../src/node/repository.ts';
import { archiveWorktree } from '../../../src/node/worktreeArchive.ts';
import { git, makeRepository } from '../../support/repository.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { aRecord } from '../records.ts';

const day = 24 * 3_600_000;

describe('the archives of worktrees that a helper looks after', () => {
  const dirs = useTempDirs();
  let places: RepositoryPlaces;
  let root: string;
  let id: string;
  beforeEach(async () => {
    root = await makeRepository(await dirs.make('project'));
    const repository = (await findWorkplace(root)) as GitRepository;
    places = repositoryPlaces(thisMachine({ HOLDFAST_STATE_DIR: await dirs.make('state') }), repository.key);
    await writeJson(places.repositoryFile, { root });
    const folder = path.join(await dirs.make('worktrees'), 'login');
    await git(root, 'worktree', 'add', '--quiet', '-b', 'feature/login', folder);
    const record = aRecord({ branch: 'feature/login', worktreePath: folder });
    id = record.id;
    const gitDir = await git(folder, 'rev-parse', '--path-format=absolute', '--git-dir');
    await archiveWorktree({ repository, record, path: folder, gitDir, ignored: 'kept', unmerged: 0 });
    await new ArchivedVariables(places.variablesFolder).keep(id, { KEY: 'secret' });
  });

  const runOn = async (days: readonly number[], keepDays = 30) => {
    const notes = new RemovalNotes(places.removalsFolder);
    for (const after of days) {
      const now = () => new Date(Date.now() + after * day);
      await new ArchiveKeeper({ places, notes, keepDays: () => keepDays, log: silentLog, now }).run();
    }
    const variables = await new ArchivedVariables(places.variablesFolder).read(id);
    return [(await listArchives(root)).length, variables !== undefined];
  };

  it('stay for as many days as the user wants', async () => {
    assert.deepEqual(await runOn([1, 10, 20, 29]), [1, true]);
  });

  it('go after that, and the variables with them', async () => {
    assert.deepEqual(await runOn([31, 32, 33]), [0, false]);
  });

  it('stay where only a clock has jumped', async () => {
    assert.deepEqual(await runOn([400, 1]), [1, true]);
  });

  it('stay for ever where the user wants that', async () => {
    assert.deepEqual(await runOn([400, 500, 600], 0), [1, true]);
  });

  it('stay as long as a removal needs them', async () => {
    await writeJson(path.join(places.removalsFolder, `${id}.json`), {});
    assert.deepEqual(await runOn([31, 32, 33]), [1, true]);
  });

  it('stay where their repository is not found', async () => {
    await writeJson(places.repositoryFile, { root: await dirs.make('elsewhere') });
    assert.deepEqual(await runOn([31, 32, 33]), [1, true]);
  });

  it('stay where git has lost even their commit, and hide no others', async () => {
    const lost = await git(root, 'commit-tree', 'HEAD^{tree}', '-m', 'archive');
    await git(root, 'update-ref', 'refs/holdfast/archive/0ddba11', lost);
    await rm(path.join(root, '.git', 'objects', lost.slice(0, 2), lost.slice(2)));
    const before = (await listArchives(root)).map(({ state }) => state);
    assert.deepEqual(
      [before, await runOn([31, 32, 33])],
      [
        ['sound', 'damaged'],
        [1, false],
      ],
    );
  });

  it('are no other refs', async () => {
    await git(root, 'update-ref', `refs/holdfast/saved/${id}`, 'HEAD');
    await runOn([31, 32, 33]);
    assert.equal(await git(root, 'for-each-ref', '--format=%(refname)', 'refs/holdfast'), `refs/holdfast/saved/${id}`);
  });
});
