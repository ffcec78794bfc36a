import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { EventJournal, type EventJournalOptions } from '../../../src/node/eventJournal.ts';
import { asideFile, asideFiles, journalFile } from '../../../src/node/journalFiles.ts';
import { tryLock } from '../../../src/node/lockFile.ts';
import { failure } from '../../faults/support/faults.ts';
import { replaceFileFunctions } from '../../faults/support/fileFunctions.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { itOnUnix } from '../../support/unix.ts';
import { anEvent, readNames } from '../journals.ts';

describe('a journal of events', () => {
  const dirs = useTempDirs();
  let folder: string;
  beforeEach(async () => {
    folder = path.join(await dirs.make(), 'storage');
  });

  const write = async (name: string, options: Partial<EventJournalOptions> = {}) => {
    const journal = new EventJournal({ folder, ...options });
    journal.append([anEvent(name)]);
    await journal.close();
  };

  it('is a line for each event: the length, the checksum, and the event as JSON', async () => {
    await write('one');
    const json = JSON.stringify(anEvent('one'));
    const fields = [Buffer.byteLength(json), crc32(json)].map((value) => value.toString(16).padStart(8, '0'));
    assert.equal(await readFile(journalFile(folder), 'utf8'), `${fields.join(' ')} ${json}\n`);
  });

  it('is empty where there is none', async () => {
    assert.deepEqual(await readNames(folder), { names: [], damaged: 0 });
  });

  it('makes nothing on disk before the first event', async () => {
    await new EventJournal({ folder }).close();
    await assert.rejects(stat(folder), { code: 'ENOENT' });
  });

  it('leaves nothing but its file, which only the user can read', async () => {
    await write('one');
    assert.deepEqual(await readdir(folder), ['events.journal']);
    if (process.platform !== 'win32') assert.equal((await stat(journalFile(folder))).mode & 0o777, 0o600);
  });

  it('keeps the order of what is appended while it writes', async () => {
    const journal = new EventJournal({ folder });
    const names = Array.from({ length: 50 }, (_, index) => String(index));
    for (const name of names) {
      journal.append([anEvent(name)]);
      if (Number(name) % 10 === 0) await new Promise(setImmediate);
    }
    assert.equal(await journal.flush(), true);
    await journal.close();
    assert.deepEqual(await readNames(folder), { names, damaged: 0 });
  });

  for (const [what, put] of [
    ['a link to another file', (file: string) => symlink(path.join(path.dirname(file), 'precious.txt'), file)],
    ['a pipe', (file: string) => promisify(execFile)('mkfifo', [file])],
    ['a folder', (file: string) => mkdir(file)],
  ] as const) {
    itOnUnix(`moves ${what} in its place to the quarantine, and touches nothing that it leads to`, async () => {
      await mkdir(folder);
      const precious = path.join(folder, 'precious.txt');
      await writeFile(precious, 'one line\nanother without its newline');
      await put(journalFile(folder));
      const before = await readNames(folder);
      await write('one');
      const kept = (await readdir(path.join(folder, 'quarantine'))).map((name) => name.replace(/^.*Z-/, ''));
      assert.deepEqual(
        [before.names, (await readNames(folder)).names, await readFile(precious, 'utf8'), kept.sort()],
        [[], ['one'], 'one line\nanother without its newline', ['events.journal', 'events.journal.report.json']],
      );
    });
  }

  it('goes on in the file that is there', async () => {
    for (const name of ['one', 'two']) await write(name);
    assert.deepEqual((await readNames(folder)).names, ['one', 'two']);
  });

  it('holds all events of several writers, those of each in order', async () => {
    const writers = ['a', 'b', 'c'].map((name) => ({ name, journal: new EventJournal({ folder, maxBytes: 2000 }) }));
    for (let round = 0; round < 12; round++) {
      for (const { name, journal } of writers) journal.append([anEvent(`${name}${round}`)]);
      await Promise.race(writers.map(({ journal }) => journal.flush()));
    }
    await Promise.all(writers.map(({ journal }) => journal.close()));
    const { names } = await readNames(folder);
    assert.deepEqual(
      writers.map(({ name }) => names.filter((other) => other.startsWith(name))),
      writers.map(({ name }) => Array.from({ length: 12 }, (_, round) => `${name}${round}`)),
    );
  });

  it('begins a new file before one grows too large, and keeps the newest ones', async () => {
    for (let index = 0; index < 12; index++) await write(String(index), { maxBytes: 260, maxFiles: 3 });
    assert.deepEqual((await readdir(folder)).sort(), ['events.4.journal', 'events.5.journal', 'events.journal']);
    assert.deepEqual((await readNames(folder)).names, ['6', '7', '8', '9', '10', '11']);
    assert.ok((await stat(journalFile(folder))).size <= 260);
  });

  it('is read from the first event on, each once, while files are filled and followed by new ones', async () => {
    let isWriting = true;
    const writing = (async () => {
      for (let index = 0; index < 40; index++) await write(String(index), { maxBytes: 130, maxFiles: 100 });
      isWriting = false;
    })();
    while (isWriting) {
      const { names, damaged } = await readNames(folder);
      assert.deepEqual([names, damaged], [names.map((_, index) => String(index)), 0]);
    }
    await writing;
    assert.equal((await readNames(folder)).names.length, 40);
  });

  it('cuts what was written in part off before it goes on', async () => {
    await write('one');
    await appendFile(journalFile(folder), '0000006f 1234abcd {"at":"2026');
    await write('two');
    assert.deepEqual(await readNames(folder), { names: ['one', 'two'], damaged: 0 });
  });

  it('cuts a torn end off that is longer than any record', async () => {
    await write('one');
    await appendFile(journalFile(folder), Buffer.alloc(200_000));
    await write('two');
    assert.deepEqual(await readNames(folder), { names: ['one', 'two'], damaged: 0 });
    assert.ok((await stat(journalFile(folder))).size < 1000);
  });

  it('keeps a whole last record of which only the newline is missing', async () => {
    await write('one');
    const whole = await readFile(journalFile(folder));
    await writeFile(journalFile(folder), whole.subarray(0, -1));
    await write('two');
    assert.deepEqual(await readNames(folder), { names: ['one', 'two'], damaged: 0 });
  });

  it('keeps whole records of which the last line holds more than one, though what follows was torn', async () => {
    await write('one');
    const whole = await readFile(journalFile(folder));
    await writeFile(
      journalFile(folder),
      Buffer.concat([whole.subarray(0, -1), Buffer.from('?'), whole.subarray(0, -1), whole.subarray(0, 50)]),
    );
    await write('two');
    assert.deepEqual(await readNames(folder), { names: ['one', 'one', 'two'], damaged: 1 });
  });

  it('goes on behind a last line without an end that no journal has written, and keeps it', async () => {
    await write('one');
    await appendFile(journalFile(folder), 'rubbish '.repeat(600_000));
    await write('two', { maxBytes: 10_000_000 });
    assert.deepEqual(await readNames(folder), { names: ['one', 'two'], damaged: 1 });
  });

  it('skips what is damaged in the middle, counts it, and keeps it', async () => {
    await write('one');
    await appendFile(journalFile(folder), 'not a record\n0000006f 1234abcd {"at":"2026"}\n');
    await write('two');
    assert.deepEqual(await readNames(folder), { names: ['one', 'two'], damaged: 2 });
    assert.match(await readFile(journalFile(folder), 'utf8'), /not a record/);
  });

  it('finds a record behind a torn one on the same line', async () => {
    await write('one');
    const whole = await readFile(journalFile(folder));
    await writeFile(journalFile(folder), Buffer.concat([whole.subarray(0, 40), whole]));
    assert.deepEqual(await readNames(folder), { names: ['one'], damaged: 1 });
  });

  it('reads records across the borders of its chunks, behind megabytes of rubbish', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `${index} ${'x'.repeat(5000)}`);
    const journal = new EventJournal({ folder, maxQueued: 4 * 1024 * 1024 });
    await mkdir(folder);
    await writeFile(journalFile(folder), `${'rubbish '.repeat(300_000)}\n`);
    journal.append(names.map(anEvent));
    await journal.close();
    assert.deepEqual(await readNames(folder), { names, damaged: 1 });
  });

  it('tells of a disk that refuses once, and writes what has waited when it no longer does', async () => {
    const errors: unknown[] = [];
    const journal = new EventJournal({ folder, onError: (error) => errors.push(error) });
    await writeFile(folder, 'in the way');
    for (const name of ['one', 'two']) {
      journal.append([anEvent(name)]);
      assert.equal(await journal.flush(), false);
    }
    await rm(folder);
    journal.append([anEvent('three')]);
    assert.equal(await journal.flush(), true);
    await journal.close();
    assert.deepEqual([errors.length, (await readNames(folder)).names], [1, ['one', 'two', 'three']]);
  });

  it('tells of it again where it refuses anew', async () => {
    const errors: unknown[] = [];
    const journal = new EventJournal({ folder, onError: (error) => errors.push(error) });
    for (let round = 0; round < 2; round++) {
      await writeFile(folder, 'in the way');
      journal.append([anEvent('one')]);
      await journal.flush();
      await rm(folder);
      journal.append([anEvent('two')]);
      await journal.flush();
      await rm(folder, { recursive: true });
    }
    await journal.close();
    assert.equal(errors.length, 2);
  });

  it('keeps only so many events for a disk that does not take them, and tells how many are missing', async () => {
    const journal = new EventJournal({ folder, maxQueued: 300 });
    await writeFile(folder, 'in the way');
    for (const name of ['one', 'two', 'three', 'four']) journal.append([anEvent(name)]);
    await journal.flush();
    await rm(folder);
    await journal.flush();
    await journal.close();
    assert.deepEqual((await readNames(folder)).names, ['one', 'two', 'dropped']);
    assert.match(await readFile(journalFile(folder), 'utf8'), /"type":"dropped","count":2}/);
  });

  it('drops an event that is too long for a record, and tells so', async () => {
    await write('x'.repeat(70_000));
    assert.deepEqual((await readNames(folder)).names, ['dropped']);
  });

  describe('while somebody else keeps its lock', () => {
    let release: () => Promise<unknown>;
    let blocked: EventJournal;
    let errors: unknown[];
    beforeEach(async () => {
      await write('one');
      await appendFile(journalFile(folder), 'torn');
      const attempt = await tryLock(path.join(folder, 'events.lock'));
      assert.ok('lock' in attempt);
      release = () => attempt.lock.release();
      errors = [];
      blocked = new EventJournal({ folder, maxBytes: 290, lockPatience: 20, onError: (error) => errors.push(error) });
    });
    afterEach(async () => {
      await release();
      await blocked.close();
    });

    const append = (name: string) => {
      blocked.append([anEvent(name)]);
      return blocked.flush();
    };

    it('keeps what is written, though the other cuts a torn end off that it saw before', async () => {
      const isWritten = await append('two');
      await truncate(journalFile(folder), (await readFile(journalFile(folder))).indexOf('torn'));
      assert.deepEqual([isWritten, await readNames(folder)], [true, { names: ['one', 'two'], damaged: 0 }]);
    });

    it('goes on behind what it has written in part, and takes all of it in later, in order', async () => {
      await append('two');
      const [aside] = await asideFiles(folder);
      await appendFile(String(aside), 'torn');
      await append('three');
      await release();
      await append('four');
      assert.deepEqual(
        [await readNames(folder), (await readdir(folder)).includes(path.basename(String(aside)))],
        [{ names: ['one', 'two', 'three', 'four'], damaged: 0 }, false],
      );
    });

    it('takes in but once what it cannot remove at first', async () => {
      await append('two');
      await release();
      const restore = replaceFileFunctions(['unlink'], {
        owns: (_, [file]) => String(file).includes('aside'),
        call: () => {
          throw failure('EBUSY', 'unlink');
        },
      });
      const isWritten = await append('three').finally(restore);
      await append('four');
      assert.deepEqual(
        [isWritten, (await readNames(folder)).names, await asideFiles(folder)],
        [true, ['one', 'two', 'three', 'four'], []],
      );
    });

    it('does not grow over its size, and writes what has waited later', async () => {
      const isWritten = [await append('two'), await append('three'), await append('four')];
      await release();
      await append('five');
      assert.deepEqual(
        [isWritten, errors.length, (await readNames(folder)).names],
        [[true, true, false], 1, ['one', 'two', 'three', 'four', 'five']],
      );
    });

    it('makes no more files than a journal has', async () => {
      const others = Array.from({ length: 8 }, () => asideFile(folder));
      for (const file of others) await writeFile(file, '');
      assert.deepEqual([await append('two'), (await asideFiles(folder)).length], [false, 8]);
    });

    it('leaves what a window has not taken in to be read, and makes it a file of the journal after a day', async () => {
      await append('two');
      await blocked.close();
      const [aside] = await asideFiles(folder);
      const found = [(await readNames(folder)).names];
      await release();
      const dayAgo = new Date(Date.now() - 25 * 3_600_000);
      await utimes(String(aside), dayAgo, dayAgo);
      await write('three', { maxBytes: 200 });
      found.push((await readNames(folder)).names);
      assert.deepEqual(
        [found, (await readdir(folder)).sort()],
        [
          [
            ['one', 'two'],
            ['one', 'two', 'three'],
          ],
          ['events.1.journal', 'events.2.journal', 'events.journal'],
        ],
      );
    });
  });

  it('takes in nothing once it is closed', async () => {
    const journal = new EventJournal({ folder });
    await journal.close();
    journal.append([anEvent('late')]);
    assert.equal(await journal.flush(), true);
    assert.deepEqual((await readNames(folder)).names, []);
  });
});
