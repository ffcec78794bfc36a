import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import type { WorktreeSettings } from '../../src/client/worktreeSetup.ts';
import { includeFile } from '../../src/node/includedFiles.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { withGit } from './support/fakeGit.ts';
import { useProject } from './support/project.ts';

describe('files that git ignores and that a worktree needs', () => {
  const project = useProject();

  /** Commits a `.gitignore` of these lines. */
  const ignore = async (...lines: string[]) => {
    await write('.gitignore', `${lines.join('\n')}\n`);
    await project().git('add', '.gitignore');
    await project().git('commit', '-m', 'Ignore');
  };
  const write = async (file: string, content = file) => {
    const target = path.join(project().folder, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, content);
    return target;
  };
  const create = async (worktree: WorktreeSettings = {}, baseBranch?: string) => {
    const window = await project().open({ settings: { worktree, variables: {} } });
    const created = await window.create({ name: 'login', command: ['cat'], ...(baseBranch ? { baseBranch } : {}) });
    return { window, ...created, worktree: created.record.worktreePath };
  };
  const status = (worktree: string) => project().git('-C', worktree, 'status', '--porcelain');

  it('are there without any setting where most projects need them: at any depth, and no others', async () => {
    await ignore('.env*', 'node_modules/', '*.log');
    for (const file of ['.env', '.env.local', 'packages/a/.env', 'node_modules/x/.env', 'a.log']) await write(file);
    const { worktree, notice } = await create();
    assert.deepEqual([await filesIn(worktree), notice], [['.env', '.env.local', 'packages/a/.env'], undefined]);
  });

  it('are named by globs and by the repository’s own list, which may take some back', async () => {
    await ignore('/local/', '*.secret', '.env');
    for (const file of ['local/a b/ü.json', 'one.secret', 'two.secret', '.env']) await write(file);
    await write(includeFile, '# What we need\n*.secret\n!two.secret\n');
    const { worktree } = await create({ include: ['local/*/*.json'] });
    assert.deepEqual(await filesIn(worktree), ['local/a b/ü.json', 'one.secret']);
  });

  it('are never tracked or merely untracked ones, nor those of git or of other worktrees', async () => {
    await ignore('ignored', '/nested/', '/trees/');
    for (const file of ['tracked.txt', 'ignored', 'untracked', 'nested/file']) await write(file);
    await project().git('add', 'tracked.txt');
    await project().git('commit', '-m', 'Add');
    await write('tracked.txt', 'changed');
    await project().git('init', '-q', 'nested');
    await project().git('worktree', 'add', '-q', 'trees/other');
    await write('trees/kept/file');
    const { worktree } = await create({ include: ['*'] });
    assert.deepEqual(
      [await filesIn(worktree), await readFile(path.join(worktree, 'tracked.txt'), 'utf8')],
      [['ignored', 'nested/file', 'trees/kept/file'], 'tracked.txt'],
    );
  });

  it('are left out where git does not ignore them on the session’s branch, which is told', async () => {
    await project().git('branch', 'open');
    await ignore('.env');
    await write('.env');
    const { worktree, notice } = await create({}, 'open');
    assert.deepEqual(
      [await filesIn(worktree), await status(worktree), notice],
      [
        [],
        '',
        'Not everything could be brought into the worktree of “login”: .env (git does not ignore it on this branch).',
      ],
    );
  });

  it('go with the worktree again, for the main checkout has them', async () => {
    await ignore('.env', 'data/');
    await write('.env');
    await write('data/deep/file');
    const { window, record } = await create({ include: ['.env', 'data'] });
    assert.equal((await window.destroy(record.id)).kept, undefined);
  });

  it('are brought again where a session comes back in a new worktree', async () => {
    await ignore('.env');
    await write('.env');
    const { window, record } = await create();
    const saved = await window.state.save(record);
    await window.destroy(record.id);
    const restored = await window.state.loadSaved(saved.id, { start: false });
    assert.deepEqual(await filesIn(restored.record.worktreePath), ['.env']);
  });

  describeOnUnix('that are copied', () => {
    it('keep their modes, times and links', async () => {
      await ignore('deps/', '.env', 'out');
      await chmod(await write('deps/bin/tool'), 0o755);
      await utimes(await write('deps/old'), new Date(1_000_000), new Date(2_000_000));
      await symlink('../bin/tool', path.join(project().folder, 'deps', 'link'));
      await symlink('../../packages/a', path.join(project().folder, 'deps', 'package'));
      await symlink('../outside', path.join(project().folder, 'out'));
      await symlink('nowhere', path.join(project().folder, '.env'));
      await chmod(await write('deps/shut/file'), 0o400);
      await chmod(path.join(project().folder, 'deps', 'shut'), 0o500);
      const { worktree } = await create({ include: ['deps', '.env', 'out'] });
      await chmod(path.join(project().folder, 'deps', 'shut'), 0o700);
      const modeOf = async (file: string) => ((await stat(path.join(worktree, file))).mode & 0o777).toString(8);
      const targetOf = (file: string) => readlink(path.join(worktree, file));
      const found = [
        await modeOf('deps/bin/tool'),
        (await stat(path.join(worktree, 'deps/old'))).mtimeMs,
        await modeOf('deps/shut'),
        await modeOf('deps/shut/file'),
        await targetOf('deps/link'),
        await targetOf('.env'),
        await targetOf('out'),
      ];
      await chmod(path.join(worktree, 'deps/shut'), 0o700);
      assert.deepEqual(found, [
        '755',
        2_000_000,
        '500',
        '400',
        '../bin/tool',
        'nowhere',
        path.join(path.dirname(project().folder), 'outside'),
      ]);
    });

    it('lie in folders that are as closed to others as those of the main checkout', async () => {
      await ignore('/private/key');
      await write('private/key');
      await chmod(path.join(project().folder, 'private'), 0o700);
      const { worktree } = await create({ include: ['/private/key'] });
      assert.equal((await stat(path.join(worktree, 'private'))).mode & 0o777, 0o700);
    });

    it('do not replace what the branch has in their place, nor go through a link of it', async () => {
      const outside = await project().newFolder('outside');
      await write('settings/mine', 'tracked');
      await write('file', 'tracked');
      await symlink(outside, path.join(project().folder, 'config'));
      await write('.gitignore', 'settings/\nconfig/\nfile/\n');
      await project().git('add', '--force', '.');
      await project().git('commit', '-m', 'Track');
      await project().git('branch', 'tracking');
      await project().git('rm', '-rq', 'settings', 'config', 'file');
      await project().git('commit', '-m', 'Track no more');
      const files = ['settings/mine', 'settings/other', 'config/local', 'file/local'];
      for (const file of files) await write(file, 'ignored');
      const include = ['settings/', 'config/local', 'file/local'];
      const { worktree, notice } = await create({ include }, 'tracking');
      assert.deepEqual(
        [
          await readFile(path.join(worktree, 'settings/mine'), 'utf8'),
          await readFile(path.join(worktree, 'settings/other'), 'utf8'),
          await readFile(path.join(worktree, 'file'), 'utf8'),
          await readdir(outside),
          await status(worktree),
          notice?.match(/\w+\/local \([^)]*\)/g),
        ],
        [
          'tracked',
          'ignored',
          'tracked',
          [],
          '',
          [
            'config/local (git does not ignore it on this branch)',
            'file/local (something else is in the place of its folder)',
          ],
        ],
      );
    });

    it('that cannot be copied are told, and keep nothing else back', async () => {
      await ignore('deps/');
      await write('deps/a');
      // So long a path that it is one only as long as nothing comes in between.
      const room = 4_090 - project().folder.length;
      const deep = `deps/${`${'d'.repeat(9)}/`.repeat(500)}`.slice(0, room);
      await write(`${deep.slice(0, deep.lastIndexOf('/'))}/file`);
      const { worktree, notice } = await create({ include: ['deps'] });
      const said = 'Not everything could be brought into the worktree of “login”: deps/ddd';
      assert.deepEqual(
        [await readdir(path.join(worktree, 'deps')), notice?.slice(0, said.length), /ENAMETOOLONG/.test(notice ?? '')],
        [['a', 'd'.repeat(9)], said, true],
      );
    });

    it('are none that a fifo or a socket would be', async () => {
      await ignore('deps/');
      await write('deps/a');
      execFileSync('mkfifo', [path.join(project().folder, 'deps', 'pipe')]);
      const { worktree } = await create({ include: ['deps'] });
      assert.deepEqual(await readdir(path.join(worktree, 'deps')), ['a']);
    });
  });

  describe('that are linked', () => {
    it('are those of the main checkout, and no change to git', async () => {
      await ignore('node_modules/', '.cache');
      await write('node_modules/a/index.js');
      await write('.cache', 'cached');
      const { worktree } = await create({ link: ['node_modules', '.cache'] });
      assert.deepEqual(
        [
          await realpath(path.join(worktree, 'node_modules')),
          await readFile(path.join(worktree, '.cache'), 'utf8'),
          await status(worktree),
          await project().git('status', '--porcelain'),
        ],
        [await realpath(path.join(project().folder, 'node_modules')), 'cached', '', ''],
      );
    });

    it('go as links with the worktree, and what they lead to stays', async () => {
      await ignore('node_modules/', 'data');
      await write('node_modules/a/index.js');
      await write('data/precious');
      const { window, record } = await create({ link: ['node_modules', 'data'] });
      const { kept } = await window.destroy(record.id);
      const left = await Promise.all(
        ['node_modules/a/index.js', 'data/precious'].map((file) => readFile(path.join(project().folder, file), 'utf8')),
      );
      assert.deepEqual([kept, left], [undefined, ['node_modules/a/index.js', 'data/precious']]);
    });
  });

  it('are brought again where a restart makes the worktree anew, which is set up again', async () => {
    await ignore('.env', 'dist/');
    await write('.env');
    const { window, record } = await create({ setup: ['mkdir -p dist; echo again >> dist/made'] });
    const made = () => readFile(path.join(record.worktreePath, 'dist/made'), 'utf8').catch(() => '');
    const untilMade = () => waitFor(made, (text) => text === 'again\n', { what: 'the setup' });
    await untilMade();
    await window.destroy(record.id);
    const [backup] = await window.state.listBackups();
    await window.state.restoreBackup(backup?.id as string);
    assert.equal(await made(), '');
    await window.restart(record.id);
    await untilMade();
    assert.deepEqual(await filesIn(record.worktreePath), ['.env', 'dist/made']);
  });

  it('are no reason to make a session without them where git fails to tell which there are', async () => {
    await ignore('.env');
    const broken = `case "$*" in "ls-files --others"*) echo 'fatal: index file corrupt' >&2; exit 128;; esac`;
    await assert.rejects(
      withGit(project(), broken, () => create()),
      { code: 'GIT_FAILED', message: 'git ls-files failed: index file corrupt' },
    );
  });

  it('are not there in a repository without a main checkout', async () => {
    await project().git('config', 'core.bare', 'true');
    const { worktree, notice } = await create({}, 'main');
    assert.deepEqual([(await readdir(worktree)).includes('.env'), notice], [false, undefined]);
  });

  it('are not looked for where no glob leads: in a folder that is ignored as a whole', async () => {
    await ignore('node_modules/', '.env');
    await write('.env');
    await write('node_modules/a/.env');
    const folder = path.join(project().folder, 'node_modules');
    // Whoever lists a folder leaves the time in it.
    await utimes(folder, new Date(0), new Date(0));
    const { worktree } = await create();
    assert.deepEqual([await filesIn(worktree), (await stat(folder)).atimeMs], [['.env'], 0]);
  });
});

/** Files and links below that are not in the commit; with slashes. */
async function filesIn(folder: string, prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(path.join(folder, prefix), { withFileTypes: true })) {
    const name = prefix ? `${prefix}/${entry.name}` : entry.name;
    if (name === '.git' || tracked.has(name)) continue;
    if (entry.isDirectory()) found.push(...(await filesIn(folder, name)));
    else found.push(name);
  }
  return found.sort();
}

const tracked = new Set(['.gitignore', 'file-1.txt', 'tracked.txt']);
