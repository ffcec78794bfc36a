import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../src/base/errors.ts';
import type { PushOptions } from '../../src/client/bringHome.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { writeScript } from './support/fakeGit.ts';
import { branch, type HomeScene, useHomeScene, write } from './support/homeScene.ts';
import { withEnvironment } from './support/project.ts';

describe('a session’s branch is pushed', () => {
  const scene = useHomeScene();
  let remote: string;
  beforeEach(async () => {
    remote = await addRemote(scene(), 'origin');
  });

  it('by its name, and follows that from then on', async () => {
    const tip = await scene().commit(scene().worktree, { 'one.txt': '1' });
    const { state, setsUpstream, commit } = await push(scene());
    const upstream = await git(scene().worktree, 'rev-parse', '--abbrev-ref', '@{upstream}');
    assert.deepEqual(
      [state, setsUpstream, commit, await git(remote, 'rev-parse', branch), upstream],
      ['new', true, tip, tip, `origin/${branch}`],
    );
  });

  it('again, as long as it has come on', async () => {
    await push(scene());
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    const [second, third] = [await push(scene()), await push(scene())];
    assert.deepEqual([second.state, third.state, second.setsUpstream], ['updated', 'upToDate', false]);
  });

  it('to what it follows, under the name that has there', async () => {
    await git(remote, 'branch', 'review', await seed(scene(), remote));
    await scene().git('fetch', '--quiet', 'origin');
    await scene().git('branch', '--quiet', '--set-upstream-to=origin/review', branch);
    const tip = await scene().commit(scene().worktree, { 'one.txt': '1' });
    const { ref } = await push(scene());
    assert.deepEqual([ref, await git(remote, 'rev-parse', 'review')], ['refs/heads/review', tip]);
  });

  it('not onto its base, although it follows that', async () => {
    const main = await seed(scene(), remote);
    await scene().git('fetch', '--quiet', 'origin');
    await scene().git('branch', '--quiet', '--set-upstream-to=origin/main', branch);
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    const { ref } = await push(scene());
    assert.deepEqual([ref, await git(remote, 'rev-parse', 'main')], [`refs/heads/${branch}`, main]);
  });

  it('to the remote that is chosen where several are there and none is origin', async () => {
    await scene().git('remote', 'rename', 'origin', 'one');
    const other = await addRemote(scene(), 'two');
    const error = await errorOf(push(scene()));
    const { commit } = await push(scene(), { remote: 'two' });
    assert.deepEqual(
      [error.code, error.data.remotes, await git(other, 'rev-parse', branch)],
      ['NO_REMOTE', ['one', 'two'], commit],
    );
  });

  it('never by force, and is told why it was rejected', async () => {
    await push(scene());
    const theirs = await scene().commit(scene().worktree, { 'two.txt': '2' });
    await push(scene());
    await git(scene().worktree, 'reset', '--quiet', '--hard', 'HEAD~1');
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await scene().git('config', 'remote.origin.push', '+refs/heads/*:refs/heads/*');
    const error = await errorOf(push(scene()));
    assert.deepEqual(
      [error.code, error.data.isBehind, await git(remote, 'rev-parse', branch)],
      ['PUSH_REJECTED', true, theirs],
    );
  });

  it('once what the remote has alone was merged, conflicts and all', async () => {
    await scene().commit(scene().worktree, { 'file-1.txt': 'theirs' });
    const { remote: name, ref } = await push(scene());
    await git(scene().worktree, 'reset', '--quiet', '--hard', 'HEAD~1');
    await scene().commit(scene().worktree, { 'file-1.txt': 'ours' });
    const home = await scene().home();
    const merged = await home.pullHere(scene().record, { remote: name, ref });
    await write(scene().worktree, 'file-1.txt', 'both');
    await git(scene().worktree, 'commit', '--quiet', '--all', '--no-edit');
    const { state } = await push(scene());
    const [subject] = await scene().log(branch);
    assert.deepEqual(
      [merged, subject, state],
      [{ state: 'conflicts', files: ['file-1.txt'] }, `<<Merge branch 'origin/${branch}' into ${branch}`, 'updated'],
    );
  });

  it('and the journal says where to', async () => {
    const { commit } = await push(scene());
    const { id: sessionId } = scene().record;
    assert.deepEqual(
      scene().events.map(({ at, ...event }) => event),
      [{ type: 'pushed', sessionId, branch, remote: 'origin', ref: `refs/heads/${branch}`, commit }],
    );
  });

  it('also where its worktree is gone', async () => {
    await scene().git('worktree', 'remove', scene().worktree);
    assert.equal((await push(scene())).state, 'new');
  });

  it('and what cannot be reached is told', async () => {
    const nowhere = path.join(remote, 'nowhere');
    await scene().git('remote', 'set-url', 'origin', nowhere);
    const { code, message } = await errorOf(push(scene()));
    const why = `'${nowhere}' does not appear to be a git repository`;
    assert.deepEqual(
      [code, message],
      ['REMOTE_UNREACHABLE', `feature/login was not pushed, for origin cannot be reached: ${why}.`],
    );
  });

  it('and not to a remote that there is not, whose name is told beside those that there are', async () => {
    const { code, message, advice } = await errorOf(push(scene(), { remote: 'upstream' }));
    const text = 'This repository has no remote “upstream”, so feature/login was not pushed.';
    assert.deepEqual([code, message, advice], ['NO_REMOTE', text, 'It has origin.']);
  });

  it('and progress is told', async () => {
    const steps = new Set<string>();
    for (let at = 0; at < 20; at++) await write(scene().worktree, `f${at}.txt`, `${at}`);
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await push(scene(), { onProgress: ({ step }) => steps.add(step) });
    assert.ok(steps.has('Writing objects'), [...steps].join());
  });
});

describeOnUnix('a push in a repository with hooks', () => {
  const scene = useHomeScene();
  let remote: string;
  beforeEach(async () => {
    remote = await addRemote(scene(), 'origin');
  });

  it('is refused by one here', async () => {
    await writeScript(path.join(scene().root, '.git', 'hooks', 'pre-push'), 'echo "tests fail" >&2; exit 1');
    const error = await errorOf(push(scene()));
    assert.deepEqual([error.code, /tests fail/.test(String(error.data.output))], ['HOOK_FAILED', true]);
  });

  it('is refused by one there', async () => {
    await writeScript(path.join(remote, 'hooks', 'pre-receive'), 'echo "protected" >&2; exit 1');
    const error = await errorOf(push(scene()));
    assert.deepEqual(
      [error.code, error.message, /protected/.test(String(error.data.output))],
      ['PUSH_REJECTED', 'origin has rejected feature/login: pre-receive hook declined.', true],
    );
  });

  it('is cancelled, with all that it has started', async () => {
    const mark = path.join(scene().root, '.git', 'hook-runs');
    await writeScript(path.join(scene().root, '.git', 'hooks', 'pre-push'), `echo > '${mark}'; exec sleep 60`);
    const controller = new AbortController();
    const pushing = errorOf(push(scene(), { signal: controller.signal }));
    await waitFor(() => readFile(mark, 'utf8').catch(() => ''), Boolean);
    controller.abort(new HoldfastError('CANCELLED', 'It was cancelled.'));
    assert.equal((await pushing).code, 'CANCELLED');
  });

  it('is compared on the host that ssh goes to for a name of the user’s own', async () => {
    const folder = await scene().dirs.make('path');
    await writeScript(path.join(folder, 'ssh'), '[ "$*" = "-G -- github-work" ] && echo "hostname github.com"');
    const pushed = await push(scene());
    await scene().git('remote', 'set-url', 'origin', 'git@github-work:team/app.git');
    const home = await scene().home();
    const env = { PATH: `${folder}${path.delimiter}${process.env.PATH}` };
    const { url } = await withEnvironment(env, () => home.comparison(scene().record, pushed));
    assert.equal(url, 'ssh://github.com/team/app');
  });

  it('asks nobody for a password, and says how to sign in', async () => {
    const folder = await scene().dirs.make('path');
    await writeScript(
      path.join(folder, 'git-remote-closed'),
      'echo "fatal: could not read Username for x: terminal prompts disabled" >&2; exit 128',
    );
    await scene().git('remote', 'set-url', 'origin', 'closed://git.example.invalid/app.git');
    const env = { PATH: `${folder}${path.delimiter}${process.env.PATH}` };
    const error = await withEnvironment(env, () => errorOf(push(scene())));
    assert.deepEqual(
      [error.code, error.advice],
      [
        'AUTHENTICATION_FAILED',
        'Push once in a terminal (“git push origin feature/login”), so that git learns how to sign in there.',
      ],
    );
  });
});

async function push(scene: HomeScene, options: PushOptions = {}) {
  return (await scene.home()).push(scene.record, options);
}

async function addRemote(scene: HomeScene, name: string): Promise<string> {
  const folder = await scene.dirs.make('remote');
  await git(folder, 'init', '--quiet', '--bare');
  await scene.git('remote', 'add', name, folder);
  return folder;
}

/** Gives the remote what `main` has. */
async function seed(scene: HomeScene, remote: string): Promise<string> {
  await scene.git('push', '--quiet', remote, 'main');
  return scene.at('main');
}

async function errorOf(task: Promise<unknown>): Promise<HoldfastError> {
  return task.then(
    () => assert.fail('nothing was refused'),
    (error) => (error instanceof HoldfastError ? error : assert.fail(error)),
  );
}
