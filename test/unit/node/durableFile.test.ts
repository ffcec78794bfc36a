import assert from 'node:assert/strict';
import fs from 'node:fs';
import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../../src/base/errors.ts';
import {
  createDurable,
  moveDurable,
  previousVersion,
  readJson,
  toStorageError,
  writeDurable,
  writeJson,
} from '../../../src/node/durableFile.ts';
import { failure, faultKinds } from '../../faults/support/faults.ts';
import { FaultyDisk } from '../../faults/support/faultyDisk.ts';
import { replaceFileFunctions } from '../../faults/support/fileFunctions.ts';
import { forEveryFault } from '../../faults/support/forEveryFault.ts';
import { oddFiles } from '../../support/oddFiles.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { itOnUnix } from '../../support/unix.ts';

describe('a durable file', () => {
  const dirs = useTempDirs();

  it('is written with its folders, for the user alone, and nothing beside it', async () => {
    const folder = path.join(await dirs.make(), 'a', 'b');
    await writeDurable(path.join(folder, 'file'), 'content');
    const { mode } = await stat(path.join(folder, 'file'));
    assert.deepEqual([await readdir(folder), process.platform === 'win32' ? 0o600 : mode & 0o777], [['file'], 0o600]);
  });

  it('holds one of two contents that are written at once, whole', async () => {
    const file = path.join(await dirs.make(), 'file');
    const contents = ['a', 'b'].map((letter) => letter.repeat(100_000));
    await Promise.all(contents.map((content) => writeDurable(file, content)));
    assert.ok(contents.includes(await readFile(file, 'utf8')));
  });

  it('stays as it was where what is to run before it is replaced throws, with the new content whole by then', async () => {
    const file = path.join(await dirs.make(), 'file');
    await writeDurable(file, 'first');
    const seen: string[] = [];
    const refuse = async () => {
      for (const name of await readdir(path.dirname(file))) seen.push(name === 'file' ? 'first' : 'second');
      throw new HoldfastError('CONNECTION_LOST', 'superseded');
    };
    const write = writeDurable(file, 'second', { keepPrevious: true, beforeReplace: refuse });
    await assert.rejects(write, { code: 'CONNECTION_LOST' });
    const left = [await readdir(path.dirname(file)), await readFile(file, 'utf8')];
    assert.deepEqual(
      [seen.sort(), left],
      [
        ['first', 'second'],
        [['file'], 'first'],
      ],
    );
  });

  it('is an error with advice where a file is in the place of its folder', async () => {
    const file = path.join(await dirs.make(), 'file');
    await writeFile(file, 'kept');
    await assert.rejects(writeDurable(path.join(file, 'inside'), 'x'), { code: 'STORAGE_NOT_WRITABLE' });
    assert.equal(await readFile(file, 'utf8'), 'kept');
  });

  itOnUnix(
    'takes the place of a symbolic link that was planted there, and leaves alone what that leads to',
    async () => {
      const folder = await dirs.make();
      const [file, elsewhere] = [path.join(folder, 'file'), path.join(folder, 'elsewhere')];
      await writeFile(elsewhere, 'not ours');
      await symlink(elsewhere, file);
      await writeDurable(file, 'ours');
      assert.deepEqual(
        [(await lstat(file)).isFile(), await readFile(file, 'utf8'), await readFile(elsewhere, 'utf8')],
        [true, 'ours', 'not ours'],
      );
    },
  );

  it('keeps its last version beside it where that is asked for', async () => {
    const file = path.join(await dirs.make(), 'file.json');
    for (const content of ['first', 'second', 'third']) await writeDurable(file, content, { keepPrevious: true });
    const previous = previousVersion(file);
    assert.deepEqual(
      [path.basename(previous), await readFile(file, 'utf8'), await readFile(previous, 'utf8')],
      ['file.previous.json', 'third', 'second'],
    );
  });

  it('is an error where a folder is in its own place, and leaves nothing', async () => {
    const folder = await dirs.make();
    await mkdir(path.join(folder, 'file', 'inside'), { recursive: true });
    await assert.rejects(writeDurable(path.join(folder, 'file'), 'x'), { code: 'STORAGE_NOT_WRITABLE' });
    assert.deepEqual(await readdir(folder), ['file']);
  });

  it('is never written to where the system takes a link for impossible that it has made', async () => {
    const file = path.join(await dirs.make(), 'file.json');
    await writeDurable(file, 'first');
    const restore = replaceFileFunctions(['link'], {
      owns: () => true,
      call: (_, [from, to]) => {
        fs.copyFileSync(String(from), String(to));
        throw failure('EEXIST', 'link');
      },
    });
    try {
      await assert.rejects(writeDurable(file, 'second', { keepPrevious: true }), { code: 'STORAGE_NOT_WRITABLE' });
    } finally {
      restore();
    }
    assert.deepEqual([await readFile(file, 'utf8'), await readdir(path.dirname(file))], ['first', ['file.json']]);
  });

  for (const lacks of [[], ['link']]) {
    const where = lacks.length > 0 ? ', also where there are no hard links' : '';
    it(`that is to be new never takes the place of another one${where}`, async () => {
      const file = path.join(await dirs.make(), 'file');
      const disk = new FaultyDisk(path.dirname(file), { lacks });
      const contents = ['a', 'b', 'c'];
      const made = await Promise.all(contents.map((content) => createDurable(file, content)));
      disk.restart();
      assert.deepEqual(
        [contents.filter((_, index) => made[index]), await readdir(path.dirname(file))],
        [[await readFile(file, 'utf8')], ['file']],
      );
    });

    it(`that is to be new is there, whole, if and only if no error says otherwise${where}`, async () => {
      const kinds = faultKinds.filter((kind) => !kind.includes('killed') && !kind.includes('power cut'));
      await forEveryFault({
        dirs,
        kinds,
        lacks,
        act: (folder) => createDurable(path.join(folder, 'file'), 'content'),
        check: async ({ folder, error }) => {
          const found = (await readdir(folder)).includes('file') && (await readFile(path.join(folder, 'file'), 'utf8'));
          assert.equal(found, error === undefined ? 'content' : false);
        },
      });
    });
  }

  const faults: [fault: string, code: string][] = [
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EACCES', 'STORAGE_NOT_WRITABLE'],
    ['EPERM', 'STORAGE_NOT_WRITABLE'],
    ['EROFS', 'STORAGE_NOT_WRITABLE'],
    ['EBUSY', 'STORAGE_NOT_WRITABLE'],
    ['EMFILE', 'STORAGE_NOT_WRITABLE'],
    ['ENFILE', 'STORAGE_NOT_WRITABLE'],
    ['ESTALE', 'STORAGE_NOT_WRITABLE'],
    ['ETIMEDOUT', 'STORAGE_NOT_WRITABLE'],
  ];
  for (const [fault, code] of faults) {
    it(`tells ${fault} as ${code}, with the folder and what to do`, () => {
      const error = toStorageError(Object.assign(new Error('x'), { code: fault }), '/state/file');
      assert.ok(error instanceof HoldfastError);
      assert.deepEqual([error.code, error.message.includes('/state'), error.advice !== undefined], [code, true, true]);
    });
  }

  it('tells any other error as it is', () => {
    const error = new Error('x');
    assert.equal(toStorageError(error, '/state/file'), error);
  });
});

describe('a file that gets another name', () => {
  const dirs = useTempDirs();

  it('has one of both, and the new one for good if no error says otherwise', async () => {
    await forEveryFault({
      dirs,
      arrange: (folder) => writeFile(path.join(folder, 'old'), 'content'),
      act: (folder) => moveDurable(path.join(folder, 'old'), path.join(folder, 'new')),
      check: async ({ folder, error, operation }) => {
        const names = await readdir(folder);
        const isMoved = names.includes('new');
        assert.deepEqual([names.length, isMoved || error !== undefined], [1, true], operation);
      },
    });
  });

  it('may be gone by then', async () => {
    const folder = await dirs.make();
    await moveDurable(path.join(folder, 'old'), path.join(folder, 'new'));
    assert.deepEqual(await readdir(folder), []);
  });
});

describe('reading JSON', () => {
  const dirs = useTempDirs();

  it('gives back what was written', async () => {
    const file = path.join(await dirs.make(), 'file.json');
    await writeJson(file, { name: 'ü', list: [1] });
    assert.deepEqual(await readJson(file), { name: 'ü', list: [1] });
  });

  for (const [what, content] of [
    ['is not there', undefined],
    ['is empty', ''],
    ['was cut off', '{"a": 1'],
  ] as const) {
    it(`gives nothing where the file ${what}`, async () => {
      const file = path.join(await dirs.make(), 'file.json');
      if (content !== undefined) await writeFile(file, content);
      assert.equal(await readJson(file), undefined);
    });
  }

  for (const [what, plant] of oddFiles) {
    itOnUnix(`gives nothing, and waits for nothing, where ${what} is in its place`, async () => {
      const file = path.join(await dirs.make(), 'file.json');
      await plant(file);
      assert.equal(await readJson(file), undefined);
    });
  }
});
