import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../src/base/errors.ts';
import { git, makeRepository } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { writeScript } from './support/fakeGit.ts';
import { branch, bytesOf, type HomeScene, useHomeScene, write } from './support/homeScene.ts';
import { withEnvironment } from './support/project.ts';

describe('all that is not committed in a session’s worktree', () => {
  const scene = useHomeScene('pro jekt ü');

  it('is committed: changed, staged, deleted and new, with names of any kind, and no ignored file', async () => {
    const { worktree } = scene();
    await write(worktree, 'file-1.txt', 'changed');
    await rm(path.join(worktree, 'file-2.txt'));
    await write(worktree, 'Größe/ne w.txt', 'new');
    await git(worktree, 'add', '--all');
    await write(worktree, '日本.txt', 'new');
    await write(worktree, 'debug.log', 'ignored');
    const { files, commit, branch: on } = await commitAll(scene(), '  Work ö\n\n\n\nfor all \n');
    assert.deepEqual(
      [
        files,
        on,
        commit,
        await git(worktree, 'status', '--porcelain'),
        await git(worktree, 'log', '-1', '--format=%B'),
      ],
      [4, branch, await scene().at(branch), '', 'Work ö\n\nfor all'],
    );
  });

  it('leaves the main checkout as it is, dirty or not', async () => {
    await scene().write('file-1.txt', 'dirty');
    await write(scene().worktree, 'new.txt', 'new');
    const before = await bytesOf(scene().root);
    await commitAll(scene(), 'Work');
    assert.deepEqual(await bytesOf(scene().root), before);
  });

  it('is told in the journal', async () => {
    await write(scene().worktree, 'new.txt', 'new');
    const { commit } = await commitAll(scene(), 'Work');
    const { id: sessionId } = scene().record;
    assert.deepEqual(
      scene().events.map(({ at, ...event }) => event),
      [{ type: 'committed', sessionId, branch, commit, files: 1 }],
    );
  });

  const refusals: Record<string, [spoil: (scene: HomeScene) => Promise<unknown>, code: string]> = {
    'there is nothing': [async () => undefined, 'NOTHING_TO_COMMIT'],
    'only ignored files are there': [(s) => write(s.worktree, 'debug.log', 'x'), 'NOTHING_TO_COMMIT'],
    'the worktree is gone': [(s) => s.git('worktree', 'remove', s.worktree), 'NO_FOLDER'],
    'no branch is checked out': [
      async (s) => {
        await git(s.worktree, 'checkout', '--quiet', '--detach');
        await write(s.worktree, 'new.txt', 'new');
      },
      'DETACHED_HEAD',
    ],
    'a merge has conflicts': [(s) => conflict(s, 'merge'), 'MERGE_CONFLICT'],
    'a rebase is under way': [
      async (s) => {
        await conflict(s, 'rebase');
        await write(s.worktree, 'file-1.txt', 'resolved');
        await git(s.worktree, 'add', '--all');
      },
      'OPERATION_IN_PROGRESS',
    ],
    'another repository lies in it': [
      async (s) => {
        await write(s.worktree, 'new.txt', 'new');
        await makeRepository(path.join(s.worktree, 'nested'));
      },
      'LOCAL_CHANGES',
    ],
    'the index is locked for good': [
      async (s) => {
        await write(s.worktree, 'new.txt', 'new');
        await writeFile(path.join(await git(s.worktree, 'rev-parse', '--absolute-git-dir'), 'index.lock'), '');
      },
      'LOCKED',
    ],
  };
  for (const [what, [spoil, code]] of Object.entries(refusals)) {
    it(`is refused where ${what}, and changes nothing`, async () => {
      await spoil(scene());
      const before = await bytesOf(scene().worktree).catch(() => 'gone');
      const error = await errorOf(commitAll(scene(), 'Work'));
      assert.deepEqual(
        [error.code, error.data.id, await bytesOf(scene().worktree).catch(() => 'gone')],
        [code, scene().record.id, before],
      );
    });
  }

  it('is refused where a submodule has changes of its own', async () => {
    const { worktree } = scene();
    const module = await makeRepository(path.join(await scene().dirs.make('module'), 'module'));
    await git(worktree, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', module, 'sub');
    await git(worktree, 'commit', '--quiet', '-m', 'Module');
    await write(worktree, 'sub/file-1.txt', 'changed inside');
    assert.equal((await errorOf(commitAll(scene(), 'Work'))).code, 'LOCAL_CHANGES');
  });

  it('is refused without a message', async () => {
    await write(scene().worktree, 'new.txt', 'new');
    assert.equal((await errorOf(commitAll(scene(), ' \n'))).code, 'INVALID_ARGUMENT');
  });

  it('is no business of a session without a branch of its own', async () => {
    scene().record.branch = '';
    assert.equal((await errorOf(commitAll(scene(), 'Work'))).code, 'NO_WORKTREE');
  });
});

describeOnUnix('hooks of a commit of all', () => {
  const scene = useHomeScene();
  beforeEach(() => write(scene().worktree, 'new.txt', 'new'));

  it('run in the user’s own encoding, with nothing of the editor’s', async () => {
    await hook(scene(), 'pre-commit', 'echo "[$LC_ALL|$LC_CTYPE|$LANG|$VSCODE_PID|$GIT_TERMINAL_PROMPT]" > hook.log');
    const env = { LC_ALL: 'de_DE.UTF-8', LC_CTYPE: undefined, LANG: 'C', VSCODE_PID: '1' };
    await withEnvironment(env, () => commitAll(scene(), 'Work'));
    const told = await readFile(path.join(scene().worktree, 'hook.log'), 'utf8');
    assert.equal(told, '[|de_DE.UTF-8|de_DE.UTF-8||0]\n');
  });

  it('may refuse it, which is told with what they say; the files stay', async () => {
    await hook(scene(), 'commit-msg', 'echo "first line"; echo "no ticket: ö" >&2; exit 1');
    const before = await scene().at(branch);
    const error = await errorOf(commitAll(scene(), 'Work'));
    assert.deepEqual(
      [
        error.code,
        error.message,
        error.data.output,
        await scene().at(branch),
        await git(scene().worktree, 'status', '--porcelain'),
      ],
      [
        'HOOK_FAILED',
        'A hook did not let the commit be made: no ticket: ö.',
        'first line\nno ticket: ö',
        before,
        'A  new.txt',
      ],
    );
  });

  it('may change the message', async () => {
    await hook(scene(), 'prepare-commit-msg', 'echo "Signed: hook" >> "$1"');
    await commitAll(scene(), 'Work');
    assert.equal(await git(scene().worktree, 'log', '-1', '--format=%B'), 'Work\nSigned: hook');
  });

  it('can be cancelled, and then nothing is committed', async () => {
    const mark = path.join(scene().root, '.git', 'hook-runs');
    await hook(scene(), 'pre-commit', `echo > '${mark}'; exec sleep 60`);
    const before = await scene().at(branch);
    const controller = new AbortController();
    const home = await scene().home();
    const committing = errorOf(home.commitAll(scene().record, 'Work', controller.signal));
    await waitFor(() => readFile(mark, 'utf8').catch(() => ''), Boolean);
    controller.abort(new HoldfastError('CANCELLED', 'It was cancelled.'));
    const { code } = await committing;
    assert.deepEqual(
      [code, await scene().at(branch), (await bytesOf(scene().worktree))['git/index.lock']],
      ['CANCELLED', before, 'none'],
    );
  });
});

async function commitAll(scene: HomeScene, message: string) {
  return (await scene.home()).commitAll(scene.record, message);
}

async function conflict(scene: HomeScene, operation: 'merge' | 'rebase'): Promise<void> {
  await scene.commit(scene.worktree, { 'file-1.txt': 'ours' });
  await scene.commit(scene.root, { 'file-1.txt': 'theirs' });
  await git(scene.worktree, operation, '--quiet', 'main').catch(() => undefined);
}

function hook(scene: HomeScene, name: string, text: string): Promise<void> {
  return writeScript(path.join(scene.root, '.git', 'hooks', name), text);
}

async function errorOf(task: Promise<unknown>): Promise<HoldfastError> {
  return task.then(
    () => assert.fail('nothing was refused'),
    (error) => (error instanceof HoldfastError ? error : assert.fail(error)),
  );
}
