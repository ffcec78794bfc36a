import assert from 'node:assert/strict';
import { mkdir, rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { serializeCheckpoint } from '../../../src/core/checkpointDocument.ts';
import { previousVersion, writeDurable, writeJson } from '../../../src/node/durableFile.ts';
import { type SessionPlaces, sessionPlaces, thisMachine } from '../../../src/node/places.ts';
import { readLastScreen } from '../../../src/node/savedScreen.ts';
import type { HostFile } from '../../../src/protocol/hostMessages.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { checkpointOf } from '../checkpoints.ts';

describe('the last screen of a session', () => {
  const dirs = useTempDirs();
  let places: SessionPlaces;
  beforeEach(async () => {
    places = sessionPlaces(thisMachine({ HOLDFAST_STATE_DIR: await dirs.make() }), 'key', 'id');
  });

  const [first, between, second] = [at(1), at(2), at(3)];
  /** `lastStart` is when the last host of which the session's folder tells had started. */
  const cases: [what: string, saved: { startedAt?: string; savedAt: string }, lastStart: string, shown: boolean][] = [
    ['is one that the last host saved', { startedAt: second, savedAt: second }, second, true],
    [
      'is one of a host that was killed before it could say that it lives',
      { startedAt: second, savedAt: second },
      first,
      true,
    ],
    ['is not one of an earlier host', { startedAt: first, savedAt: between }, second, false],
    ['is one of before hosts said whose it is, saved by the last one', { savedAt: second }, between, true],
    ['is not one of before hosts said whose it is, saved by an earlier one', { savedAt: first }, between, false],
  ];
  for (const [what, saved, lastStart, shown] of cases) {
    it(what, async () => {
      await save(saved);
      await writeHost(lastStart);
      assert.equal((await readLastScreen(places))?.screen, shown ? 'text' : undefined);
    });
  }

  it('is one of an earlier host until the last one has saved its own, but none from before that', async () => {
    await save({ startedAt: between, savedAt: between });
    const shown: unknown[] = [];
    for (const screenSince of [between, second]) {
      await writeHost(at(4), { screenSince });
      shown.push((await readLastScreen(places))?.screen);
    }
    assert.deepEqual(shown, ['text', undefined]);
  });

  it('is there although nothing is known of its host', async () => {
    await save({ startedAt: first, savedAt: between });
    assert.equal((await readLastScreen(places))?.screen, 'text');
  });

  it('is none where the file cannot be read', async () => {
    await mkdir(places.screen, { recursive: true });
    assert.equal(await readLastScreen(places), undefined);
  });

  describe('where hosts leave checkpoints', () => {
    const damages: [what: string, damage: () => Promise<unknown>, shown: string | undefined][] = [
      ['is in the last one', () => Promise.resolve(), 'last'],
      ['is in the one before where the last one is cut off', () => cutOff(places.checkpoint), 'before'],
      ['is in the one before where the last one is gone', () => rm(places.checkpoint), 'before'],
      [
        'is in the one before where a folder is in the place of the last one',
        () => obstruct(places.checkpoint),
        'before',
      ],
      [
        'is what an older host saved where neither is whole',
        () => Promise.all([places.checkpoint, previousVersion(places.checkpoint)].map(cutOff)),
        'text',
      ],
      [
        'is none where there is neither',
        () =>
          Promise.all([places.checkpoint, previousVersion(places.checkpoint), places.screen].map((file) => rm(file))),
        undefined,
      ],
      ['is not one of an earlier host', () => writeHost(at(4)), undefined],
      ['is what an older host saved that came after them', () => downgrade(at(4)), 'text'],
    ];
    for (const [what, damage, shown] of damages) {
      it(what, async () => {
        await save({ startedAt: second, savedAt: second });
        await writeHost(second);
        for (const text of ['before', 'last']) {
          const checkpoint = checkpointOf({ text, startedAt: second });
          await writeDurable(places.checkpoint, serializeCheckpoint(checkpoint), { keepPrevious: true });
        }
        await damage();
        assert.equal((await readLastScreen(places))?.screen, shown);
      });
    }

    const cutOff = (file: string) => truncate(file, 100);

    async function obstruct(file: string): Promise<void> {
      await rm(file);
      await mkdir(file);
    }

    async function downgrade(startedAt: string): Promise<void> {
      await save({ startedAt, savedAt: startedAt });
      await writeHost(startedAt);
    }
  });

  function save(fields: { startedAt?: string; savedAt: string }): Promise<void> {
    return writeJson(places.screen, { seq: 4, cols: 80, rows: 24, screen: 'text', ...fields });
  }

  function writeHost(startedAt: string, more: Partial<HostFile> = {}): Promise<void> {
    const identity = { pid: 1, startTime: '1', bootId: '1', ptyPid: 2 };
    const socket = path.join(places.folder, 's');
    return writeJson(places.host, {
      ...identity,
      sessionId: 'id',
      protocol: 1,
      socket,
      startedAt,
      exit: null,
      ...more,
    });
  }
});

function at(hour: number): string {
  return `2026-03-07T0${hour}:00:00.000Z`;
}
