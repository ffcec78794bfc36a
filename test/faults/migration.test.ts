import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RecordStore } from '../../src/client/recordStore.ts';
import { checksum } from '../../src/core/checksum.ts';
import { openRegistry } from '../../src/core/registryDocument.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { aRecord } from '../unit/records.ts';
import { forEveryFault } from './support/forEveryFault.ts';
import { endOwner } from './support/lockOwners.ts';

const key = '0123456789abcdef';
const sessions = [aRecord(), aRecord({ id: '10000000-0000-4000-8000-000000000002', name: 'shop', branch: 'shop' })];
const bare = { version: '1.0', sessions };

describe('a session list of an older format, whatever happens while it is migrated', () => {
  const dirs = useTempDirs();

  for (const [what, fields] of [
    ['bare', bare],
    ['as the first builds wrote it', { ...bare, key, count: sessions.length, sha256: checksum(sessions) }],
  ] as const) {
    const text = JSON.stringify(fields, undefined, 2);

    it(`comes back whole and in one of the two formats, and what it was is kept: ${what}`, async () => {
      const formats = new Set<number>();
      await forEveryFault({
        dirs,
        withReads: true,
        arrange: (folder) => writeFile(fileIn(folder), text),
        act: (folder) => storeIn(folder).load(),
        check: async ({ folder }) => {
          await endOwner(folder);
          const left = openRegistry(await readFile(fileIn(folder), 'utf8'));
          const format = left.state === 'sound' ? left.format : 0;
          formats.add(format);
          const { records, notice } = await storeIn(folder).load();
          const isKept = (await contents(folder)).includes(text);
          assert.deepEqual(
            { isFormat: format === 1 || format === 2, records, notice, isKept },
            { isFormat: true, records: sessions, notice: undefined, isKept: true },
          );
        },
      });
      assert.deepEqual([...formats].sort(), [1, 2]);
    });

    it(`is shown whole, and is migrated the next time, where that was refused: ${what}`, async () => {
      await forEveryFault({
        dirs,
        kinds: ['ENOSPC', 'EIO', 'EPERM', 'EACCES', 'the disk is full from here on', 'only half is written'],
        arrange: (folder) => writeFile(fileIn(folder), text),
        act: async (folder) => shown.set(folder, (await storeIn(folder).load()).records),
        check: async ({ folder, error }) => {
          await endOwner(folder);
          await storeIn(folder).load();
          const left = openRegistry(await readFile(fileIn(folder), 'utf8'));
          const isMigrated = left.state === 'sound' && left.format === 2;
          assert.deepEqual([error, shown.get(folder), isMigrated], [undefined, sessions, true]);
        },
      });
    });
  }

  const shown = new Map<string, SessionRecord[]>();
});

function storeIn(folder: string): RecordStore {
  return new RecordStore({ folder, key, root: '/repo', records: () => [] });
}

function fileIn(folder: string): string {
  return path.join(folder, 'sessions.json');
}

/** Of all files in the folder and those below it. */
async function contents(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((entry) => readFile(path.join(entry.parentPath, entry.name), 'utf8')));
}
