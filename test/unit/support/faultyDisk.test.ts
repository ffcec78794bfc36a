import assert from 'node:assert/strict';
import fs, { readFileSync, renameSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Fault, type FaultKind, faultKinds } from '../../faults/support/faults.ts';
import { FaultyDisk } from '../../faults/support/faultyDisk.ts';
import { forEveryFault, type Outcome } from '../../faults/support/forEveryFault.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('the faulty disk', () => {
  const dirs = useTempDirs();
  let folder: string;
  beforeEach(async () => {
    folder = await dirs.make('disk');
    await writeFile(at('old'), 'old content');
  });
  const at = (name: string) => path.join(folder, name);

  /** Acts on a faulty disk; tells what was done and thrown, and what is there after a restart. */
  async function observe(act: () => Promise<unknown>, fault?: Fault) {
    const disk = new FaultyDisk(folder, { fault });
    let error: string | undefined;
    await act()
      .catch((thrown) => {
        error = thrown.code;
      })
      .finally(() => disk.restart());
    return { operations: disk.operations, error, files: await contents() };
  }

  async function contents(): Promise<Record<string, string>> {
    const names = (await readdir(folder)).sort();
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(at(name), 'utf8')])));
  }

  it('tells the operations of a call that is several to the system, and no reads', async () => {
    const { operations } = await observe(async () => {
      await writeFile(at('new'), 'x', { flush: true });
      await readFile(at('new'));
      await rename(at('new'), at('old'));
      await copyFile(at('old'), at('copy'));
      await rm(at('copy'));
    });
    assert.deepEqual(operations, [
      ...['open new', 'write new', 'sync new', 'close new'],
      'rename new → old',
      ...['open copy', 'write copy', 'close copy'],
      'unlink copy',
    ]);
  });

  it('counts reads, too, where it is asked to', async () => {
    const disk = new FaultyDisk(folder, { withReads: true });
    await stat(at('old'));
    await readFile(at('old'));
    disk.restart();
    assert.deepEqual(disk.operations, ['stat old', 'readFile old']);
  });

  it('sees calls of every form, through either kind of module', async () => {
    const required: typeof fs = createRequire(import.meta.url)('node:fs');
    const { operations } = await observe(async () => {
      renameSync(at('old'), at('a'));
      await promisify(required.rename)(at('a'), at('b'));
      await fs.promises.rename(at('b'), at('c'));
      const handle = await open(at('c'), 'a');
      await handle.write('x');
      await handle.sync();
      await handle.close();
    });
    assert.deepEqual(operations, [
      ...['rename old → a', 'rename a → b', 'rename b → c'],
      ...['open c', 'write c', 'sync c', 'close c'],
    ]);
  });

  it('leaves other folders, and after a restart its own, to the real file system', async () => {
    const other = await dirs.make();
    const { operations } = await observe(() => writeFile(path.join(other, 'file'), at('old')));
    await writeFile(at('old'), 'x');
    assert.deepEqual([operations, readFileSync(path.join(other, 'file'), 'utf8')], [[], at('old')]);
  });

  it('fails one operation without any effect, and no other', async () => {
    const fault: Fault = { kind: 'EIO', at: 1 };
    const act = async () => {
      await assert.rejects(rename(at('old'), at('lost')), { code: 'EIO', syscall: 'rename' });
      await rename(at('old'), at('new'));
    };
    assert.deepEqual((await observe(act, fault)).files, { new: 'old content' });
  });

  it('is full from an operation on, but for what takes no space', async () => {
    const act = async () => {
      await assert.rejects(mkdir(at('a')), { code: 'ENOSPC' });
      await assert.rejects(mkdir(at('b')), { code: 'ENOSPC' });
      await rm(at('old'));
    };
    assert.deepEqual((await observe(act, { kind: 'the disk is full from here on', at: 1 })).files, {});
  });

  it('writes half and says so: a call that writes all goes on, a single write does not', async () => {
    const fault: Fault = { kind: 'only half is written', at: 2 };
    const all = await observe(() => writeFile(at('all'), '123456'), fault);
    let written = 0;
    const single = await observe(async () => {
      const handle = await open(at('single'), 'w');
      written = (await handle.write('123456')).bytesWritten;
      await handle.close();
    }, fault);
    assert.deepEqual([all.files.all, single.files.single, written], ['123456', '123', 3]);
  });

  const interrupted = async () => {
    const handle = await open(at('new'), 'w');
    try {
      await handle.write('123456');
      await handle.write('789');
    } finally {
      await handle.close().catch(() => undefined);
      await rm(at('new'));
    }
  };

  it('is as it was when the process was killed: what follows fails and does nothing', async () => {
    const { error, files } = await observe(interrupted, { kind: 'killed after it', at: 2 });
    assert.deepEqual([error, files], ['ECRASHED', { new: '123456', old: 'old content' }]);
  });

  it('holds half of a write in whose middle the process was killed', async () => {
    const { files } = await observe(interrupted, { kind: 'killed in the middle', at: 2 });
    assert.deepEqual(files, { new: '123', old: 'old content' });
  });

  const replace = (synced: string) => async () => {
    await writeFile(at('draft'), 'new content', { flush: synced !== 'nothing' });
    await rename(at('draft'), at('old'));
    if (synced !== 'content and name') return;
    const names = await open(folder, 'r');
    await names.sync();
    await names.close();
  };
  const powerCuts: [synced: string, lastOperation: number, contentLost: string, namesLost: string][] = [
    ['nothing', 4, '', 'old content'],
    ['content', 5, 'new content', 'old content'],
    ['content and name', 6, 'new content', 'new content'],
  ];
  for (const [synced, lastOperation, contentLost, namesLost] of powerCuts) {
    const losses: [FaultKind, string][] = [['power cut after it, content lost', contentLost]];
    // On Windows names last at once.
    if (process.platform !== 'win32') losses.push(['power cut after it, names and content lost', namesLost]);
    for (const [kind, left] of losses) {
      it(`leaves “${left}” of a file that was replaced, ${synced} synced: ${kind}`, async () => {
        const { files } = await observe(replace(synced), { kind, at: lastOperation });
        assert.deepEqual(files.old, left);
      });
    }
  }

  it('keeps what was synced of a file that grew, and nothing of one that was cut off', async () => {
    await writeFile(at('journal'), 'line\n');
    const act = async () => {
      await fs.promises.appendFile(at('journal'), 'more\n');
      await writeFile(at('old'), 'new content');
    };
    const { files } = await observe(act, { kind: 'power cut after it, content lost', at: 6 });
    assert.deepEqual(files, { journal: 'line\n', old: '' });
  });

  it('fails a call that it has no model of', async () => {
    const act = () => fs.promises.symlink(at('old'), at('link'));
    await observe(act);
    assert.deepEqual(await contents(), { old: 'old content' });
  });
});

describe('trying every fault', () => {
  const dirs = useTempDirs();
  const file = (folder: string) => path.join(folder, 'file');
  const writesInPlace = async (folder: string) => {
    const handle = await open(file(folder), 'w');
    await handle.write('new content').finally(() => handle.close());
  };
  const isWhole = async ({ folder, error }: Outcome) => {
    const content = await readFile(file(folder), 'utf8');
    assert.ok(content === 'new content' || (error !== undefined && content === 'old content'), `left “${content}”`);
  };

  for (const kind of faultKinds) {
    it(`finds that writing in place is not safe: ${kind}`, async () => {
      const trial = forEveryFault({
        dirs,
        kinds: [kind],
        arrange: (folder) => writeFile(file(folder), 'old content'),
        act: writesInPlace,
        check: isWhole,
      });
      await assert.rejects(trial, /^Error: operation \d of 3, (open|write|close) file: .*\nleft “.*”/);
    });
  }

  it('acts once for each operation that a fault can strike', async () => {
    const rounds = await forEveryFault({ dirs, act: writesInPlace, check: async () => {} });
    assert.equal(rounds, 3 * (faultKinds.length - 2) + 2 + 2);
  });
});
