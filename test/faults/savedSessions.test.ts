import assert from 'node:assert/strict';
import path from 'node:path';
import { SavedSessions } from '../../src/client/savedSessions.ts';
import type { SavedSession } from '../../src/core/savedSession.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { aRecord } from '../unit/records.ts';
import type { FaultKind } from './support/faults.ts';
import { forEveryFault } from './support/forEveryFault.ts';

const record = aRecord();

describe('saved sessions, whatever happens while one is saved or deleted', () => {
  const dirs = useTempDirs();
  const earlier = new Map<string, SavedSession>();
  const arrange = async (folder: string) => earlier.set(folder, await at(folder).save(record));

  it('are whole, the one that was saved before always, and the new one once that has resolved', async () => {
    const newer = new Map<string, SavedSession>();
    const rounds = await forEveryFault({
      dirs,
      withReads: true,
      arrange,
      act: async (folder) => newer.set(folder, await at(folder).save(record, { note: 'new' })),
      check: async ({ folder, error }) => {
        const list = await at(folder).list();
        assert.deepEqual(
          {
            unsound: list.filter((saved) => saved.state !== 'sound' || saved.problem !== undefined),
            earlier: list.find(({ id }) => id === earlier.get(folder)?.id),
            isSaved: error !== undefined || list.some(({ id }) => id === newer.get(folder)?.id),
          },
          { unsound: [], earlier: earlier.get(folder), isSaved: true },
        );
      },
    });
    assert.ok(rounds > 100, `only ${rounds} rounds`);
  });

  it('do not hold one whose saving was refused, unless that could not be taken back', async () => {
    await forEveryFault({
      dirs,
      kinds: withoutCrash,
      arrange,
      act: (folder) => at(folder).save(record),
      check: async ({ folder, error }) => {
        const list = await at(folder).list();
        assert.equal(list.length, error === undefined ? 2 : 1);
      },
    });
  });

  it('are whole or gone where one is deleted, and gone once that has resolved', async () => {
    const other = new Map<string, SavedSession>();
    await forEveryFault({
      dirs,
      withReads: true,
      arrange: async (folder) => {
        await arrange(folder);
        other.set(folder, await at(folder).save(record));
      },
      act: (folder) => at(folder).delete(earlier.get(folder)?.id ?? ''),
      check: async ({ folder, error }) => {
        const list = await at(folder).list();
        const deleted = list.find(({ id }) => id === earlier.get(folder)?.id);
        assert.deepEqual(
          list.find(({ id }) => id === other.get(folder)?.id),
          other.get(folder),
        );
        assert.deepEqual(deleted, error !== undefined && deleted ? earlier.get(folder) : undefined);
      },
    });
  });

  it('tell a full disk as such, and which session was not saved', async () => {
    await forEveryFault({
      dirs,
      kinds: ['the disk is full from here on', 'only half is written'],
      act: (folder) => at(folder).save(record),
      check: async ({ error }) => {
        const { code, message } = (error ?? {}) as { code?: string; message?: string };
        const told = { code, isNamed: message?.startsWith('“login” was not saved: The disk is full') };
        if (error !== undefined) assert.deepEqual(told, { code: 'DISK_FULL', isNamed: true });
      },
    });
  });
});

const withoutCrash: readonly FaultKind[] = [
  'ENOSPC',
  'EIO',
  'EPERM',
  'EACCES',
  'the disk is full from here on',
  'only half is written',
];

function at(folder: string): SavedSessions {
  return new SavedSessions({
    folder: path.join(folder, 'saved'),
    workplace: { kind: 'folder', key: '0123456789abcdef', root: folder },
  });
}
