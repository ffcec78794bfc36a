import assert from 'node:assert/strict';
import { mkdir, readFile, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { mock } from 'node:test';
import { openCheckpoint } from '../../../src/core/checkpointDocument.ts';
import { Checkpointer, type CheckpointerOptions } from '../../../src/host/checkpointer.ts';
import { previousVersion } from '../../../src/node/durableFile.ts';
import { silentLog } from '../../../src/node/log.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';
import { checkpointOf } from '../checkpoints.ts';

describe('the checkpoint that a running session leaves', () => {
  const dirs = useTempDirs();
  let file: string;
  let shown: string;
  let asked: (number | undefined)[];
  let checkpointer: Checkpointer;

  beforeEach(async () => {
    file = path.join(await dirs.make(), 'checkpoint.json');
    shown = 'nothing';
    asked = [];
    checkpointer = newCheckpointer();
  });

  const newCheckpointer = (options: Partial<CheckpointerOptions> = {}) =>
    new Checkpointer({
      file,
      log: silentLog,
      take: async (scrollback) => {
        asked.push(scrollback);
        return checkpointOf({ text: shown });
      },
      ...options,
    });

  const savedText = (name = file) =>
    readFile(name, 'utf8').then(
      (text) => {
        const opened = openCheckpoint(text);
        return opened.state === 'sound' ? opened.checkpoint.screen.text : opened.state;
      },
      () => undefined,
    );

  it('is saved after a change, once for many, and then tells since when', async () => {
    const before = checkpointer.savedAt;
    for (shown of ['one', 'two', 'three']) checkpointer.changed();
    await waitFor(savedText, (text) => text === 'three');
    const after = await waitFor(() => checkpointer.savedAt ?? '');
    assert.deepEqual([before, asked, after <= new Date().toISOString()], [undefined, [1_000], true]);
  });

  it('is saved again while the one before is kept', async () => {
    await checkpointer.save();
    shown = 'later';
    checkpointer.changed();
    await waitFor(savedText, (text) => text === 'later');
    assert.equal(await savedText(previousVersion(file)), 'nothing');
  });

  it('is not written again where nothing has changed', async () => {
    checkpointer.changed();
    await waitFor(savedText);
    const { mtimeMs } = await stat(file);
    // That nothing happens can only be seen by waiting: a change would be saved after a quarter of a second.
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.deepEqual([(await stat(file)).mtimeMs, asked.length], [mtimeMs, 1]);
  });

  it('is followed by the last one, which holds all its lines, and by no other', async () => {
    checkpointer.changed();
    await checkpointer.finish('end');
    checkpointer.changed();
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.deepEqual([asked, checkpointer.savedAt], [[undefined], 'end']);
  });

  it('takes a twentieth of the time at most', async () => {
    const times: number[] = [];
    const take = async () => {
      times.push(performance.now());
      // A slow disk cannot be had here.
      await new Promise((resolve) => setTimeout(resolve, 30));
      shown = 'changed meanwhile';
      if (times.length === 1) checkpointer.changed();
      return checkpointOf({ text: shown });
    };
    checkpointer = newCheckpointer({ take });
    checkpointer.changed();
    const [first = 0, second = 0] = await waitFor(
      () => times,
      ({ length }) => length === 2,
    );
    assert.ok(second - first >= 30 + 20 * 30, `${second - first} ms apart`);
  });

  describe('that cannot be saved', () => {
    afterEach(() => mock.timers.reset());

    it('does not harm the session, is noted once, and tried again', async () => {
      const problems: unknown[] = [];
      const log = { ...silentLog, warn: (_: string, fields?: object) => problems.push(fields) };
      mock.timers.enable({ apis: ['setTimeout'] });
      let clock = 0;
      await mkdir(file);
      checkpointer = newCheckpointer({ log, now: () => clock });
      await checkpointer.save();
      await checkpointer.save();
      await rmdir(file);
      clock = 5_000;
      mock.timers.tick(clock);
      await waitFor(savedText);
      assert.deepEqual([problems.length, asked.length], [1, 3]);
    });

    it('is not waited for in the end, nor is one that was to be saved before', async () => {
      mock.timers.enable({ apis: ['setTimeout'] });
      const take = () => {
        // Only once it is asked for does its time begin.
        setImmediate(() => mock.timers.tick(3_000));
        return new Promise<never>(() => undefined);
      };
      checkpointer = newCheckpointer({ take });
      const ends = await Promise.allSettled([checkpointer.save(), checkpointer.finish('end')]);
      assert.deepEqual(
        ends.map(({ status }) => status),
        ['fulfilled', 'rejected'],
      );
    });
  });
});
