import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CreateSessionOptions } from '../../src/client/sessionCreation.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { type Project, useProject, withEnvironment } from './support/project.ts';
import { dist } from './support/scene.ts';

describeOnUnix('a session that cannot be created', () => {
  const project = useProject();

  it('says that the limit is reached, and how to go on', async () => {
    const window = await project().open({ settings: { maxSessions: 4 } });
    for (let count = 0; count < 4; count++) await window.create({ command: ['cat'] });
    assert.deepEqual(await failure(project(), window, { command: ['cat'] }), {
      code: 'MAX_SESSIONS',
      text: 'Maximum 4 sessions supported. Destroy a session to create a new one.',
      left: 'nothing',
    });
  });

  const commands: [what: string, command: string | string[], word: string][] = [
    ['a line', 'no-such-program --flag', 'no-such-program'],
    ['an argument vector', ['no-such-program'], 'no-such-program'],
    ['a file that is not there', './no/such/file', './no/such/file'],
  ];
  for (const [what, command, word] of commands) {
    it(`names the command that was not found: ${what}`, async () => {
      assert.deepEqual(await failure(project(), await project().open(), { command }), {
        code: 'COMMAND_NOT_FOUND',
        text: `The command “${word}” was not found. Nothing was created. Check its spelling, or install it so that it is on your PATH.`,
        left: 'nothing',
      });
    });
  }

  it('names the shell that was not found', async () => {
    const window = await project().open({ settings: { shell: '/no/such/shell' } });
    const { code, left } = await failure(project(), window, {});
    assert.deepEqual({ code, left }, { code: 'COMMAND_NOT_FOUND', left: 'nothing' });
  });

  it('says where a branch is checked out already', async () => {
    assert.deepEqual(await failure(project(), await project().open(), { branch: 'main', command: ['cat'] }), {
      code: 'BRANCH_EXISTS',
      text: `The branch main is checked out in ${project().folder}. Choose another branch, or run the session without a worktree.`,
      left: 'nothing',
    });
  });

  it('names the branch that leaves no room for its own', async () => {
    await project().git('branch', 'feature');
    assert.deepEqual(await failure(project(), await project().open(), { name: 'x', command: ['cat'] }), {
      code: 'BRANCH_EXISTS',
      text: 'The branch feature/x cannot be made beside the branch feature. Rename that one, or choose another branch.',
      left: 'nothing',
    });
  });

  for (const branch of ['a..b', '-x', '@{-1}', 'HEAD']) {
    it(`refuses ${branch} as the name of a branch`, async () => {
      const { code, left } = await failure(project(), await project().open(), { branch, command: ['cat'] });
      assert.deepEqual({ code, left }, { code: 'INVALID_NAME', left: 'nothing' });
    });
  }

  for (const baseBranch of ['no-such-branch', '--force']) {
    it(`refuses to start from “${baseBranch}”`, async () => {
      const { code, text, left } = await failure(project(), await project().open(), { baseBranch, command: ['cat'] });
      const expected = `There is no branch or commit “${baseBranch}” to start from. Check its spelling.`;
      assert.deepEqual({ code, text, left }, { code: 'INVALID_ARGUMENT', text: expected, left: 'nothing' });
    });
  }

  for (const cwd of ['..', '../..', '/etc', 'docs/../../x']) {
    it(`refuses to start in ${cwd}, which is not inside the worktree`, async () => {
      assert.deepEqual(await failure(project(), await project().open(), { cwd, command: ['cat'] }), {
        code: 'INVALID_ARGUMENT',
        text: `The folder ${cwd} is not inside the worktree. Give a path relative to the worktree.`,
        left: 'nothing',
      });
    });
  }

  it('says which folder of the worktree does not exist', async () => {
    const { code, left } = await failure(project(), await project().open(), { cwd: 'no/such', command: ['cat'] });
    assert.deepEqual({ code, left }, { code: 'NO_FOLDER', left: 'nothing' });
  });

  it('says that git is missing', async () => {
    const window = await project().open();
    const attempt = () => failure(project(), window, { command: ['/bin/cat'] });
    assert.deepEqual(await withPath(project(), {}, attempt), {
      code: 'GIT_MISSING',
      text: 'git was not found. Install git, or start the editor from a shell that has it on its PATH.',
      left: 'nothing',
    });
  });

  it('says why git could not make the worktree', async () => {
    await hook(project(), 'post-checkout', 'echo "fatal: no large files here" >&2; exit 1');
    const { code, text, left } = await failure(project(), await project().open(), { command: ['cat'] });
    assert.deepEqual(
      { code, text, left },
      {
        code: 'GIT_FAILED',
        text: 'git worktree failed: no large files here',
        left: 'nothing',
      },
    );
  });

  it('says that the window’s storage cannot be written', async () => {
    const file = path.join(await project().newFolder('file'), 'file');
    await writeFile(file, '');
    const window = await project().open({ storage: path.join(file, 'storage') });
    const { code, left } = await failure(project(), window, { command: ['cat'] });
    assert.deepEqual({ code, left }, { code: 'STORAGE_NOT_WRITABLE', left: 'nothing' });
  });

  it('ends the process that ran already when the storage fails at the last moment', async () => {
    const storage = path.join(await project().newFolder('parent'), 'storage');
    const window = await project().open({ storage });
    window.onChange((record) => {
      if (record?.status !== 'active') return;
      rmSync(storage, { recursive: true });
      writeFileSync(storage, '');
    });
    const { code, left } = await failure(project(), window, { command: ['cat'] });
    assert.deepEqual({ code, left }, { code: 'STORAGE_NOT_WRITABLE', left: 'nothing' });
  });

  it('points to the log of a session host that does not start', async () => {
    const window = await project().open({ dist: await brokenDist(project(), 'host.cjs') });
    const { code, text, left } = await failure(project(), window, { command: ['cat'] });
    assert.deepEqual(
      { code, hasLog: /Its log is .*host\.log/.test(text), left },
      {
        code: 'HOST_START_FAILED',
        hasLog: true,
        left: 'nothing',
      },
    );
  });

  it('points to the log of a helper that does not start', async () => {
    const window = await project().open({ dist: await brokenDist(project(), 'helper.cjs') });
    const error = await rejection(window, { command: ['cat'] });
    assert.deepEqual([error.code, /Its log is .*helper\.log/.test(error.text)], ['HELPER_START_FAILED', true]);
  });
});

describeOnUnix('a session in a folder without git', () => {
  const project = useProject('folder');

  const wishes: CreateSessionOptions[] = [
    { worktree: true },
    { branch: 'topic' },
    { baseBranch: 'main' },
    { base: 'default' },
    { adoptWorktree: 'there' },
  ];
  for (const wish of wishes) {
    it(`is refused the worktree that ${JSON.stringify(wish)} asks for, with advice`, async () => {
      assert.deepEqual(await failure(project(), await project().open(), { command: ['cat'], ...wish }), {
        code: 'NOT_A_REPOSITORY',
        text: `${project().folder} is not a git repository. Run the session without a worktree, or initialize a repository first.`,
        left: 'nothing',
      });
    });
  }

  it('runs in the folder itself, whatever the settings say of worktrees', async () => {
    const worktree = { base: 'default', fetch: true, submodules: 'init' } as const;
    const window = await project().open({ settings: { worktree, worktreesFolder: '.git' } });
    const { record } = await window.create({ name: 'plain', command: ['cat'] });
    const { status, branch, baseBranch, worktreePath } = record;
    assert.deepEqual(
      { status, branch, baseBranch, worktreePath },
      {
        status: 'active',
        branch: '',
        baseBranch: '',
        worktreePath: project().folder,
      },
    );
  });
});

describeOnUnix('a session in a repository without a commit', () => {
  const project = useProject({ commits: 0 });

  it('is refused a worktree, with advice', async () => {
    assert.deepEqual(await failure(project(), await project().open(), { command: ['cat'] }), {
      code: 'NO_COMMITS',
      text: 'This repository has no commit yet, so there is nothing to branch from. Make a first commit, or run the session without a worktree.',
      left: 'nothing',
    });
  });

  it('runs without a worktree', async () => {
    const { record } = await (await project().open()).create({ worktree: false, command: ['cat'] });
    assert.equal(record.status, 'active');
  });
});

describeOnUnix('a session in a repository with a detached HEAD', () => {
  const project = useProject({ head: 'detached' });

  it('is refused, with the commit to start from', async () => {
    const error = await rejection(await project().open(), { command: ['cat'] });
    assert.deepEqual([error.code, error.data], ['DETACHED_HEAD', { commit: await project().git('rev-parse', 'HEAD') }]);
  });

  it('starts from that commit where it is named', async () => {
    const commit = await project().git('rev-parse', 'HEAD');
    const { record } = await (await project().open()).create({ baseBranch: commit, command: ['cat'] });
    assert.deepEqual([record.baseBranch, await git(record.worktreePath, 'rev-parse', 'HEAD')], [commit, commit]);
  });
});

describeOnUnix('a folder that cannot be opened', () => {
  const project = useProject();

  const problems: [what: string, code: string, open: () => Promise<unknown>][] = [
    ['for want of git', 'GIT_MISSING', () => withPath(project(), {}, () => project().open())],
    [
      'for a git that is too old',
      'GIT_TOO_OLD',
      () => withPath(project(), { git: 'echo git version 2.30.9' }, () => project().open()),
    ],
    ['because it is gone', 'NO_FOLDER', () => project().open({ folder: path.join(project().folder, 'gone') })],
    [
      'because git does not trust its owner',
      'GIT_FAILED',
      () => withEnvironment({ GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' }, () => project().open()),
    ],
  ];
  for (const [what, code, open] of problems) {
    it(`says so ${what}`, async () => {
      await assert.rejects(open, { code });
    });
  }
});

type HoldfastFailure = Error & { code: string; text: string; data: unknown };

async function rejection(window: SessionManager, options: CreateSessionOptions): Promise<HoldfastFailure> {
  try {
    await window.create(options);
  } catch (error) {
    return error as HoldfastFailure;
  }
  throw new Error('The session was created.');
}

/** The error of an attempt, and what there is after it that was not there before. */
async function failure(project: Project, window: SessionManager, options: CreateSessionOptions) {
  await window.helper.connect();
  const path = { PATH: originalPath };
  const before = await withEnvironment(path, () => project.traces(window));
  const { code, text } = await rejection(window, options);
  const after = await withEnvironment(path, () => project.traces(window));
  try {
    assert.deepEqual(after, before);
    return { code, text, left: 'nothing' };
  } catch (difference) {
    return { code, text, left: (difference as Error).message };
  }
}

const originalPath = process.env.PATH;

/** Runs `task` with a PATH that holds these shell scripts and nothing else. */
async function withPath<T>(project: Project, scripts: Record<string, string>, task: () => Promise<T>): Promise<T> {
  const folder = await project.newFolder('path');
  for (const [name, text] of Object.entries(scripts)) await script(path.join(folder, name), text);
  return withEnvironment({ PATH: folder }, task);
}

async function hook(project: Project, name: string, text: string): Promise<void> {
  await script(path.join(project.folder, '.git', 'hooks', name), text);
}

async function script(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
}

/** The built programs, one of which ends as soon as it is started. */
async function brokenDist(project: Project, program: string): Promise<string> {
  const folder = await project.newFolder('dist');
  for (const name of await readdir(dist)) {
    if (/^(helper|host|version|prebuilds|worker|conpty)/.test(name)) {
      await cp(path.join(dist, name), path.join(folder, name), { recursive: true });
    }
  }
  await writeFile(path.join(folder, program), 'process.exit(1);\n');
  return folder;
}
