import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isMissing, previousVersion, writeDurable } from '../../src/node/durableFile.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import type { FaultKind } from './support/faults.ts';
import { forEveryFault } from './support/forEveryFault.ts';

const older = 'older content';
const old = 'old content'.repeat(1_000);
const next = 'new content'.repeat(1_100);

/** What a durable file is for, for every operation of a write and everything that can happen at it. */
describe('a durable file, whatever happens while it is written', () => {
  const dirs = useTempDirs();
  const file = (folder: string) => path.join(folder, 'file.json');
  const previous = (folder: string) => previousVersion(file(folder));
  const contentOf = (name: string) =>
    readFile(name, 'utf8').catch((error) => (isMissing(error) ? undefined : Promise.reject(error)));
  const arrange = (folder: string) => writeFile(file(folder), old);

  it('holds the old or the new content, whole, and the new one once the write has resolved', async () => {
    const rounds = await forEveryFault({
      dirs,
      withReads: true,
      arrange,
      act: (folder) => writeDurable(file(folder), next),
      check: async ({ folder, error }) => assertOneOf(await contentOf(file(folder)), error ? [old, next] : [next]),
    });
    assert.ok(rounds > 50, `only ${rounds} rounds`);
  });

  it('holds the old content where the write has failed, unless only its name could not be synced', async () => {
    await forEveryFault({
      dirs,
      kinds: withoutCrash,
      arrange,
      act: (folder) => writeDurable(file(folder), next),
      check: async ({ folder, error, operation }) => {
        const wasRenamed = error === undefined || operation === 'sync .';
        assertOneOf(await contentOf(file(folder)), [wasRenamed ? next : old]);
      },
    });
  });

  it('tells a full disk as such', async () => {
    await forEveryFault({
      dirs,
      kinds: ['ENOSPC', 'the disk is full from here on', 'only half is written'],
      arrange,
      act: (folder) => writeDurable(file(folder), next),
      check: async ({ error }) => assert.ok(error === undefined || (error as { code?: string }).code === 'DISK_FULL'),
    });
  });

  it('is absent or whole where there was none', async () => {
    await forEveryFault({
      dirs,
      act: (folder) => writeDurable(file(folder), next),
      check: async ({ folder, error }) =>
        assertOneOf(await contentOf(file(folder)), error ? [undefined, next] : [next]),
    });
  });

  it('is absent or whole in a folder that is made for it', async () => {
    const inside = (folder: string) => path.join(folder, 'a', 'b', 'file.json');
    await forEveryFault({
      dirs,
      act: (folder) => writeDurable(inside(folder), next),
      check: async ({ folder, error }) =>
        assertOneOf(await contentOf(inside(folder)), error ? [undefined, next] : [next]),
    });
  });

  for (const [disk, lacks] of [
    ['', []],
    [', on a disk without links', ['link']],
  ] as const) {
    it(`keeps a previous version that is whole, too, and the replaced one once the write has resolved${disk}`, async () => {
      await forEveryFault({
        dirs,
        lacks,
        withReads: true,
        arrange: async (folder) => {
          await arrange(folder);
          await writeFile(previous(folder), older);
        },
        act: (folder) => writeDurable(file(folder), next, { keepPrevious: true }),
        check: async ({ folder, error }) => {
          assertOneOf(await contentOf(file(folder)), error ? [old, next] : [next]);
          assertOneOf(await contentOf(previous(folder)), error ? [older, old] : [old]);
        },
      });
    });
  }

  const act = (folder: string) => writeDurable(file(folder), next, { keepPrevious: true });
  const draftsIn = async (folder: string) => (await readdir(folder)).filter((name) => name.includes('.draft'));

  it('has nothing beside it after a failure, unless that was of removing it', async () => {
    await forEveryFault({
      dirs,
      kinds: withoutCrash,
      arrange,
      act,
      check: async ({ folder, operation }) => {
        if (!operation.startsWith('unlink')) assert.deepEqual(await draftsIn(folder), []);
      },
    });
  });

  it('is written after a failure as if there had been none', async () => {
    await forEveryFault({
      dirs,
      kinds: withoutCrash,
      arrange,
      act,
      check: async ({ folder, operation }) => {
        await act(folder);
        assertOneOf(await contentOf(file(folder)), [next]);
        if (!operation.startsWith('unlink')) assert.deepEqual(await draftsIn(folder), []);
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

/** Long contents are told by how they begin and their length. */
function assertOneOf(actual: string | undefined, expected: readonly (string | undefined)[]): void {
  const told = (content: string | undefined) => content && `${content.slice(0, 11)}… (${content.length})`;
  assert.ok(expected.includes(actual), `holds ${told(actual)}, not ${expected.map(told).join(' or ')}`);
}
