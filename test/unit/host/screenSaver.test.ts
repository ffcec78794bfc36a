import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { mock } from 'node:test';
import { ScreenSaver, type ScreenSaverOptions } from '../../../src/host/screenSaver.ts';
import { silentLog } from '../../../src/node/log.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';

describe('the screen that is saved while a session runs', () => {
  const dirs = useTempDirs();
  let file: string;
  let shown: string;
  let asked: (number | undefined)[];
  let saver: ScreenSaver;

  beforeEach(async () => {
    file = path.join(await dirs.make(), 'screen.json');
    shown = 'nothing';
    asked = [];
    saver = newSaver();
  });

  const newSaver = (options: Partial<ScreenSaverOptions> = {}) =>
    new ScreenSaver({
      file,
      startedAt: 'start',
      log: silentLog,
      snapshot: async (scrollback) => {
        asked.push(scrollback);
        return { seq: shown.length, cols: 80, rows: 24, text: shown };
      },
      ...options,
    });

  const saved = async () => JSON.parse(await readFile(file, 'utf8'));
  const savedText = () =>
    saved().then(
      ({ screen }) => screen,
      () => undefined,
    );

  it('is saved after a change, once for many, with the life it belongs to', async () => {
    for (shown of ['one', 'two', 'three']) saver.changed();
    await waitFor(savedText, (text) => text === 'three');
    assert.deepEqual([asked, (await saved()).startedAt], [[1_000], 'start']);
  });

  it('is not saved more often than its interval allows, but in the end', async () => {
    saver = newSaver({ interval: 1_500 });
    const began = performance.now();
    await saver.save();
    shown = 'later';
    saver.changed();
    await waitFor(savedText, (text) => text === 'later');
    assert.ok(performance.now() - began >= 1_400);
  });

  it('is not written again where nothing has changed', async () => {
    saver = newSaver({ interval: 1 });
    saver.changed();
    await waitFor(savedText);
    const { mtimeMs } = await stat(file);
    // That nothing happens can only be seen by waiting: a change would be saved after half a second.
    await new Promise((resolve) => setTimeout(resolve, 800));
    assert.deepEqual([(await stat(file)).mtimeMs, asked.length], [mtimeMs, 1]);
  });

  it('is followed by the last one, which holds all its lines, and by no other', async () => {
    saver.changed();
    await saver.finish('end');
    saver.changed();
    await new Promise((resolve) => setTimeout(resolve, 800));
    assert.deepEqual([asked, (await saved()).savedAt], [[undefined], 'end']);
  });

  it('does not harm the session where it cannot be saved', async () => {
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => warnings.push(message) };
    await saver.save();
    await newSaver({ file: path.join(file, 'no', 'folder'), log }).save();
    assert.deepEqual(warnings, ['The screen could not be saved']);
  });

  describe('of a terminal that has failed', () => {
    afterEach(() => mock.timers.reset());

    it('is not waited for in the end, nor is one that was to be saved before', async () => {
      mock.timers.enable({ apis: ['setTimeout'] });
      const snapshot = () => {
        // Only once it is asked for does its time begin.
        setImmediate(() => mock.timers.tick(3_000));
        return new Promise<never>(() => undefined);
      };
      saver = newSaver({ snapshot });
      const ends = await Promise.allSettled([saver.save(), saver.finish('end')]);
      assert.deepEqual(
        ends.map(({ status }) => status),
        ['fulfilled', 'rejected'],
      );
    });
  });
});
