import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bringAlong, linkType } from '../../src/node/broughtFiles.ts';
import { git, makeRepository } from '../support/repository.ts';
import { useTempDirs } from '../support/tempDirs.ts';

describe('bringing files into a worktree', () => {
  const dirs = useTempDirs();
  let from: string;
  let to: string;
  beforeEach(async () => {
    from = await makeRepository(await dirs.make('main'));
    to = path.join(await dirs.make('worktrees'), 'one');
    await git(from, 'worktree', 'add', '-q', to);
    await writeFile(path.join(from, '.git', 'info', 'exclude'), 'deps/\nlocal\n');
    await mkdir(path.join(from, 'deps', 'a'), { recursive: true });
    await writeFile(path.join(from, 'deps', 'a', 'file'), 'content');
    await writeFile(path.join(from, 'deps', 'last'), 'content');
    await writeFile(path.join(from, 'local'), 'content');
  });

  const deps = { path: 'deps', isFolder: true, how: 'copy' as const };
  const bring = (options: { signal?: AbortSignal; isApart?: (file: string) => boolean; entries?: (typeof deps)[] }) =>
    bringAlong(options.entries ?? [deps], {
      from,
      to,
      commonDir: path.join(from, '.git'),
      isApart: options.isApart ?? (() => false),
      signal: options.signal,
    });
  const namesIn = async (folder: string) => (await readdir(folder)).filter((name) => name !== '.git').sort();

  it('leaves nothing of a folder that was cancelled in its midst', async () => {
    const cancel = new AbortController();
    const isApart = (file: string) => {
      if (path.basename(file) === 'file') cancel.abort(new Error('cancelled'));
      return false;
    };
    await assert.rejects(bring({ signal: cancel.signal, isApart }), /cancelled/);
    assert.deepEqual(await namesIn(to), ['file-1.txt']);
  });

  it('makes anew what was cut short before, and leaves what was whole', async () => {
    const part = `.holdfast-part-${createHash('sha256').update('deps').digest('hex').slice(0, 12)}`;
    await mkdir(path.join(to, part));
    await writeFile(path.join(to, part, 'last'), 'con');
    await writeFile(path.join(to, 'local'), 'mine');
    const local = { path: 'local', isFolder: false, how: 'copy' as const };
    assert.deepEqual(await bring({ entries: [local, deps] }), []);
    assert.deepEqual(
      [
        await namesIn(to),
        await readFile(path.join(to, 'deps', 'last'), 'utf8'),
        await readFile(path.join(to, 'local'), 'utf8'),
      ],
      [['deps', 'file-1.txt', 'local'], 'content', 'mine'],
    );
  });

  it('takes nothing along that is apart', async () => {
    await mkdir(path.join(from, 'deps', 'tree'));
    await bring({ isApart: (file) => file === path.join(from, 'deps', 'tree') });
    assert.deepEqual(await namesIn(path.join(to, 'deps')), ['a', 'last']);
  });

  it('links folders on Windows as everybody may', () => {
    assert.deepEqual(
      [linkType(true, 'win32'), linkType(true, 'linux'), linkType(false, 'win32')],
      ['junction', 'dir', 'file'],
    );
  });
});
