import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SavedSessions } from '../../../src/client/savedSessions.ts';
import { checksum } from '../../../src/core/checksum.ts';
import { findWorkplace } from '../../../src/node/repository.ts';
import { git, makeRepository } from '../../support/repository.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { aRecord } from '../records.ts';

describe('saved sessions', () => {
  const dirs = useTempDirs();
  const record = aRecord();

  async function open(): Promise<{ folder: string; store: SavedSessions }> {
    const folder = path.join(await dirs.make(), 'saved');
    const workplace = { kind: 'folder', key: '0123456789abcdef', root: folder } as const;
    return { folder, store: new SavedSessions({ folder, workplace }) };
  }

  it('are none where nothing was saved', async () => {
    const { store } = await open();
    assert.deepEqual(await store.list(), []);
  });

  it('are what they were when they were saved', async () => {
    const { store } = await open();
    const saved = await store.save(record, { note: 'a note' });
    const { id, savedAt, ...rest } = saved;
    assert.deepEqual(await store.load(id), saved);
    assert.deepEqual(rest, { state: 'sound', sessionId: record.id, name: 'login', note: 'a note', record });
  });

  for (const [what, note] of [
    ['a note that is no text', { a: 1 } as unknown as string],
    ['a note longer than anybody reads', 'x'.repeat(10_001)],
  ] as const) {
    it(`are refused with ${what}, which could not be loaded again, and nothing is saved`, async () => {
      const { store } = await open();
      const error = await store.save(record, { note }).catch((reason) => reason);
      assert.deepEqual([error.code, await store.list()], ['INVALID_ARGUMENT', []]);
    });
  }

  it('are listed newest first, each save of a session by itself', async () => {
    const { store } = await open();
    const first = await store.save(record);
    while (new Date().toISOString() === first.savedAt) await new Promise(setImmediate);
    const second = await store.save({ ...record, name: 'renamed' });
    assert.deepEqual(await store.list(), [second, first]);
  });

  it('know the commit that the branch was at, where there is a branch', async () => {
    const root = await makeRepository(await dirs.make());
    await git(root, 'branch', 'feature/login');
    const store = new SavedSessions({ folder: path.join(root, 'saved'), workplace: await findWorkplace(root) });
    const [there, gone] = [await store.save(record), await store.save(aRecord({ branch: 'feature/gone' }))];
    assert.deepEqual([there.commit, gone.commit], [await git(root, 'rev-parse', 'HEAD'), undefined]);
  });

  it('are read from their second copy where the first is damaged, and say so', async () => {
    const { folder, store } = await open();
    const saved = await store.save(record);
    await writeFile(path.join(folder, `${saved.id}.json`), '{"cut');
    const expected = { ...saved, problem: 'it is not whole JSON' };
    assert.deepEqual([await store.load(saved.id), await store.list()], [expected, [expected]]);
  });

  it('are read from their second copy where the first is gone', async () => {
    const { folder, store } = await open();
    const saved = await store.save(record);
    await rm(path.join(folder, `${saved.id}.json`));
    assert.deepEqual(await store.load(saved.id), saved);
  });

  it('of which both copies are damaged are listed as such, refused, and left as they are', async () => {
    const { folder, store } = await open();
    const { id } = await store.save(record);
    for (const name of await readdir(folder)) await writeFile(path.join(folder, name), '');
    await assert.rejects(store.load(id), { code: 'DAMAGED_FILE', message: /: it is empty\. Nothing was changed\.$/ });
    const [listed] = await store.list();
    assert.deepEqual({ ...listed, savedAt: '' }, { state: 'damaged', id, savedAt: '', problem: 'it is empty' });
    assert.equal(await readFile(path.join(folder, `${id}.json`), 'utf8'), '');
  });

  it('of a newer version are refused as such', async () => {
    const { folder, store } = await open();
    const { id } = await store.save(record);
    const { sha256: _, ...fields } = JSON.parse(await readFile(path.join(folder, `${id}.json`), 'utf8'));
    const newer = { ...fields, format: 9 };
    for (const name of await readdir(folder)) {
      await writeFile(path.join(folder, name), JSON.stringify({ ...newer, sha256: checksum(newer) }));
    }
    await assert.rejects(store.load(id), { code: 'NEWER_FORMAT' });
  });

  it('are deleted with all of their copies, and without any other', async () => {
    const { folder, store } = await open();
    const [saved, other] = [await store.save(record), await store.save(record)];
    assert.deepEqual(await store.delete(saved.id), saved);
    assert.deepEqual((await readdir(folder)).sort(), [`${other.id}.json`, `${other.id}.previous.json`]);
  });

  for (const id of ['', '..', record.id, 'login']) {
    it(`are not found by the id “${id}”`, async () => {
      const { store } = await open();
      await store.save(record);
      await assert.rejects(store.load(id), { code: 'SAVED_SESSION_NOT_FOUND' });
      await assert.rejects(store.delete(id), { code: 'SAVED_SESSION_NOT_FOUND' });
    });
  }

  it('are neither read nor deleted outside their folder', async () => {
    const { folder, store } = await open();
    const { id } = await store.save(record);
    const inside = new SavedSessions({
      folder: path.join(folder, 'inside'),
      workplace: { kind: 'folder', key: '0123456789abcdef', root: folder },
    });
    await assert.rejects(inside.load(`../${id}`), { code: 'SAVED_SESSION_NOT_FOUND' });
    await assert.rejects(inside.delete(`../${id}`), { code: 'SAVED_SESSION_NOT_FOUND' });
    assert.equal((await store.load(id)).id, id);
  });
});
