import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { EventJournal } from '../../src/node/eventJournal.ts';
import { asideFiles, journalFile } from '../../src/node/journalFiles.ts';
import { JournalReader } from '../../src/node/journalReader.ts';
import { tryLock } from '../../src/node/lockFile.ts';
import { projectNode } from '../support/paths.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { waitFor } from '../support/waitFor.ts';
import { anEvent, readNames } from '../unit/journals.ts';
import { rounds } from './support/extent.ts';
import { FaultyDisk } from './support/faultyDisk.ts';
import { forEveryFault } from './support/forEveryFault.ts';

const program = path.join(import.meta.dirname, 'programs', 'journalWriter.ts');
const killRounds = rounds(12, 200);
const names = ['one', 'two', 'three', 'four'];

describe('the journal of events', () => {
  const dirs = useTempDirs();
  let folder: string;
  let whole: Buffer;
  beforeEach(async () => {
    folder = await dirs.make();
    await append(folder, names);
    whole = await readFile(journalFile(folder));
  });

  it('torn at any byte gives exactly the whole records before it, and goes on behind them', async () => {
    for (let size = 0; size <= whole.length; size++) {
      await writeFile(journalFile(folder), whole.subarray(0, size));
      const kept = names.filter((_, index) => endOf(whole, index) - 1 <= size);
      assert.deepEqual(await readNames(folder), { names: kept, damaged: 0 }, `torn at ${size}`);
      await append(folder, ['new']);
      assert.deepEqual(await readNames(folder), { names: [...kept, 'new'], damaged: 0 }, `torn at ${size}, gone on`);
    }
  });

  it('with any byte flipped loses at most that record and tells nothing wrong', async () => {
    for (let at = 0; at < whole.length; at++) {
      for (const value of [(whole[at] as number) ^ 1, (whole[at] as number) ^ 0x20, 0xff, 0x0a, 0]) {
        if (value === whole[at]) continue;
        await writeFile(
          journalFile(folder),
          Buffer.concat([whole.subarray(0, at), Buffer.of(value), whole.subarray(at + 1)]),
        );
        const struck = names.filter((_, index) => at < endOf(whole, index) - 1)[0];
        const isNewline = names.some((_, index) => at === endOf(whole, index) - 1);
        const expected = names.filter((name) => isNewline || name !== struck).map(anEvent);
        assert.deepEqual(await events(folder), expected, `byte ${at} as ${value}`);
      }
    }
  });

  it('with any byte flipped goes on, and keeps all other records', async () => {
    for (let at = 0; at < whole.length; at++) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] as number) ^ 1;
      await writeFile(journalFile(folder), flipped);
      const before = await events(folder);
      await append(folder, ['new']);
      assert.deepEqual(await events(folder), [...before, anEvent('new')], `byte ${at}`);
    }
  });

  it(`holds what was synced, in order and once, of ${killRounds} writers killed beside one that goes on`, async function () {
    this.timeout(30_000 + killRounds * 1_500);
    await rm(journalFile(folder));
    const survivor = new Writer(folder, 'survivor');
    await survivor.synced(1);
    const synced = new Map<string, number>();
    for (let round = 0; round < killRounds; round++) {
      const victim = new Writer(folder, `victim${round}`);
      await victim.synced(Math.floor(Math.random() * 12));
      await victim.kill();
      synced.set(`victim${round}`, victim.last);
    }
    await survivor.end();
    synced.set('survivor', survivor.last);
    const found = await readNames(folder);
    const written = new Map([...synced.keys()].map((name) => [name, [] as number[]]));
    for (const [name, index] of found.names.map((text) => text.split(' ')))
      written.get(name as string)?.push(Number(index));
    for (const [name, numbers] of written) {
      assert.deepEqual(numbers, [...numbers.keys()], name);
      assert.ok(numbers.length > (synced.get(name) as number), `${name}: ${numbers.length} of ${synced.get(name)}`);
    }
    assert.equal(found.damaged, 0);
    assert.ok(!(await readdir(folder)).includes('events.lock'));
  });

  for (const withReads of [false, true]) {
    it(`keeps what was synced through every fault of ${withReads ? 'reading' : 'the disk'} while it is rotated`, async () => {
      let acknowledged: string[] = [];
      let errors = 0;
      const added = ['five', 'six', 'seven'];
      const count = await forEveryFault({
        dirs,
        withReads,
        arrange: (disk) => append(disk, names),
        async act(disk) {
          acknowledged = [];
          errors = 0;
          const journal = new EventJournal({ folder: disk, maxBytes: 300, lockPatience: 20, onError: () => errors++ });
          for (const [index, name] of added.entries()) {
            journal.append([anEvent(name)]);
            if (await journal.flush()) acknowledged = added.slice(0, index + 1);
          }
          await journal.close();
        },
        async check({ folder: disk }) {
          const expected = [...names, ...acknowledged];
          const found = (await readNames(disk)).names;
          assert.deepEqual(found.slice(0, expected.length), expected);
          assert.deepEqual(found, [...names, ...added].slice(0, found.length));
          assert.ok(acknowledged.length === added.length || errors > 0);
          // The process that holds it is this one, which has crashed only for the test.
          await rm(path.join(disk, 'events.lock'), { force: true });
          await append(disk, ['new']);
          assert.deepEqual(await readNames(disk), { names: [...found, 'new'], damaged: 0 });
        },
      });
      assert.ok(count > 100, `${count} rounds`);
    });
  }

  it('keeps what was synced through every fault while what was written without the lock is taken in', async () => {
    let acknowledged: string[] = [];
    const added = ['five', 'six', 'seven'];
    const count = await forEveryFault({
      dirs,
      arrange: (disk) => append(disk, names),
      async act(disk) {
        acknowledged = [];
        const journal = new EventJournal({ folder: disk, lockPatience: 5 });
        const attempt = await tryLock(path.join(disk, 'events.lock')).catch(() => undefined);
        for (const name of added) {
          if (name === 'seven' && attempt && 'lock' in attempt) await attempt.lock.release();
          journal.append([anEvent(name)]);
          if (await journal.flush()) acknowledged = added.slice(0, added.indexOf(name) + 1);
        }
        await journal.close();
      },
      async check({ folder: disk }) {
        const found = (await readNames(disk)).names;
        // Where its own file could not be removed, what was taken in is in both.
        const told = (await asideFiles(disk)).length > 0 ? [...new Set(found)] : found;
        const least = [...names, ...acknowledged];
        assert.deepEqual([told.slice(0, least.length), told], [least, [...names, ...added].slice(0, told.length)]);
      },
    });
    assert.ok(count > 100, `${count} rounds`);
  });

  it('is synced by itself some time after it was written, and not for each event', async () => {
    const disk = new FaultyDisk(folder);
    try {
      const syncs = () => disk.operations.filter((operation) => operation === 'sync events.journal').length;
      const patient = new EventJournal({ folder, syncAfter: 100_000 });
      for (const name of ['five', 'six']) {
        patient.append([anEvent(name)]);
        await waitFor(async () => (await readNames(folder)).names.includes(name));
      }
      assert.equal(syncs(), 0);
      const prompt = new EventJournal({ folder, syncAfter: 1 });
      prompt.append([anEvent('seven')]);
      await waitFor(syncs);
      assert.equal(syncs(), 1);
      await Promise.all([patient.close(), prompt.close()]);
      assert.equal(syncs(), 2);
    } finally {
      disk.restart();
    }
  });

  it('keeps through a power cut what one window has written, another has rotated away, and the first then synced', async () => {
    let isAcknowledged = false;
    let acknowledged = 0;
    let hasFailed = false;
    await forEveryFault({
      dirs,
      kinds: ['power cut after it, content lost', 'power cut after it, names and content lost'],
      arrange: (disk) => append(disk, names),
      async act(disk) {
        [isAcknowledged, hasFailed] = [false, false];
        const onError = () => {
          hasFailed = true;
        };
        const [first, second] = [1, 2].map(
          () => new EventJournal({ folder: disk, maxBytes: 600, lockPatience: 20, onError }),
        ) as [EventJournal, EventJournal];
        first.append([anEvent('five')]);
        while (!hasFailed && !(await namesOn(disk)).includes('five')) await new Promise(setImmediate);
        second.append([anEvent('six')]);
        await second.flush();
        isAcknowledged = await first.flush();
        // The power fails here, too.
        second.append([anEvent('seven')]);
        await Promise.all([first.close(), second.close()]);
      },
      async check({ folder: disk }) {
        const expected = isAcknowledged ? [...names, 'five'] : names;
        acknowledged += isAcknowledged ? 1 : 0;
        assert.deepEqual((await readNames(disk)).names.slice(0, expected.length), expected);
      },
    });
    assert.ok(acknowledged > 0);
  });
});

/** Nothing where the disk has crashed. */
async function namesOn(disk: string): Promise<string[]> {
  return (await readNames(disk).catch(() => ({ names: [] }))).names;
}

/** A process that appends to a journal. */
class Writer {
  /** The last event that it said was synced; -1 for none. */
  last = -1;
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor(folder: string, name: string) {
    this.#child = spawn(projectNode, [program, folder, name], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    this.#lines.on('line', (line) => {
      this.last = Number(line);
    });
  }

  /** Resolves once that many events were said to be synced. */
  async synced(count: number): Promise<void> {
    for (let seen = 0; seen < count; seen++) await once(this.#lines, 'line');
  }

  async kill(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }

  async end(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.stdin?.end();
    await closed;
  }
}

async function append(folder: string, added: string[]): Promise<void> {
  const journal = new EventJournal({ folder });
  journal.append(added.map(anEvent));
  assert.equal(await journal.flush(), true);
  await journal.close();
}

async function events(folder: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const event of new JournalReader(folder).read()) found.push(event);
  return found;
}

/** The offset behind a line. */
function endOf(bytes: Buffer, line: number): number {
  let end = 0;
  for (let index = 0; index <= line; index++) end = bytes.indexOf(0x0a, end) + 1;
  return end;
}
