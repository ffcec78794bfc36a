import assert from 'node:assert/strict';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isIntact } from '../../../src/core/checksum.ts';
import { openTag, recordOfTag, serializeTag, tagOf } from '../../../src/core/worktreeTag.ts';
import { tagWorktree } from '../../../src/node/worktree.ts';
import { readWorktreeNotes } from '../../../src/node/worktreeTags.ts';
import { git, makeRepository } from '../../support/repository.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { aRecord } from '../records.ts';

const key = '0123456789abcdef';

describe('a session’s tag', () => {
  it('is enough to make the record anew', () => {
    const record = aRecord({ command: ['claude', '--continue'], cwd: 'web', template: 'agent', revision: 0 });
    const owned = { ...record, metadata: { ownsBranch: true } };
    const opened = openTag(JSON.stringify(tagOf(owned, key)));
    assert.deepEqual('tag' in opened && recordOfTag(opened.tag, record.worktreePath), owned);
  });

  it('holds no environment, which may hold secrets', () => {
    const record = aRecord({ metadata: { ownsBranch: true, env: { TOKEN: 'secret' } } });
    assert.doesNotMatch(JSON.stringify(tagOf(record, key)), /secret/);
  });

  it('of the first builds stands for a shell', () => {
    const { id, name, branch, baseBranch, createdAt, worktreePath } = aRecord();
    const opened = openTag(JSON.stringify({ version: '1.0', id, name, branch, baseBranch, createdAt, key }));
    assert.deepEqual(
      'tag' in opened && recordOfTag(opened.tag, worktreePath),
      aRecord({ metadata: { ownsBranch: false }, revision: 0 }),
    );
  });

  const damaged: [text: string, problem: string][] = [
    ['', 'it is empty'],
    ['{"version":"1.0","id', 'it is not whole JSON'],
    ['[]', 'its field “version” makes no sense'],
    ['7', 'it is no tag'],
    [JSON.stringify({ ...tagOf(aRecord(), key), id: '../..' }), 'its field “id” makes no sense'],
    [JSON.stringify({ ...tagOf(aRecord(), key), version: '1' }), 'its field “version” makes no sense'],
    [
      serializeTag(tagOf(aRecord({ command: ['cat'] }), key), undefined).replace('"cat"', '"rm"'),
      'its checksum is wrong',
    ],
    [
      serializeTag(tagOf(aRecord(), key), undefined).replace('"version": "1.0"', '"version": "3.0"'),
      'its checksum is wrong',
    ],
  ];
  for (const [text, problem] of damaged) {
    it(`is not used where ${problem}: ${text.slice(0, 20)}`, () => assert.deepEqual(openTag(text), { problem }));
  }
});

describe('a session’s tag of a newer version', () => {
  for (const [what, text] of [
    ['with a checksum', serializeTag({ ...tagOf(aRecord(), key), version: '2.0' }, undefined)],
    ['without one', JSON.stringify({ version: '2.0', whose: 'not told' })],
  ] as const) {
    it(`is told apart from a damaged one, ${what}`, () => {
      assert.deepEqual(openTag(text), { problem: 'a newer version of Holdfast wrote it (2.0)', isNewer: true });
    });
  }
});

describe('what git’s folder for a worktree says', () => {
  const dirs = useTempDirs();
  let root: string;
  let folder: string;
  beforeEach(async () => {
    root = await makeRepository(await dirs.make('project'));
    folder = path.join(await dirs.make('worktrees'), 'log in\n');
    await git(root, 'worktree', 'add', '--quiet', '-b', 'login', folder);
  });

  const notes = async (repository = root) => {
    const [found] = await readWorktreeNotes(path.join(repository, '.git'));
    assert.ok(found);
    return found;
  };

  it('is nothing where there are no worktrees', async () => {
    const other = await makeRepository(await dirs.make('other'));
    assert.deepEqual(await readWorktreeNotes(path.join(other, '.git')), []);
  });

  it('is whose it is', async () => {
    const tag = tagOf(aRecord({ worktreePath: folder }), key);
    await tagWorktree(folder, tag);
    const { tagFile, ...found } = await notes();
    assert.deepEqual(found, { path: folder, tag, linksBack: true });
    const { sha256, ...written } = JSON.parse(await readFile(tagFile, 'utf8'));
    assert.deepEqual([written, isIntact({ ...written, sha256 })], [JSON.parse(JSON.stringify(tag)), true]);
  });

  it('is that it has no tag', async () => {
    const { tagFile: _, ...found } = await notes();
    assert.deepEqual(found, { path: folder, linksBack: true });
  });

  it('is that its tag cannot be read', async () => {
    await writeFile((await notes()).tagFile, '{"version":');
    assert.equal((await notes()).problem, 'it is not whole JSON');
  });

  it('is that its tag is far too long', async () => {
    await writeFile((await notes()).tagFile, ' '.repeat(70_000));
    assert.equal((await notes()).problem, 'it is too long for a tag');
  });

  it('is, of a newer version, left as it is', async () => {
    const newer = '{"version":"2.0","whose":"not told"}';
    await writeFile((await notes()).tagFile, newer);
    await tagWorktree(folder, tagOf(aRecord({ worktreePath: folder }), key));
    const { tagFile, isNewer } = await notes();
    assert.deepEqual([isNewer, await readFile(tagFile, 'utf8')], [true, newer]);
  });

  it('is where it was although its folder is gone', async () => {
    await rm(folder, { recursive: true });
    const { tagFile: _, ...found } = await notes();
    assert.deepEqual(found, { path: folder });
  });

  it('is, in a copy of the repository, that the worktree belongs to another one', async () => {
    const copy = path.join(await dirs.make('copies'), 'copy');
    await cp(root, copy, { recursive: true });
    const { path: found, linksBack } = await notes(copy);
    assert.deepEqual([found, linksBack], [folder, false]);
  });

  it('keeps what a newer version has added to the tag of the same session only', async () => {
    const tag = tagOf(aRecord({ worktreePath: folder }), key);
    await tagWorktree(folder, { ...tag, colour: 'red' });
    await tagWorktree(folder, { ...tag, name: 'sign-in' });
    const same = (await notes()).tag;
    await tagWorktree(folder, { ...tag, id: '00000000-0000-4000-8000-000000000000' });
    assert.deepEqual([same?.name, same?.colour, (await notes()).tag?.colour], ['sign-in', 'red', undefined]);
  });
});
