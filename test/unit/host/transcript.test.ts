import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { Transcript } from '../../../src/host/transcript.ts';
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

  const begin = (options: { maxBytes?: number } = {}) =>
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
    assert.match(marks[0]?.[2] ?? 'none', /^\d+ characters were not recorded: the disk was too slow$/);
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
