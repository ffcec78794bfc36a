import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { RemovalNote } from '../../src/core/removalNote.ts';
import { serializeTag, tagOf } from '../../src/core/worktreeTag.ts';
import { openArchive } from '../../src/node/archiveList.ts';
import { restoreWorktree } from '../../src/node/archiveRestore.ts';
import { RemovalNotes } from '../../src/node/removalNotes.ts';
import { findWorkplace, type GitRepository } from '../../src/node/repository.ts';
import { lockWorktree } from '../../src/node/worktreeLock.ts';
import { pictureOf } from '../integration/support/worktreePicture.ts';
import { projectNode } from '../support/paths.ts';
import { git, makeRepository } from '../support/repository.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { describeOnUnix } from '../support/unix.ts';
import { aRecord } from '../unit/records.ts';
import { PausePoints } from './support/pausePoints.ts';

const branch = 'feature/login';

describeOnUnix('the removal of a worktree, whatever happens meanwhile', () => {
  const dirs = useTempDirs();
  let root: string;
  let folder: string;
  let notesFolder: string;
  let points: PausePoints;
  let notes: RemovalNotes;
  let before: string[];
  let id: string;

  beforeEach(async () => {
    root = await makeRepository(await dirs.make('project'), { commits: 3 });
    await appendFile(path.join(root, '.git', 'info', 'exclude'), '.env\n');
    folder = path.join(await dirs.make('worktrees'), 'login');
    await git(root, 'worktree', 'add', '--quiet', '-b', branch, folder);
    notesFolder = path.join(await dirs.make('state'), 'removals');
    points = new PausePoints(await dirs.make('points'));
    notes = new RemovalNotes(notesFolder);
    const record = aRecord({ branch, worktreePath: folder, baseBranch: 'main', metadata: { ownsBranch: true } });
    id = record.id;
    await work();
    before = await pictureOf(folder);
    await notes.write(noteOf(record));
  });

  const noteOf = (session: RemovalNote['session'], fields: Partial<RemovalNote> = {}): RemovalNote => ({
    version: '1.0',
    choice: 'archive',
    session,
    root,
    askedAt: new Date().toISOString(),
    attempts: 0,
    ...fields,
  });

  const work = async () => {
    await writeFile(path.join(folder, 'file-1.txt'), 'committed');
    await git(folder, 'commit', '--quiet', '--all', '--message=work');
    await writeFile(path.join(folder, 'file-2.txt'), 'staged');
    await git(folder, 'add', '.');
    await rm(path.join(folder, 'file-3.txt'));
    await mkdir(path.join(folder, 'new'));
    for (let number = 0; number < 20; number++) await writeFile(path.join(folder, 'new', `${number}`), `${number}`);
    await writeFile(path.join(folder, '.env'), 'KEY=1');
  };

  const start = (...args: string[]) =>
    spawn(projectNode, [path.join(import.meta.dirname, 'programs', 'worktreeWorker.ts'), ...args], {
      env: { ...process.env, ...points.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  const run = async (...args: string[]) => {
    const child = start(...args);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (data) => {
      text += data;
    });
    await once(child, 'close');
    return text;
  };

  const killAt = async (point: string, ...args: string[]) => {
    await points.ask(point);
    const child = start(...args);
    const ended = once(child, 'close');
    const pid = await points.reached(point);
    process.kill(pid, 'SIGKILL');
    await ended;
    await points.letGo(point);
  };

  const remove = () => run('remove', root, id, notesFolder);

  const traces = async () => ({
    folder: existsSync(folder),
    worktrees: (await git(root, 'worktree', 'list')).split('\n').length,
    branch: (await git(root, 'branch', '--list', branch)) !== '',
    notes: await notes.list(),
  });

  const restored = async () => {
    const repository = (await findWorkplace(root)) as GitRepository;
    const archive = await openArchive(root, id);
    await git(root, 'update-ref', `refs/heads/${branch}`, archive.about.tip as string);
    await restoreWorktree({ repository, archive, path: folder, branch, isOnBranch: true });
    return pictureOf(folder);
  };

  const gone = { folder: false, worktrees: 1, branch: false, notes: [] };

  const moments = ['archive-begun', 'archive-written', 'removal-archived', 'removal-begun', 'removal-done'];
  for (const point of [...moments, 'removal-finished']) {
    it(`is finished by a second run where the first is killed at “${point}”, and nothing is lost`, async () => {
      await killAt(point, 'remove', root, id, notesFolder);
      await remove();
      assert.deepEqual([await traces(), await restored()], [gone, before]);
    });
  }

  it('takes along what was done between the two runs', async () => {
    await killAt('removal-begun', 'remove', root, id, notesFolder);
    await writeFile(path.join(folder, 'later.txt'), 'later');
    await writeFile(path.join(folder, 'file-2.txt'), 'changed later');
    await writeFile(path.join(folder, 'file-1.txt'), 'committed later');
    await git(folder, 'commit', '--quiet', '--message=later', '--', 'file-1.txt');
    const now = await pictureOf(folder);
    await remove();
    assert.deepEqual([await traces(), await restored()], [gone, now]);
  });

  it('archives again what is there where its archive was deleted between the two runs', async () => {
    await killAt('removal-begun', 'remove', root, id, notesFolder);
    await git(root, 'update-ref', '-d', `refs/holdfast/archive/${id}`);
    await remove();
    assert.deepEqual([await traces(), await restored()], [gone, before]);
  });

  it('archives again what was changed while it was archived', async () => {
    await points.ask('archive-written');
    const ended = run('remove', root, id, notesFolder);
    await points.reached('archive-written');
    await writeFile(path.join(folder, 'new', '7'), 'changed meanwhile');
    await writeFile(path.join(folder, 'late.txt'), 'late');
    const now = await pictureOf(folder);
    await points.letGo('archive-written');
    await ended;
    assert.deepEqual([await traces(), await restored()], [gone, now]);
  });

  it('goes on where git was killed in the middle: what is missing was removed, and comes back', async () => {
    await killAt('removal-begun', 'remove', root, id, notesFolder);
    await rm(path.join(folder, 'new'), { recursive: true });
    await rm(path.join(folder, 'file-1.txt'));
    await remove();
    assert.deepEqual([await traces(), await restored()], [gone, before]);
  });

  it('removes what is left in a folder that git has forgotten, and keeps what is new in it', async () => {
    await killAt('removal-begun', 'remove', root, id, notesFolder);
    await forgetHalfWay();
    await mkdir(path.join(folder, 'new'));
    await writeFile(path.join(folder, 'new', '3'), '3');
    await writeFile(path.join(folder, 'file-1.txt'), 'held open by a program');
    await remove();
    const others = (line: string) => !line.includes('file-1.txt');
    assert.deepEqual(
      [(await restored()).filter(others), await readFile(path.join(folder, 'file-1.txt'), 'utf8')],
      [before.filter(others), 'held open by a program'],
    );
  });

  for (const [what, held] of [
    ['a folder in it', () => path.join(folder, 'new')],
    ['the folder that it is in', () => path.dirname(folder)],
  ] as const) {
    it(`is finished once that can be where nothing may be removed from ${what}`, async function () {
      const letGo = await forbidRemoval(held());
      if (!letGo) return this.skip();
      const first = JSON.parse(await remove().finally(letGo));
      const noted = await notes.list();
      await remove();
      assert.deepEqual([first.isPending, noted, await traces(), await restored()], [true, [id], gone, before]);
    });
  }

  it('removes an empty folder that git could not', async () => {
    await killAt('removal-begun', 'remove', root, id, notesFolder);
    await forgetHalfWay();
    await remove();
    assert.deepEqual([await traces(), await restored()], [gone, before]);
  });

  /** Git goes on to its own notes also where it could not remove the folder itself. */
  const forgetHalfWay = async () => {
    await rm(path.join(root, '.git', 'worktrees', 'login'), { recursive: true });
    for (const name of await readdir(folder)) await rm(path.join(folder, name), { recursive: true });
  };

  for (const [what, make] of [
    ['another worktree', () => git(root, 'worktree', 'add', '--quiet', '-b', 'other', folder)],
    ['a folder', () => mkdir(folder)],
  ] as const) {
    it(`leaves alone what was put in the place of a worktree whose removal was cut short: ${what}`, async () => {
      await killAt('removal-begun', 'remove', root, id, notesFolder);
      await git(root, 'worktree', 'remove', '--force', folder);
      await make();
      await writeFile(path.join(folder, 'mine.txt'), 'mine');
      const { kept } = JSON.parse(await remove());
      assert.deepEqual(
        [kept.reason, await readFile(path.join(folder, 'mine.txt'), 'utf8'), await notes.list()],
        ['something else is in its place by now', 'mine', []],
      );
    });
  }

  it('leaves alone a worktree that another session has got meanwhile', async () => {
    await killAt('removal-begun', 'remove', root, id, notesFolder);
    const gitDir = await git(folder, 'rev-parse', '--path-format=absolute', '--git-dir');
    const other = aRecord({ id: randomUUID(), name: 'search', branch, worktreePath: folder });
    await writeFile(path.join(gitDir, 'holdfast.json'), serializeTag(tagOf(other, '0123456789abcdef'), undefined));
    await lockWorktree(root, other);
    const { kept } = JSON.parse(await remove());
    const isLocked = /^locked Holdfast session search /m.test(await git(root, 'worktree', 'list', '--porcelain'));
    assert.deepEqual([kept.reason, isLocked, await notes.list()], ['it is that of “search” by now', true, []]);
  });

  it('stays where it was to go only if nothing is lost, and something came in at the last moment', async () => {
    await git(folder, 'reset', '--quiet', '--hard', 'main');
    await git(folder, 'clean', '--quiet', '-ffdx');
    const note = (await notes.read(id)) as RemovalNote;
    await notes.write({ ...note, choice: 'auto' });
    await points.ask('removal-begun');
    const ended = run('remove', root, id, notesFolder);
    await points.reached('removal-begun');
    await writeFile(path.join(folder, 'late.txt'), 'late');
    await points.letGo('removal-begun');
    const { kept, isPending } = JSON.parse(await ended);
    await remove();
    assert.deepEqual(
      [kept.reason, isPending, await notes.list(), existsSync(path.join(folder, 'late.txt'))],
      ['something was written in it meanwhile', undefined, [], true],
    );
  });

  it('leaves the worktree as it is where something in it can be in no archive, and says what', async () => {
    await new Promise<void>((resolve, reject) =>
      spawn('mkfifo', [path.join(folder, 'pipe')]).once('close', (code) => (code === 0 ? resolve() : reject())),
    );
    const { kept } = JSON.parse(await remove());
    assert.deepEqual(
      [kept.reason, (await traces()).folder, await notes.list()],
      ['it could not be archived: pipe is neither a file nor a link', true, []],
    );
  });

  it('leaves a worktree as it is that somebody else has locked', async () => {
    await git(root, 'worktree', 'lock', '--reason', 'on a stick', folder);
    const { kept } = JSON.parse(await remove());
    assert.deepEqual([kept.reason, (await traces()).folder], ['it is locked: on a stick', true]);
  });

  it('is tried again later where git cannot do it, with all of it archived', async () => {
    const bin = await dirs.make('bin');
    await writeFile(
      path.join(bin, 'git'),
      `#!/bin/sh\nPATH='${process.env.PATH}'\ncase "$*" in "worktree remove"*) echo "fatal: Permission denied" >&2; exit 1;; esac\nexec git "$@"\n`,
    );
    await chmod(path.join(bin, 'git'), 0o755);
    const former = process.env.PATH;
    process.env.PATH = `${bin}${path.delimiter}${former}`;
    const first = JSON.parse(
      await remove().finally(() => {
        process.env.PATH = former;
      }),
    );
    const noted = await notes.read(id);
    await remove();
    assert.deepEqual(
      [first.isPending, first.kept.reason, noted?.attempts, await traces(), await restored()],
      [true, 'git worktree failed: Permission denied', 1, gone, before],
    );
  });

  for (const point of ['restore-begun', 'restore-checked-out', 'restore-written']) {
    it(`leaves a worktree that is marked as half made where it is killed while it is brought back: ${point}`, async () => {
      await remove();
      const { about } = await openArchive(root, id);
      await git(root, 'update-ref', `refs/heads/${branch}`, about.tip as string);
      await killAt(point, 'restore', root, id, folder, branch);
      const list = await git(root, 'worktree', 'list', '--porcelain');
      assert.match(list, /^locked Holdfast is restoring this worktree$/m);
    });
  }

  it('leaves nothing in the folder for temporary files', async () => {
    const temp = await dirs.make('tmp');
    const former = process.env.TMPDIR;
    process.env.TMPDIR = temp;
    await remove().finally(() => {
      process.env.TMPDIR = former;
      if (former === undefined) delete process.env.TMPDIR;
    });
    assert.deepEqual([await traces(), await readdir(temp)], [gone, []]);
  });
});

/** Returns what allows it again; undefined where that cannot be forbidden, for the superuser may do all. */
async function forbidRemoval(folder: string): Promise<(() => Promise<unknown>) | undefined> {
  if (process.getuid?.() !== 0) {
    await chmod(folder, 0o555);
    return () => chmod(folder, 0o755);
  }
  const change = (flag: string) => promisify(execFile)('chattr', [flag, folder]);
  const isForbidden = await change('+i').then(
    () => true,
    () => false,
  );
  return isForbidden ? () => change('-i') : undefined;
}
