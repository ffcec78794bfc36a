import assert from 'node:assert/strict';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FolderWatches } from '../../../src/helper/folderWatches.ts';
import { silentLog } from '../../../src/node/log.ts';
import { tempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';

describe('watches of folders', () => {
  const dirs = tempDirs();
  let folder: string;
  let watches: FolderWatches;
  const told: string[] = [];
  beforeEach(async () => {
    folder = await dirs.make('watched');
    watches = new FolderWatches(silentLog);
    told.length = 0;
  });
  afterEach(async () => {
    watches.dispose();
    await dirs.remove();
  });

  const tells = (who: string) => ({ folder, onChange: () => void told.push(who) });
  /** As git replaces a file. */
  const replace = async (name: string) => {
    await writeFile(path.join(folder, `${name}.lock`), '');
    await rename(path.join(folder, `${name}.lock`), path.join(folder, name));
  };

  it('tell everybody who wants to know, by the names that each wants', async () => {
    watches.set('a', [tells('a')]);
    watches.set('b', [{ ...tells('b'), names: ['main'] }]);
    watches.set('c', [{ ...tells('c'), names: ['other'] }]);
    await replace('main');
    await waitFor(() => told.includes('a') && told.includes('b'));
    assert.equal(told.includes('c'), false);
  });

  it('tell nothing of locks', async () => {
    watches.set('a', [{ ...tells('a'), names: ['index.lock'] }]);
    watches.set('b', [{ ...tells('b'), names: ['end'] }]);
    await writeFile(path.join(folder, 'index.lock'), '');
    await replace('end');
    await waitFor(() => told.includes('b'));
    assert.equal(told.includes('a'), false);
  });

  it('tell of a user’s files also where they are called like locks', async () => {
    watches.set('a', [{ ...tells('a'), holdsFiles: true }]);
    await writeFile(path.join(folder, 'Cargo.lock'), '');
    await waitFor(() => told.length > 0);
    assert.equal(told[0], 'a');
  });

  it('tell once of a user’s files, however much is written, until they are set again', async () => {
    const inner = path.join(folder, 'inner');
    await mkdir(inner);
    const wanted = { ...tells('a'), folder: inner, holdsFiles: true as const };
    const countOf = async (times: number) => {
      for (let time = 0; time < times; time++) await writeFile(path.join(inner, `${time}.o`), `${time}`);
      await waitFor(() => told.includes('a'));
      watches.set('b', [tells('b')]);
      await replace('end');
      await waitFor(() => told.includes('b'));
      return told.splice(0).filter((who) => who === 'a').length;
    };
    const states = [watches.set('a', [wanted])];
    const counts = [await countOf(100)];
    states.push(watches.set('a', [wanted]));
    counts.push(await countOf(1));
    assert.deepEqual(
      [states, counts],
      [
        ['begun', 'begun'],
        [1, 1],
      ],
    );
  });

  it('tell nothing of git’s own files among a user’s', async () => {
    watches.set('a', [{ ...tells('a'), holdsFiles: true }]);
    watches.set('b', [{ ...tells('b'), names: ['.git'] }]);
    await mkdir(path.join(folder, '.git'));
    await waitFor(() => told.length > 0);
    assert.deepEqual(told, ['b']);
  });

  it('say whether they have just begun, and whether a folder that must be there is', async () => {
    const missing = path.join(folder, 'missing');
    const states = [
      watches.set('a', [tells('a')]),
      watches.set('a', [tells('a')]),
      watches.set('a', [tells('a'), { ...tells('a'), folder: missing, isOptional: true }]),
      watches.set('a', [tells('a'), { ...tells('a'), folder: missing }]),
    ];
    await mkdir(missing);
    states.push(watches.set('a', [tells('a'), { ...tells('a'), folder: missing }]));
    assert.deepEqual(states, ['begun', 'held', 'held', 'failed', 'begun']);
  });

  it('end with the last who wants to know', async () => {
    watches.set('a', [tells('a')]);
    watches.set('b', [tells('b')]);
    watches.set('a', []);
    await replace('one');
    await waitFor(() => told.includes('b'));
    watches.forgetOthers(new Set());
    // A watch that was kept would be of the folder that is gone.
    await rename(folder, path.join(await dirs.make('away'), 'watched'));
    await mkdir(folder);
    watches.set('c', [tells('c')]);
    await replace('two');
    await waitFor(() => told.includes('c'));
    assert.equal(told.includes('a'), false);
  });

  it('begin anew where a folder was removed and has come back, and tell that it was', async () => {
    const inner = path.join(folder, 'inner');
    const wanted = {
      folder: inner,
      names: ['main'],
      isOptional: true as const,
      onChange: () => void told.push('inner'),
    };
    await mkdir(inner);
    watches.set('a', [wanted]);
    await rm(inner, { recursive: true });
    await waitFor(() => told.length > 0);
    await mkdir(inner);
    const state = watches.set('a', [wanted]);
    told.length = 0;
    await writeFile(path.join(inner, 'main'), '');
    await waitFor(() => told.length > 0);
    assert.equal(state, 'begun');
  });
});
