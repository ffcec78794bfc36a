import assert from 'node:assert/strict';
import {
  appendFile,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { mock } from 'node:test';
import fc from 'fast-check';
import { findEarlierRecording } from '../../../src/host/earlierRecording.ts';
import { Transcript, type TranscriptOptions } from '../../../src/host/transcript.ts';
import { silentLog } from '../../../src/node/log.ts';
import { previousTranscript } from '../../../src/node/places.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { split } from '../chunks.ts';

describe('the transcript', () => {
  const dirs = useTempDirs();
  let file: string;
  let clock: number;

  beforeEach(async () => {
    file = path.join(await dirs.make(), 'transcript.cast');
    clock = Date.parse('2026-03-07T10:00:00.500Z');
  });

  const begin = (options: Partial<TranscriptOptions> = {}) =>
    new Transcript({ file, cols: 80, rows: 24, log: silentLog, now: () => clock, ...options });

  it('begins with a header and goes on with one event a line', async () => {
    const transcript = begin();
    transcript.output(Buffer.from('one'));
    clock += 10;
    transcript.output(Buffer.from(' two'));
    clock += 1_500;
    transcript.resize({ cols: 100, rows: 30 });
    transcript.output(Buffer.from('three\r\n'));
    await transcript.close();
    assert.equal(
      await readFile(file, 'utf8'),
      [
        '{"version":2,"width":80,"height":24,"timestamp":1772877600}',
        '[0,"o","one two"]',
        '[1.51,"r","100x30"]',
        '[1.51,"o","three\\r\\n"]',
        '',
      ].join('\n'),
    );
  });

  it('is whole again where it was deleted, with its folder, while it was written', async () => {
    const transcript = begin();
    transcript.output(Buffer.from('one'));
    await transcript.flush();
    const before = await readFile(file, 'utf8');
    await rm(path.dirname(file), { recursive: true });
    await transcript.flush();
    const again = await readFile(file, 'utf8');
    clock += 1_000;
    transcript.output(Buffer.from('two'));
    await transcript.close();
    assert.deepEqual([again, await readFile(file, 'utf8')], [before, `${before}[1,"o","two"]\n`]);
  });

  it('holds the text whole however its bytes are split', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'ü', '日', '🙂', '\x1b[m', '\n') });
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat()), async (whole, cuts) => {
        const transcript = begin();
        for (const chunk of split(Buffer.from(whole), cuts)) {
          transcript.output(chunk);
          clock += 30;
        }
        await transcript.close();
        assert.equal(outputOf(await readFile(file, 'utf8')), whole);
      }),
      { numRuns: 25 },
    );
  });

  it('tells how much of its file is written, also behind one whose last line was cut off', async () => {
    const lengths: [told: number, real: number][] = [];
    for (const text of ['one', 'two ü']) {
      const transcript = begin({ earlier: await findEarlierRecording(file) });
      transcript.output(Buffer.from(text));
      await transcript.close();
      lengths.push([transcript.bytes, (await stat(file)).size]);
      await truncate(file, (await stat(file)).size - 3);
    }
    assert.deepEqual(
      lengths,
      lengths.map(([, real]) => [real, real]),
    );
  });

  it('tells how much this life has written, behind what was there and in all of its files', async () => {
    const earlier = begin();
    earlier.output(Buffer.from('of the life before'));
    await earlier.close();
    const sizeNow = async () => (await stat(file)).size;
    const before = await sizeNow();
    const [behind, rotated] = [begin({ earlier: await findEarlierRecording(file) }), begin({ maxBytes: 10 })];
    const told = [behind.written];
    behind.output(Buffer.from('one'));
    await behind.close();
    const real = [0, (await sizeNow()) - before];
    told.push(behind.written);
    for (const text of ['two', 'three', 'four ü']) {
      rotated.output(Buffer.from(text));
      await rotated.flush();
      told.push(rotated.written);
      real.push((real.length > 2 ? (real.at(-1) as number) : 0) + (await sizeNow()));
    }
    await rotated.close();
    assert.deepEqual(told, real);
  });

  it('keeps one older file when the current one is full', async () => {
    const transcript = begin({ maxBytes: 200 });
    for (const letter of ['a', 'b', 'c']) {
      transcript.output(Buffer.from(letter.repeat(200)));
      await written(transcript);
      clock += 1_000;
    }
    await transcript.close();
    const texts = await Promise.all([previousTranscript(file), file].map((name) => readFile(name, 'utf8')));
    assert.deepEqual(texts.map(outputOf), ['b'.repeat(200), 'c'.repeat(200)]);
  });

  it('begins a new file with the size at its first event', async () => {
    const transcript = begin({ maxBytes: 10 });
    transcript.output(Buffer.from('x'));
    await written(transcript);
    transcript.resize({ cols: 100, rows: 30 });
    await written(transcript);
    transcript.output(Buffer.from('y'));
    await transcript.close();
    const sizes = [previousTranscript(file), file].map(async (name) => {
      const { width, height } = JSON.parse((await readFile(name, 'utf8')).split('\n')[0] as string);
      return `${width}x${height}`;
    });
    assert.deepEqual(await Promise.all(sizes), ['80x24', '100x30']);
  });

  describe('of a session that is started again', () => {
    const restarted = '"m","The session was started again"]';

    /** One life that prints `text`, at the time that the clock shows. */
    async function live(text: string, options: { maxBytes?: number; notice?: string } = {}): Promise<void> {
      const transcript = new Transcript({
        file,
        cols: 80,
        rows: 24,
        log: silentLog,
        now: () => clock,
        earlier: await findEarlierRecording(file),
        ...options,
      });
      transcript.output(Buffer.from(text));
      await transcript.close();
      await utimes(file, clock / 1000, clock / 1000);
    }

    it('says why in the words it was given, also where nothing was recorded before', async () => {
      clock = Date.parse('2026-03-07T10:00:00.000Z');
      for (const life of ['one', 'two']) await live(life, { notice: `Why “${life}”.` });
      const markers = (await readFile(file, 'utf8')).match(/"m".*/g);
      assert.deepEqual(markers, ['"m","Why “one”."]', '"m","Why “two”."]']);
    });

    it('goes on in the same file, with times that count from its first life', async () => {
      clock = Date.parse('2026-03-07T10:00:00.000Z');
      for (const life of ['one', 'two', 'three']) {
        await live(life);
        clock += 60_000;
      }
      assert.deepEqual((await readFile(file, 'utf8')).trim().split('\n').slice(1), [
        '[0,"o","one"]',
        `[60,${restarted}`,
        '[60,"r","80x24"]',
        '[60,"o","two"]',
        `[120,${restarted}`,
        '[120,"r","80x24"]',
        '[120,"o","three"]',
      ]);
    });

    it('has no time before an earlier one although the clock was put back', async () => {
      clock = Date.parse('2026-03-07T10:00:00.000Z');
      await live('one');
      await utimes(file, clock / 1000 + 30, clock / 1000 + 30);
      clock -= 3_600_000;
      await live('two');
      assert.match(await readFile(file, 'utf8'), /\n\[30,"o","two"\]\n$/);
    });

    it('is rotated where the earlier lives have filled it, all counted from the first one', async () => {
      clock = Date.parse('2026-03-07T10:00:00.000Z');
      await live('x'.repeat(200), { maxBytes: 200 });
      clock += 60_000;
      await live('two', { maxBytes: 200 });
      const starts = [previousTranscript(file), file].map(
        async (name) => JSON.parse((await readFile(name, 'utf8')).split('\n')[0] as string).timestamp,
      );
      const [first, second] = await Promise.all(starts);
      assert.deepEqual([second, (await readFile(file, 'utf8')).split('\n')[1]], [first, `[60,${restarted}`]);
    });

    it('begins its own line where the last one was cut off', async () => {
      await live('one');
      await appendFile(file, '[1,"o","tw');
      await live('three');
      assert.match(await readFile(file, 'utf8'), /\n\[1,"o","tw\n\[[\d.]+,"m"/);
    });

    it('leaves a file that is no transcript aside and begins its own', async () => {
      await writeFile(file, 'noise\n');
      await live('one');
      assert.deepEqual(
        [await readFile(previousTranscript(file), 'utf8'), outputOf(await readFile(file, 'utf8'))],
        ['noise\n', 'one'],
      );
    });

    it('goes on in the same file also where that could not be opened at first', async () => {
      await live('one');
      const transcript = begin({ earlier: await findEarlierRecording(file) });
      await rename(file, `${file}.aside`);
      await mkdir(file);
      transcript.output(Buffer.from('two'));
      await transcript.flush();
      await rmdir(file);
      await rename(`${file}.aside`, file);
      transcript.output(Buffer.from('three'));
      await transcript.close();
      assert.deepEqual(
        [outputOf(await readFile(file, 'utf8')), await readdir(path.dirname(file))],
        ['onethree', ['transcript.cast']],
      );
    });

    it('leaves nothing else behind', async () => {
      await live('one');
      await live('two');
      assert.deepEqual(await readdir(path.dirname(file)), ['transcript.cast']);
    });
  });

  it('keeps the older file where the next one could not be begun at first', async () => {
    const transcript = begin({ maxBytes: 10 });
    transcript.output(Buffer.from('one'));
    await transcript.flush();
    const handle = await open(file);
    const full = () => Promise.reject(new Error('the disk is full'));
    mock.method(Object.getPrototypeOf(handle), 'appendFile', full, { times: 1 });
    await handle.close();
    for (const text of ['two', 'three']) {
      transcript.output(Buffer.from(text));
      await transcript.flush();
    }
    await transcript.close();
    mock.restoreAll();
    const texts = await Promise.all([previousTranscript(file), file].map((name) => readFile(name, 'utf8')));
    assert.deepEqual(texts.map(outputOf), ['one', 'three']);
  });

  it('says so where it had to drop what a slow disk could not take', async () => {
    const transcript = begin();
    for (let number = 0; number < 6; number++) {
      transcript.output(Buffer.alloc(1024 * 1024, 'x'));
      clock += 100;
    }
    transcript.output(Buffer.from('after'));
    await transcript.close();
    const events = (await readFile(file, 'utf8')).trim().split('\n').slice(1);
    const marks = events.map((event) => JSON.parse(event)).filter(([, type]) => type !== 'o');
    assert.match(marks[0]?.[2] ?? 'none', /^\d+ characters were not recorded: the disk was too slow or full$/);
  });

  it('says so where it could not write to a full disk, and holds no half event', async () => {
    const transcript = begin();
    transcript.output(Buffer.from('before'));
    await transcript.flush();
    const handle = await open(file);
    const fill = async function (this: FileHandle, lines: string) {
      await this.write(lines.slice(0, -3));
      throw new Error('the disk is full');
    };
    mock.method(Object.getPrototypeOf(handle), 'appendFile', fill, { times: 1 });
    await handle.close();
    for (const text of ['lost', 'after']) {
      clock += 5_000;
      transcript.output(Buffer.from(text));
      await transcript.flush();
    }
    await transcript.close();
    mock.restoreAll();
    const [, ...events] = (await readFile(file, 'utf8')).trim().split('\n');
    assert.deepEqual(
      events.map((event) => JSON.parse(event).slice(1)),
      [
        ['o', 'before'],
        ['m', '15 characters were not recorded: the disk was too slow or full'],
        ['o', 'after'],
      ],
    );
  });

  it('does not fail the session where it cannot be written', async () => {
    await writeFile(path.join(path.dirname(file), 'taken'), '');
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => warnings.push(message) };
    const transcript = new Transcript({
      file: path.join(path.dirname(file), 'taken', 'x.cast'),
      cols: 80,
      rows: 24,
      log,
    });
    transcript.output(Buffer.from('x'));
    await transcript.close();
    assert.deepEqual(warnings, ['The transcript could not be written']);
  });
});

/** Closing writes everything out, and recording may go on after it. */
async function written(transcript: Transcript): Promise<void> {
  await transcript.flush();
}

function outputOf(transcript: string): string {
  const events = transcript
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line));
  return events
    .filter(([, type]) => type === 'o')
    .map(([, , text]) => text)
    .join('');
}
