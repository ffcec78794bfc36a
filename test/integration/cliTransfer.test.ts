import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Backup } from '../../src/client/backupFile.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { exists } from '../../src/node/exists.ts';
import { repositoryPlaces } from '../../src/node/places.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { runCli } from './support/cli.ts';
import { useProject } from './support/project.ts';
import { machine } from './support/scene.ts';

describeOnUnix('holdfast export and import', () => {
  const project = useProject();

  /** A session that runs, with a commit of its own. */
  async function start(name = 'login'): Promise<{ window: SessionManager; record: SessionRecord; commit: string }> {
    const window = await project().open();
    const { record } = await window.create({ name, command: ['cat'], env: { TOKEN: 'secret' } });
    await git(record.worktreePath, 'commit', '--quiet', '--allow-empty', '--message=work');
    return { window, record, commit: await git(record.worktreePath, 'rev-parse', 'HEAD') };
  }

  /** Another clone of the repository, with every commit and no branch but main; a window is open on it. */
  async function clone(): Promise<{ folder: string; window: SessionManager }> {
    const folder = await project().newFolder('clone');
    await git(folder, 'clone', '--quiet', project().folder, '.');
    return { folder, window: await project().open({ folder }) };
  }

  async function exportAll(...options: string[]): Promise<string> {
    const file = path.join(await project().newFolder('export'), 'sessions.json');
    const { code, stderr } = await runCli(project().folder, 'export', '-o', file, ...options);
    assert.equal(code, 0, stderr);
    return file;
  }

  it('takes sessions to another clone, each with a worktree at its commit, to be started there', async () => {
    const { record, commit } = await start();
    const file = await exportAll();
    const { folder, window } = await clone();
    const { code, stdout } = await runCli(folder, 'import', file);
    const [session] = (await window.helper.list()).records as [SessionRecord];
    assert.deepEqual(
      [code, stdout],
      [
        0,
        [
          `login: imported in a new worktree of feature/login, made anew at ${commit.slice(0, 8)}`,
          '  The file has no values for its variables TOKEN.\n',
        ].join('\n'),
      ],
    );
    assert.deepEqual(
      {
        status: session.status,
        isNew: session.id !== record.id,
        isInside: session.worktreePath.startsWith(folder),
        head: await git(session.worktreePath, 'rev-parse', 'HEAD'),
        restarted: (await window.restart(session.id)).record.status,
      },
      { status: 'idle', isNew: true, isInside: true, head: commit, restarted: 'active' },
    );
  });

  it('takes one session by its name, to standard output where no file is given', async () => {
    const { window, record } = await start();
    await window.create({ name: 'other', command: ['cat'] });
    const { stdout, stderr } = await runCli(project().folder, 'export', 'login');
    const { kind, count, sessions, repository } = JSON.parse(stdout);
    assert.deepEqual(
      { kind, count, ids: sessions.map(({ id }: SessionRecord) => id), repository, stderr },
      {
        kind: 'export',
        count: 1,
        ids: [record.id],
        repository: { name: path.basename(project().folder) },
        stderr: 'Variables whose values were left out (--with-env writes them):\n  login: TOKEN\n',
      },
    );
  });

  it('takes the values of variables where that is asked for, and never credentials of the remote', async () => {
    await start();
    await project().git('remote', 'add', 'origin', 'https://me:password@example.invalid/repo.git');
    const text = await readFile(await exportAll('--with-env'), 'utf8');
    const { repository, sessions } = JSON.parse(text);
    assert.deepEqual(
      [repository.remote, sessions[0].metadata.env, text.includes('password')],
      ['https://example.invalid/repo.git', { TOKEN: 'secret' }, false],
    );
  });

  it('replaces a file only where that is asked for', async () => {
    await start();
    const file = await exportAll();
    await writeFile(file, 'mine');
    const { code, stderr } = await runCli(project().folder, 'export', '-o', file);
    const refused = [code, await readFile(file, 'utf8'), stderr];
    const clash = `holdfast: The file ${file} exists already. Nothing was written. Choose another name, or replace it with --force. (INVALID_ARGUMENT)\n`;
    const forced = await runCli(project().folder, 'export', '-o', file, '--force');
    const { mode } = await stat(file);
    assert.deepEqual(
      [refused, forced.stdout, mode & 0o777],
      [[1, 'mine', clash], `Exported 1 session to ${file}.\n`, 0o600],
    );
  });

  it('writes neither over a folder nor into one that is not there', async () => {
    await start();
    const folder = await project().newFolder('export');
    const [over, into] = [
      await runCli(project().folder, 'export', '--force', '-o', folder),
      await runCli(project().folder, 'export', '-o', path.join(folder, 'gone', 'file')),
    ];
    assert.deepEqual(
      [over, into].map(({ code, stderr }) => [code, stderr]),
      [
        [1, `holdfast: ${folder} is no file, so nothing was written. Choose another name. (UNSAFE_FILE)\n`],
        [
          1,
          `holdfast: The folder ${folder}/gone does not exist. Nothing was written. Make it first, or choose another one. (NO_FOLDER)\n`,
        ],
      ],
    );
  });

  it('tells programs what was written and what was left out', async () => {
    const { record } = await start();
    const file = path.join(await project().newFolder('export'), 'sessions.json');
    const written = await runCli(project().folder, 'export', '-o', file, '--json');
    const again = await runCli(project().folder, 'export', '-o', file, '--json');
    const printed = await runCli(project().folder, 'export', '--json');
    assert.deepEqual(
      [JSON.parse(written.stdout), written.stderr, JSON.parse(again.stderr).code, printed.stderr],
      [{ file, sessions: 1, leftOut: { [record.id]: ['TOKEN'] } }, '', 'INVALID_ARGUMENT', ''],
    );
  });

  it('refuses options that cannot be meant', async () => {
    const [empty, force] = [
      await runCli(project().folder, 'export', '--output', ''),
      await runCli(project().folder, 'export', '--force'),
    ];
    assert.deepEqual([empty.code, force.code], [2, 2]);
  });

  it('puts no export of nothing in the place of one of something', async () => {
    const file = path.join(await project().newFolder('export'), 'good.json');
    await writeFile(file, 'good');
    const { code, stderr } = await runCli(project().folder, 'export', '-o', file, '--force', '--json');
    assert.deepEqual([code, JSON.parse(stderr).code, await readFile(file, 'utf8')], [1, 'SESSION_NOT_FOUND', 'good']);
  });

  it('refuses a pipe and a folder, and waits for neither', async () => {
    const folder = await project().newFolder('pipes');
    const pipe = path.join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const results = [await runCli(project().folder, 'import', pipe), await runCli(project().folder, 'import', folder)];
    const advice = 'Give the name of a file that was exported.';
    assert.deepEqual(
      results.map(({ code, stderr }) => [code, stderr]),
      [
        [1, `holdfast: ${pipe} cannot be read: it is no file. ${advice} (UNSAFE_FILE)\n`],
        [1, `holdfast: ${folder} cannot be read: it is a folder. ${advice} (UNSAFE_FILE)\n`],
      ],
    );
  });

  it('refuses a file that is far too long', async () => {
    const file = path.join(await project().newFolder('export'), 'long.json');
    await writeFile(file, '');
    await truncate(file, 64 * 1024 * 1024 + 1);
    const { code, stderr } = await runCli(project().folder, 'import', file);
    assert.deepEqual(
      [code, stderr],
      [
        1,
        `holdfast: ${file} cannot be read: it is larger than 64 MB. No list of sessions is so large; check its name. (INVALID_ARGUMENT)\n`,
      ],
    );
  });

  it('names the command that brings in a saved session', async () => {
    const { window } = await start();
    const { id } = JSON.parse((await runCli(project().folder, 'saved', 'save', 'login', '--json')).stdout);
    const { savedFolder } = repositoryPlaces(machine, window.options.workplace.key);
    const { code, stderr } = await runCli(project().folder, 'import', path.join(savedFolder, `${id}.json`), '--json');
    const { message, advice } = JSON.parse(stderr);
    assert.deepEqual(
      [code, /is a saved session, and no export\./.test(message), advice.includes(`holdfast saved load ${id}`)],
      [1, true, true],
    );
  });

  it('backs up what there is before it brings anything in', async () => {
    await start();
    const file = await exportAll();
    const { folder, window } = await clone();
    await window.create({ name: 'mine', command: ['cat'] });
    await runCli(folder, 'import', file);
    const backups = JSON.parse((await runCli(folder, 'backups', 'list', '--json')).stdout) as Backup[];
    assert.deepEqual(
      backups.map(({ reason, count }) => [reason, count]),
      [['import', 1]],
    );
  });

  it('takes no backup, and starts no helper, where nothing can come in', async () => {
    await start();
    const file = await exportAll();
    const plain = await project().newFolder('plain');
    const elsewhere = await runCli(plain, 'import', file);
    const here = await runCli(project().folder, 'import', file);
    const backups = JSON.parse((await runCli(project().folder, 'backups', 'list', '--json')).stdout) as Backup[];
    const { helperFile } = repositoryPlaces(machine, (await findWorkplace(plain)).key);
    assert.deepEqual(
      [elsewhere.code, here.code, await exists(helperFile), backups.filter(({ reason }) => reason === 'import')],
      [1, 0, false, []],
    );
  });

  it('starts no helper to tell what would come in', async () => {
    await start();
    const file = await exportAll();
    const folder = await project().newFolder('clone');
    await git(folder, 'clone', '--quiet', project().folder, '.');
    const { code, stdout } = await runCli(folder, 'import', file, '--dry-run');
    const { helperFile } = repositoryPlaces(machine, (await findWorkplace(folder)).key);
    assert.deepEqual(
      [code, /^login: would come in in a new worktree/.test(stdout), await exists(helperFile)],
      [0, true, false],
    );
  });

  it('tells of everything that would fail for what it is', async () => {
    const { record } = await start();
    const sessions = [
      { ...record, branch: '--upload-pack=x' },
      { ...record, branch: 'a..b' },
      { ...record, cwd: '../..' },
      { ...record, branch: 'good', worktreePath: '/nowhere/1' },
      { ...record, branch: 'good', worktreePath: '/nowhere/2' },
    ].map((session, index) => ({ ...session, id: randomUUID(), name: `s${index}` }));
    const file = path.join(await project().newFolder('export'), 'file.json');
    await writeFile(file, JSON.stringify({ version: '1.0', sessions }));
    const { folder } = await clone();
    const codes = async (...options: string[]) => {
      const { stdout } = await runCli(folder, 'import', file, '--json', ...options);
      return JSON.parse(stdout).sessions.map(({ error }: { error?: { code: string } }) => error?.code);
    };
    const expected = ['INVALID_NAME', 'INVALID_NAME', 'INVALID_ARGUMENT', undefined, 'BRANCH_EXISTS'];
    assert.deepEqual([await codes('--dry-run'), await codes()], [expected, expected]);
  });

  it('prints a name of any length shortened', async () => {
    const { record } = await start();
    const file = path.join(await project().newFolder('export'), 'file.json');
    const session = { ...record, name: 'x'.repeat(5000), branch: 'a..b', id: randomUUID() };
    await writeFile(file, JSON.stringify({ version: '1.0', sessions: [session] }));
    const { stdout } = await runCli(project().folder, 'import', file);
    assert.match(stdout, /^x{59}…: failed: /);
  });

  it('tells what would come in, and changes nothing', async () => {
    const { commit } = await start();
    const file = await exportAll();
    const { folder, window } = await clone();
    const before = await git(folder, 'branch', '--all');
    const { code, stdout } = await runCli(folder, 'import', file, '--dry-run', '--json');
    const [{ name, state, origin }] = JSON.parse(stdout).sessions;
    assert.deepEqual(
      {
        code,
        name,
        state,
        origin,
        sessions: (await window.helper.list()).records,
        branches: await git(folder, 'branch', '--all'),
      },
      { code: 0, name: 'login', state: 'planned', origin: 'commit', sessions: [], branches: before },
    );
    assert.match(await git(folder, 'cat-file', '-t', commit), /commit/);
  });

  it('leaves a session that is in the list, also where it was imported before', async () => {
    await start();
    const file = await exportAll();
    const { folder } = await clone();
    await runCli(folder, 'import', file);
    const [again, here] = [await runCli(folder, 'import', file), await runCli(project().folder, 'import', file)];
    const expected = { code: 0, stdout: 'login: is in the list already\n', stderr: '' };
    assert.deepEqual([again, here], [expected, expected]);
  });

  it('lets a session that cannot come in fail by itself', async () => {
    await start();
    await start('other');
    const file = await exportAll();
    const { folder, window } = await clone();
    await git(folder, 'checkout', '--quiet', '-b', 'feature/login');
    const { code, stdout } = await runCli(folder, 'import', file);
    assert.deepEqual(
      [
        code,
        stdout.split('\n').map((line) => line.split(',')[0]),
        (await window.helper.list()).records.map(({ name }) => name),
      ],
      [
        1,
        [
          'login: failed: “login” cannot come back',
          'other: imported in a new worktree of feature/other',
          '  The file has no values for its variables TOKEN.',
          '',
        ],
        ['other'],
      ],
    );
  });

  it('counts no maximum for sessions that do not run', async () => {
    const window = await project().open();
    for (let count = 0; count < 5; count++) await window.create({ command: ['cat'] });
    const file = await exportAll();
    const { folder } = await clone();
    assert.deepEqual(
      [(await runCli(folder, 'import', file)).code, (await runCli(folder, 'ls')).stdout.split('\n').length],
      [0, 7],
    );
  });

  it('refuses a damaged file, and takes what is sound in it where that is asked for', async () => {
    await start();
    await start('other');
    const file = await exportAll();
    await writeFile(file, (await readFile(file, 'utf8')).replace('"name": "other"', '"name": "ether"'));
    const { folder } = await clone();
    const [refused, salvaged, again] = [
      await runCli(folder, 'import', file),
      await runCli(folder, 'import', file, '--salvage'),
      await runCli(folder, 'import', file, '--salvage', '--json'),
    ];
    assert.deepEqual(
      {
        refused,
        code: salvaged.code,
        problems: salvaged.stderr,
        imported: salvaged.stdout.split(':')[0],
        json: [again.code, again.stderr, JSON.parse(again.stdout).problems],
      },
      {
        refused: {
          code: 1,
          stdout: '',
          stderr: `holdfast: ${file} is damaged: its checksum is wrong. Nothing was changed. --salvage brings in what is sound in it: login. (DAMAGED_FILE)\n`,
        },
        code: 1,
        json: [1, '', ['its checksum is wrong', '“ether” is not as it was written']],
        problems: `Not sound in ${file}: its checksum is wrong.\nNot sound in ${file}: “ether” is not as it was written.\n`,
        imported: 'login',
      },
    );
  });

  const files: [what: string, text: string | undefined, code: string][] = [
    ['is not there', undefined, 'INVALID_ARGUMENT'],
    ['is empty', '', 'DAMAGED_FILE'],
    ['is no list of sessions', '{"name":"package"}', 'INVALID_ARGUMENT'],
    ['is a list of something else', '[]', 'INVALID_ARGUMENT'],
    ['was cut off', '{"version":"1.0","sess', 'DAMAGED_FILE'],
    ['is of a newer version', '{"version":"2.0","sessions":[]}', 'NEWER_FORMAT'],
    ['holds a record that is none', '{"version":"1.0","sessions":[{"name":"x"}]}', 'DAMAGED_FILE'],
  ];
  for (const [what, text, code] of files) {
    it(`refuses a file that ${what}`, async () => {
      const file = path.join(await project().newFolder('export'), 'file.json');
      if (text !== undefined) await writeFile(file, text);
      const results = [
        await runCli(project().folder, 'import', file, '--json'),
        await runCli(project().folder, 'import', file, '--salvage', '--json'),
      ];
      assert.deepEqual(
        results.map((result) => [result.code, JSON.parse(result.stderr).code]),
        [
          [1, code],
          [1, code],
        ],
      );
    });
  }

  it('refuses a command that would start outside the worktree', async () => {
    const { record } = await start();
    const text = JSON.stringify({ version: '1.0', sessions: [{ ...record, cwd: '../..' }] });
    const file = path.join(await project().newFolder('export'), 'file.json');
    await writeFile(file, text);
    const { folder, window } = await clone();
    const { code, stdout } = await runCli(folder, 'import', file, '--json');
    assert.deepEqual(
      [code, JSON.parse(stdout).sessions[0].error.code, (await window.helper.list()).records],
      [1, 'INVALID_ARGUMENT', []],
    );
  });
});
