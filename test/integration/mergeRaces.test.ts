import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../src/base/errors.ts';
import type { BringHome } from '../../src/client/bringHome.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { writeScript } from './support/fakeGit.ts';
import { useHomeScene } from './support/homeScene.ts';
import { withEnvironment } from './support/project.ts';

describeOnUnix('a merge while others are at work', () => {
  const scene = useHomeScene();
  let home: BringHome;
  beforeEach(async () => {
    home = await scene().home();
  });

  it('is not taken back over a commit that another git makes while it holds the lock', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    const outcome = await home.merge(scene().record, await home.plan(scene().record));
    const lock = path.join(scene().root, '.git', 'index.lock');
    const [folder, real] = [await scene().dirs.make('path'), process.env.PATH as string];
    const tried = path.join(folder, 'tried');
    await writeScript(
      path.join(folder, 'git'),
      `PATH='${real}'\ncase "$*" in *reset*) : > '${tried}';; esac\nexec git "$@"`,
    );
    await writeFile(lock, '');
    const undone = withEnvironment({ PATH: `${folder}${path.delimiter}${real}` }, async () => {
      const code = codeOf(home.undo(scene().record, outcome));
      await waitFor(() => existsSync(tried));
      await rm(lock);
      await scene().commit(scene().root, { 'theirs.txt': 't' }, 'Theirs');
      return code;
    });
    assert.deepEqual([await undone, (await scene().log())[0]], ['REF_MOVED', '<Theirs']);
  });

  it('moves the branch that another name stands for, with the files of its checkout', async () => {
    await scene().git('symbolic-ref', 'refs/heads/trunk', 'refs/heads/main');
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    const { into, checkout } = await home.merge(scene().record, await home.plan(scene().record, { into: 'trunk' }));
    assert.deepEqual([into, checkout, await scene().git('status', '--porcelain')], ['main', scene().root, '']);
  });
});

describeOnUnix('a merge whose commit is signed', () => {
  const scene = useHomeScene();

  it('moves the files of a checkout that was switched to the target meanwhile', async () => {
    await scene().commit(scene().worktree, { 'one.txt': '1' });
    await scene().git('branch', 'release');
    const program = path.join(await scene().dirs.make('sign'), 'sign');
    const made = 'echo "[GNUPG:] SIG_CREATED D 1 8 00 1 A" >&2; echo signature';
    await writeScript(
      program,
      `cat > /dev/null; unset GIT_DIR GIT_WORK_TREE; git -C '${scene().root}' switch --quiet release; ${made}`,
    );
    await scene().git('config', 'gpg.program', program);
    await scene().git('config', 'commit.gpgSign', 'true');
    const home = await scene().home();
    await home.merge(scene().record, await home.plan(scene().record, { into: 'release' }));
    assert.equal(await scene().git('status', '--porcelain', '--branch'), '## release');
  });
});

async function codeOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => 'none',
    (error) => (error instanceof HoldfastError ? error.code : String(error)),
  );
}
