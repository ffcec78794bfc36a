import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { RecordStore } from '../../src/client/recordStore.ts';
import { recoverRegistry } from '../../src/client/registryRecovery.ts';
import { openRegistry, serializeRegistry } from '../../src/core/registryDocument.ts';
import { newRecord } from '../../src/core/sessionRecord.ts';
import { previousVersion } from '../../src/node/durableFile.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { rounds } from './support/extent.ts';
import { forEveryFault } from './support/forEveryFault.ts';
import { endOwner } from './support/lockOwners.ts';

const key = '0123456789abcdef';
const root = '/repository';
const moment = new Date('2026-01-02T03:04:05.678Z');
const login = sample('10000000-0000-4000-8000-000000000001', 'login');
const search = sample('10000000-0000-4000-8000-000000000002', 'search “ü”');
const renamed: SessionRecord = { ...search, name: 'find', revision: search.revision + 1 };
const older = [login];
const old = [login, search];
const next = [login, renamed];

describe('the session list, whatever happens while it is saved', () => {
  const dirs = useTempDirs();
  const stores = new Map<string, RecordStore>();

  it('comes back old or new, whole, new once the save has resolved, and tells when a copy stood in for it', async () => {
    await forEveryFault({
      dirs,
      withReads: true,
      arrange: async (folder) => {
        for (const records of [older, old]) await storeIn(folder, records).save();
        const store = storeIn(folder, next);
        await store.load();
        stores.set(folder, store);
      },
      act: async (folder) => stores.get(folder)?.save(),
      check: async ({ folder, error }) => {
        await endOwner(folder);
        const isSound = openRegistry(await readFile(fileIn(folder), 'utf8')).state === 'sound';
        const { records, notice } = await storeIn(folder).load();
        const tellsAsItIs = (notice === undefined) === isSound;
        assert.deepEqual(
          [records, tellsAsItIs],
          [error === undefined || isDeepStrictEqual(records, next) ? next : old, true],
        );
      },
    });
  });

  it('is saved after a failure as if there had been none', async () => {
    await forEveryFault({
      dirs,
      kinds: ['ENOSPC', 'EIO', 'EPERM', 'only half is written'],
      arrange: async (folder) => {
        const store = storeIn(folder, old);
        await store.save();
        stores.set(folder, store);
      },
      act: async (folder) => stores.get(folder)?.save(),
      check: async ({ folder, operation }) => {
        // That lock stays with this process.
        if (operation === 'unlink storage.lock') return;
        await stores.get(folder)?.save();
        assert.deepEqual(await storeIn(folder).load(), { records: old, isIncomplete: false });
      },
    });
  });

  it('comes back whole, whatever happened while it was read', async () => {
    await forEveryFault({
      dirs,
      withReads: true,
      arrange: async (folder) => {
        for (const records of [older, next]) await storeIn(folder, records).save();
      },
      act: (folder) => storeIn(folder).load(),
      check: async ({ folder }) => {
        await endOwner(folder);
        assert.deepEqual(await storeIn(folder).load(), { records: next, isIncomplete: false });
      },
    });
  });

  it('comes back whole, whatever happens while a damaged one is recovered', async () => {
    await forEveryFault({
      dirs,
      withReads: true,
      arrange: async (folder) => {
        for (const records of [old, old]) await storeIn(folder, records).save();
        await writeFile(fileIn(folder), '{"version":"1.0","sess');
      },
      act: (folder) => storeIn(folder, old).load(),
      check: async ({ folder }) => {
        await endOwner(folder);
        assert.deepEqual((await storeIn(folder).load()).records, old);
      },
    });
  });
});

describe('a session list with damage at any place', () => {
  const dirs = useTempDirs();
  const previous = serialize(old, 6);
  const text = Buffer.from(serialize(next, 7));
  const cuts = Array.from(text, (_, length) => text.subarray(0, length));
  const blanks = cuts.map((kept) => Buffer.concat([kept, Buffer.alloc(text.length - kept.length)]));
  const flips = Array.from({ length: 8 * text.length }, (_, bit) => {
    const damaged = Buffer.from(text);
    const at = Math.floor(bit / 8);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (bit % 8));
    return damaged;
  });

  for (const [what, files] of [
    [`cut off at each of ${cuts.length} places`, cuts],
    [`zeros from each of ${blanks.length} places on`, blanks],
    [`with one of ${flips.length} bits flipped`, flips],
  ] as const) {
    it(`gives back no wrong session, and tells what it lacks: ${what}`, async () => {
      for (const [at, file] of files.entries()) {
        const { records, problem } = await recover(file);
        const wrong = records.filter((record) => !next.some((original) => isDeepStrictEqual(record, original)));
        const isTold = records.length === next.length || problem !== undefined;
        assert.deepEqual([wrong, isTold], [[], true], `damage ${at} of ${files.length}`);
      }
    });

    it(`comes back whole with its previous version beside it: ${what}`, async () => {
      for (const [at, file] of files.entries()) {
        const { records } = await recover(file, previous);
        const [first, second] = [...records].sort((a, b) => (a.id < b.id ? -1 : 1));
        assert.deepEqual([records.length, first], [2, login], `damage ${at} of ${files.length}`);
        assert.ok(
          isDeepStrictEqual(second, renamed) || isDeepStrictEqual(second, search),
          `damage ${at} of ${files.length}`,
        );
      }
    });
  }

  const count = rounds(20, 400);
  it(`is kept as it was, told of once and saved anew: ${count} damages on disk`, async () => {
    const files = [...cuts, ...blanks, ...flips];
    for (let number = 0; number < count; number++) {
      const damaged = files[Math.floor((number * files.length) / count)] ?? Buffer.alloc(0);
      const folder = await dirs.make('storage');
      await writeFile(fileIn(folder), damaged);
      await writeFile(previousVersion(fileIn(folder)), previous);
      const first = await storeIn(folder).load();
      const second = await storeIn(folder).load();
      const kept = await readFile(first.quarantined ?? '');
      const told = { isKept: kept.equals(damaged), isTold: first.notice !== undefined, again: second.notice };
      assert.deepEqual(told, { isKept: true, isTold: true, again: undefined }, `damage ${number}`);
      assert.deepEqual([first.records.length, second.records], [2, first.records], `damage ${number}`);
    }
  });

  async function recover(file: Buffer, copy?: string) {
    return recoverRegistry(openRegistry(file.toString('utf8')), {
      key,
      root,
      now: moment,
      async *fallbacks() {
        if (copy !== undefined) yield { name: 'its previous version', reading: openRegistry(copy), isLast: false };
      },
    });
  }
});

function storeIn(folder: string, records: SessionRecord[] = []): RecordStore {
  return new RecordStore({ folder, key, root, records: () => records });
}

function fileIn(folder: string): string {
  return path.join(folder, 'sessions.json');
}

function serialize(records: SessionRecord[], generation: number): string {
  return serializeRegistry({ key, generation, savedAt: moment, records });
}

function sample(id: string, name: string): SessionRecord {
  const branch = `feature/${id.slice(-1)}`;
  return newRecord({ id, name, branch, baseBranch: 'main', worktreePath: '/x', command: null, now: moment });
}
