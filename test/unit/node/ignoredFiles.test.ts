import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findIrreplaceable } from '../../../src/node/ignoredFiles.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('the ignored files that would be lost with a worktree', () => {
  const dirs = useTempDirs();
  let worktree: string;
  let main: string;
  beforeEach(async () => {
    worktree = await dirs.make('worktree');
    main = await dirs.make('main');
  });

  const cases: [what: string, ignored: string[], found: string[], copies?: Record<string, string>][] = [
    ['are those that only it has', ['.env'], ['.env']],
    ['are those that differ from the main checkout’s', ['.env'], ['.env'], { '.env': 'SECRET of .env' }],
    ['are those that are longer there', ['.env'], ['.env'], { '.env': 'secret of .env, and more' }],
    ['are not those that the main checkout has too', ['.env'], [], { '.env': 'secret of .env' }],
    ['are those of a whole folder', ['data/'], ['data/deep/app.db', 'data/one.db']],
    [
      'are those of a folder that the main checkout lacks',
      ['data/'],
      ['data/one.db'],
      { 'data/deep/app.db': dbCopy() },
    ],
    ['are not dependencies, wherever they are', ['node_modules/', 'part/node_modules/', '.venv/'], []],
    ['are those of a folder that may hold code of one’s own', ['vendor/'], ['vendor/file']],
    ['are not build output', ['dist/', 'target/', 'part/build/'], []],
    ['are not caches', ['.cache/', 'part/__pycache__/', 'x.pyc', '.DS_Store'], []],
    ['are files that only have the name of such a folder', ['part/build'], ['part/build']],
    [
      'are files of a folder of that name that is not ignored itself',
      ['part/build/local.key'],
      ['part/build/local.key'],
    ],
    ['are files of such a folder inside another one', ['store/'], ['store/target/set.csv']],
  ];
  for (const [what, ignored, found, copies = {}] of cases) {
    it(what, async () => {
      await fill(worktree, ignored);
      for (const [file, text] of Object.entries(copies)) await write(path.join(main, file), text);
      assert.deepEqual((await findIrreplaceable(worktree, ignored, main)).sort(), found);
    });
  }

  it('are not links, whose targets stay', async () => {
    const shared = await dirs.make('shared');
    await write(path.join(shared, 'app.db'), 'rows');
    await symlink(shared, path.join(worktree, 'data'));
    assert.deepEqual(await findIrreplaceable(worktree, ['data'], main), []);
  });

  for (const link of ['data', path.join('data', 'one.db')]) {
    it(`are those to which the main checkout only links: ${link}`, async () => {
      await write(path.join(worktree, 'data', 'one.db'), 'rows');
      await mkdir(path.dirname(path.join(main, link)), { recursive: true });
      await symlink(path.join(worktree, link), path.join(main, link));
      assert.deepEqual(await findIrreplaceable(worktree, ['data/'], main), [path.join('data', 'one.db')]);
    });
  }

  it('are those to which the main checkout links, also where the worktree is reached by a link', async () => {
    const alias = path.join(await dirs.make(), 'alias');
    await symlink(worktree, alias);
    await write(path.join(worktree, '.env'), 'secret');
    await symlink(path.join(worktree, '.env'), path.join(main, '.env'));
    assert.deepEqual(await findIrreplaceable(alias, ['.env'], main), ['.env']);
  });

  it('are not those that the main checkout shares with others by a link', async () => {
    const shared = await dirs.make('shared');
    await write(path.join(shared, '.env'), 'secret');
    await write(path.join(worktree, '.env'), 'secret');
    await symlink(path.join(shared, '.env'), path.join(main, '.env'));
    assert.deepEqual(await findIrreplaceable(worktree, ['.env'], main), []);
  });

  for (const place of ['dist', path.join('build', 'agent'), path.join('node_modules', '@own', 'part')]) {
    it(`are repositories in folders that tools fill: ${place}`, async () => {
      await write(path.join(worktree, place, '.git', 'HEAD'), 'ref: refs/heads/main');
      const found = await findIrreplaceable(worktree, [`${place.split(path.sep)[0]}/`], main);
      assert.deepEqual(found, [path.join(place, '.git')]);
    });
  }

  it('are worktrees of other repositories in folders that tools fill', async () => {
    await write(path.join(worktree, 'build', 'agent', '.git'), 'gitdir: /elsewhere');
    assert.deepEqual(await findIrreplaceable(worktree, ['build/'], main), [path.join('build', 'agent', '.git')]);
  });

  it('are counted no further than to a thousand', async () => {
    await mkdir(path.join(worktree, 'data'));
    for (let number = 0; number < 1_002; number++) await writeFile(path.join(worktree, 'data', `${number}`), 'row');
    assert.equal((await findIrreplaceable(worktree, ['data/'], main)).length, 1_000);
  });
});

/** What stands in each ignored folder. */
const contents: Record<string, string[]> = { 'data/': ['one.db', 'deep/app.db'], 'store/': ['target/set.csv'] };

async function fill(worktree: string, ignored: string[]): Promise<void> {
  for (const entry of ignored) {
    const files = entry.endsWith('/') ? (contents[entry] ?? ['file']).map((name) => entry + name) : [entry];
    for (const file of files) await write(path.join(worktree, file), `secret of ${file}`);
  }
}

function dbCopy(): string {
  return 'secret of data/deep/app.db';
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}
