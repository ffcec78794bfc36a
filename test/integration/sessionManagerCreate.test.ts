import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isIntact } from '../../src/core/checksum.ts';
import { isAlive } from '../support/processes.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { useProject } from './support/project.ts';

const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const utc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describeOnUnix('creating a session', () => {
  const project = useProject();

  it('makes a record with every field that was promised', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    const { id, ptyPid = 0, createdAt, lastActivity, startedAt = '', port, ...rest } = record;
    assert.deepEqual(
      {
        ...rest,
        id: uuidV4.test(id),
        ptyPid: isAlive(ptyPid),
        createdAt: utc.test(createdAt),
        lastActivity: utc.test(lastActivity),
        startedAt: utc.test(startedAt),
        port: typeof port,
      },
      {
        id: true,
        name: 'login',
        status: 'active',
        branch: 'feature/login',
        baseBranch: 'main',
        baseCommit: await project().git('rev-parse', 'main'),
        worktreePath: path.join(project().folder, '.worktrees', `login-${id.slice(0, 8)}`),
        ptyPid: true,
        createdAt: true,
        lastActivity: true,
        startedAt: true,
        port: 'number',
        evidence: { what: 'it was started', by: 'user', at: startedAt },
        recovery: { starts: [startedAt], quickExits: 0 },
        metadata: { ownsBranch: true },
        template: 'command',
        command: ['cat'],
        policy: { retry: 'onCrash' },
        attempts: 0,
        revision: 2,
      },
    );
  });

  it('counts names up where none is given', async () => {
    const window = await project().open();
    const names: string[] = [];
    for (let count = 0; count < 3; count++) names.push((await window.create({ command: ['cat'] })).record.name);
    const dateless = names.map((name) => name.replace(/\d{4}-\d\d-\d\d/, 'DATE'));
    assert.deepEqual(dateless, ['feature-DATE-001', 'feature-DATE-002', 'feature-DATE-003']);
  });

  it('checks the branch out in a worktree that git knows and the main checkout does not see', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    const seen = {
      branch: await git(record.worktreePath, 'branch', '--show-current'),
      commit: await git(record.worktreePath, 'rev-parse', 'HEAD'),
      files: await git(record.worktreePath, 'status', '--porcelain'),
      main: await project().git('status', '--porcelain'),
    };
    assert.deepEqual(seen, {
      branch: 'feature/login',
      commit: await project().git('rev-parse', 'main'),
      files: '',
      main: '',
    });
  });

  it('excludes the folder of the worktrees once, for this clone only', async () => {
    const window = await project().open();
    await window.create({ name: 'one', command: ['cat'] });
    await window.create({ name: 'two', command: ['cat'] });
    const exclude = await readFile(path.join(project().folder, '.git', 'info', 'exclude'), 'utf8');
    assert.deepEqual(
      exclude.split('\n').filter((line) => line.includes('worktrees')),
      ['/.worktrees/'],
    );
  });

  it('tags the worktree in git’s own folder for it', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    const gitDir = await git(record.worktreePath, 'rev-parse', '--absolute-git-dir');
    const { id, createdAt } = record;
    const tag = JSON.parse(await readFile(path.join(gitDir, 'holdfast.json'), 'utf8'));
    assert.equal(isIntact(tag), true);
    assert.deepEqual(tag, {
      sha256: tag.sha256,
      version: '1.0',
      id,
      name: 'login',
      branch: 'feature/login',
      baseBranch: 'main',
      baseCommit: await project().git('rev-parse', 'main'),
      createdAt,
      key: window.options.workplace.key,
      worktreePath: record.worktreePath,
      command: ['cat'],
      template: 'command',
      policy: { retry: 'onCrash' },
      ownsBranch: true,
    });
  });

  it('has saved the record in the window’s storage when it resolves', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    const file = JSON.parse(await readFile(path.join(window.options.storage, 'sessions.json'), 'utf8'));
    assert.deepEqual([file.version, file.sessions], ['1.0', [record]]);
  });

  it('starts the command in the folder asked for, with the environment asked for and what tells of its session', async () => {
    const window = await project().open();
    await mkdir(path.join(project().folder, 'docs'));
    await writeFile(path.join(project().folder, 'docs', 'readme'), '');
    await commitAll(project().folder);
    const out = path.join(await project().newFolder('out'), 'text');
    const command = [
      'sh',
      '-c',
      'printf "%s %s %s %s %s." "$PWD" "$COLOUR" "$HOLDFAST_SESSION_ID" "$HOLDFAST_WORKTREE" "$HOLDFAST_BRANCH" > "$OUT"; cat',
    ];
    const env = { COLOUR: 'green', OUT: out };
    const { record } = await window.create({ name: 'env', command, cwd: 'docs', env });
    const text = await waitFor(
      () => readFile(out, 'utf8').catch(() => ''),
      (content) => content.endsWith('.'),
    );
    const told = `${record.id} ${record.worktreePath} feature/env`;
    assert.equal(text, `${path.join(record.worktreePath, 'docs')} green ${told}.`);
  });

  it('starts from another branch where one is named', async () => {
    await project().git('branch', 'old', 'main');
    await project().git('commit', '--quiet', '--allow-empty', '--message=new');
    const window = await project().open();
    const { record } = await window.create({ name: 'fix', baseBranch: 'old', command: ['cat'] });
    const commit = await git(record.worktreePath, 'rev-parse', 'HEAD');
    assert.deepEqual([record.baseBranch, commit], ['old', await project().git('rev-parse', 'old')]);
  });

  it('makes a branch with the name that is given', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'fix', branch: 'hotfix/7', command: ['cat'] });
    assert.deepEqual(
      [record.branch, await git(record.worktreePath, 'branch', '--show-current')],
      ['hotfix/7', 'hotfix/7'],
    );
  });

  it('does not tie the branch to a remote one it starts from', async () => {
    const { folder } = project();
    const clone = path.join(await project().newFolder('clone'), 'clone');
    await git(folder, 'clone', '--quiet', folder, clone);
    const window = await project().open({ folder: clone });
    const { record } = await window.create({ name: 'fix', baseBranch: 'origin/main', command: ['cat'] });
    assert.equal(await git(record.worktreePath, 'for-each-ref', '--format=%(upstream)', 'refs/heads/feature/fix'), '');
  });

  it('runs in the open folder itself where no worktree is wanted', async () => {
    const window = await project().open();
    const before = await project().traces(window);
    const { record } = await window.create({ name: 'plain', command: ['cat'], worktree: false });
    const after = await project().traces(window);
    assert.deepEqual(
      { path: record.worktreePath, branch: record.branch, branches: after.branches, worktrees: after.worktrees },
      { path: project().folder, branch: '', branches: before.branches, worktrees: before.worktrees },
    );
  });

  it('finds a program that only the worktree’s own folder has', async () => {
    await project().git('checkout', '--quiet', '-b', 'tools');
    await commitProgram(project().folder, 'tools/run');
    await project().git('checkout', '--quiet', 'main');
    const window = await project().open();
    const { record } = await window.create({ name: 'tool', baseBranch: 'tools', cwd: 'tools', command: './run' });
    assert.equal(record.status, 'active');
  });
});

describeOnUnix('creating a session in a repository that lies elsewhere', () => {
  const project = useProject();

  it('makes the worktree in the folder that the user has chosen', async () => {
    const worktreesFolder = path.join(await project().newFolder('chosen'), 'deep');
    const window = await project().open({ settings: { worktreesFolder } });
    const { record } = await window.create({ name: 'fix', command: ['cat'] });
    const status = await git(record.worktreePath, 'status', '--porcelain', '--branch');
    assert.deepEqual([path.dirname(record.worktreePath), status], [worktreesFolder, '## feature/fix']);
  });

  it('makes a worktree beside a bare repository’s own files', async () => {
    const bare = path.join(await project().newFolder('bare'), 'bare.git');
    await git(project().folder, 'clone', '--quiet', '--bare', project().folder, bare);
    const window = await project().open({ folder: bare });
    const { record } = await window.create({ name: 'fix', command: ['cat'] });
    const branch = await git(record.worktreePath, 'branch', '--show-current');
    assert.deepEqual([path.dirname(record.worktreePath), branch], [path.join(bare, '.worktrees'), 'feature/fix']);
  });

  it('keeps a submodule’s worktrees in the submodule’s own folder', async () => {
    const parent = await project().newFolder('parent');
    await git(parent, 'init', '--quiet', '--initial-branch=main');
    await git(parent, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', project().folder, 'part');
    const window = await project().open({ folder: path.join(parent, 'part') });
    const { record } = await window.create({ name: 'fix', command: ['cat'] });
    assert.equal(path.dirname(record.worktreePath), path.join(parent, 'part', '.worktrees'));
  });

  it('keeps the worktrees beside the files where git’s folder is somewhere else', async () => {
    const gitDir = path.join(await project().newFolder('git'), 'dir');
    const folder = await project().newFolder('files');
    await git(folder, 'clone', '--quiet', `--separate-git-dir=${gitDir}`, project().folder, 'checkout');
    const window = await project().open({ folder: path.join(folder, 'checkout') });
    const { record } = await window.create({ name: 'fix', command: ['cat'] });
    assert.equal(path.dirname(record.worktreePath), path.join(folder, 'checkout', '.worktrees'));
  });
});

async function commitAll(folder: string): Promise<void> {
  await git(folder, 'add', '--all');
  await git(folder, 'commit', '--quiet', '--message=files');
}

async function commitProgram(folder: string, name: string): Promise<void> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, '#!/bin/sh\ncat\n');
  await chmod(file, 0o755);
  await commitAll(folder);
}
