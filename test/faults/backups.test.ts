import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Backup, backupId } from '../../src/client/backupFile.ts';
import { Backups } from '../../src/client/backups.ts';
import { backupsToPrune } from '../../src/core/backupRetention.ts';
import { serializeRegistry } from '../../src/core/registryDocument.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { aRecord } from '../unit/records.ts';
import { rounds } from './support/extent.ts';
import { replaceFileFunctions } from './support/fileFunctions.ts';
import { forEveryFault } from './support/forEveryFault.ts';

const key = '0123456789abcdef';
const hour = 3_600_000;
const start = Date.parse('2026-03-01T06:00:00.000Z');

/** Every third is the last of its day, and the oldest ones are due to be pruned. */
const earlier = rounds(14, 40);

describe('a backup of the session list, whatever happens while it is taken', () => {
  const dirs = useTempDirs();
  const before = new Map<string, Backup[]>();

  const arrange = async (folder: string) => {
    await mkdir(at(folder).folder);
    for (let number = 0; number < earlier; number++) {
      const savedAt = momentOf(number);
      const file = path.join(at(folder).folder, `${backupId(savedAt, 'change')}.json`);
      await writeFile(file, serializeRegistry({ ...contentOf(number), key, savedAt }));
    }
    before.set(folder, await at(folder).list());
  };
  const act = (folder: string) => at(folder).take('change', contentOf(earlier));

  it(`leaves every earlier one of ${earlier} that was not rightly pruned, and lists no half one as sound`, async () => {
    await forEveryFault({
      dirs,
      arrange,
      act,
      check: async ({ folder, error }) => {
        const left = await at(folder).list();
        assert.deepEqual(
          {
            lost: lost(before.get(folder), left),
            damaged: left.filter(({ state }) => state !== 'sound'),
            wrong: await wrong(folder, left),
            isTaken: error !== undefined || left[0]?.takenAt === momentOf(earlier).toISOString(),
          },
          { lost: [], damaged: [], wrong: [], isTaken: true },
        );
      },
    });
  });

  it('is taken the next time as if nothing had been', async () => {
    await forEveryFault({
      dirs,
      arrange,
      act,
      check: async ({ folder }) => {
        const taken = await at(folder).take('change', contentOf(earlier + 1));
        const left = await at(folder).list();
        assert.deepEqual([left[0], backupsToPrune(left, momentOf(earlier))], [taken, []]);
      },
    });
  });

  it('is there if and only if it was read back, where reading fails, and no others are pruned for that', async () => {
    await forEveryFault({
      dirs,
      kinds: ['EIO', 'EACCES'],
      withReads: true,
      arrange,
      act,
      check: async ({ folder, error }) => {
        const left = await at(folder).list();
        const isThere = left[0]?.takenAt === momentOf(earlier).toISOString();
        assert.deepEqual(
          [lost(before.get(folder), left), await wrong(folder, left), isThere],
          [[], [], error === undefined],
        );
      },
    });
  });

  it('is refused and removed where what is read back is not what was written', async () => {
    const folder = await dirs.make('disk');
    const lie = {
      owns: (_name: string, [file]: readonly unknown[]) => String(file).endsWith('-change.json'),
      call: () => '{}',
    };
    const restore = replaceFileFunctions(['readFile'], lie);
    try {
      await assert.rejects(act(folder), { code: 'DAMAGED_FILE' });
    } finally {
      restore();
    }
    assert.deepEqual(await readdir(at(folder).folder), []);
  });
});

function momentOf(number: number): Date {
  return new Date(start + number * 8 * hour);
}

function contentOf(number: number): { records: SessionRecord[]; generation: number } {
  return { records: [aRecord({ name: `login-${number}` })], generation: number };
}

/** The earlier ones that are not there, though the rules would have kept them beside the new one. */
function lost(before: readonly Backup[] = [], left: readonly Backup[]): string[] {
  const takenAt = momentOf(earlier).toISOString();
  const next = { takenAt, generation: earlier, reason: 'change', state: 'sound' as const };
  const useless = backupsToPrune([next, ...before], momentOf(earlier));
  const ids = left.map(({ id }) => id);
  return before.filter((backup) => !ids.includes(backup.id) && !useless.includes(backup)).map(({ id }) => id);
}

/** Those that are listed as sound and do not hold what they were taken of. */
async function wrong(folder: string, left: readonly Backup[]): Promise<string[]> {
  const found: string[] = [];
  for (const { id, takenAt, state } of left) {
    const number = (Date.parse(takenAt) - start) / (8 * hour);
    const isRight = async () => isDeepStrictEqual((await at(folder).read(id)).sessions, contentOf(number).records);
    if (state === 'sound' && !(await isRight())) found.push(id);
  }
  return found;
}

function at(folder: string): Backups {
  return new Backups({ folder, key, now: () => momentOf(earlier) });
}
