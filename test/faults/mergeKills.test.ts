import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type MergeWay, mergeWays } from '../../src/core/mergePlan.ts';
import { writeScript } from '../integration/support/fakeGit.ts';
import { bytesOf, type HomeScene, useHomeScene } from '../integration/support/homeScene.ts';
import { projectNode } from '../support/paths.ts';
import { signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { PausePoints } from './support/pausePoints.ts';

/** What the target holds then; its checkout agrees but for what the user has changed, and nothing is locked. */
const done = [['file-1.txt', 'file-2.txt', 'one.txt', 'three.txt'], 'none', ' M file-2.txt', 'dirty'];

const program = path.join(import.meta.dirname, 'programs', 'merger.ts');

describe('a merge whose process is killed', () => {
  const scene = useHomeScene();
  let points: PausePoints;
  beforeEach(async () => {
    points = new PausePoints(await scene().dirs.make('points'));
    await scene().git('branch', 'release');
    await scene().commit(scene().worktree, { 'one.txt': '1', 'file-1.txt': 'changed' }, 'One');
    await scene().commit(scene().root, { 'three.txt': '3' }, 'Three');
    await scene().git('update-ref', 'refs/heads/release', 'main');
    await scene().write('file-2.txt', 'dirty');
  });

  for (const how of mergeWays) {
    for (const into of ['release', 'main']) {
      it(`before ${into} has moved has done nothing, and is done by the next (${how})`, async () => {
        const before = await everything(scene());
        await killAt('merge-committed', into, how);
        const after = await everything(scene());
        await exit(start(into, how));
        assert.deepEqual([after, await outcome(into)], [before, done]);
      });

      it(`after ${into} has moved has done all (${how})`, async () => {
        await killAt('merge-moved', into, how);
        assert.deepEqual(await outcome(into), done);
      });
    }
  }

  describeOnUnix('while git updates files', () => {
    it('has done all once that git has ended, and left no lock', async () => {
      const { begun, goOn } = await slowCheckout();
      const child = start('main', 'merge');
      await begun();
      child.kill('SIGKILL');
      await once(child, 'exit');
      assert.deepEqual(await outcomeAfter(goOn), done);
    });

    it('has done all also where Ctrl+C was pressed in its terminal', async () => {
      const { begun, goOn } = await slowCheckout();
      const child = start('main', 'merge', { detached: true });
      await begun();
      signal(-(child.pid as number), 'SIGINT');
      await once(child, 'exit');
      assert.deepEqual(await outcomeAfter(goOn), done);
    });

    /** Has git wait in the middle of an update of `main`. */
    async function slowCheckout(): Promise<{ begun: () => Promise<unknown>; goOn: () => Promise<void> }> {
      const folder = await scene().dirs.make('filter');
      const [mark, mayGoOn] = [path.join(folder, 'waits'), path.join(folder, 'go-on')];
      const filter = path.join(folder, 'smudge');
      await writeScript(filter, `echo > '${mark}'; until [ -e '${mayGoOn}' ]; do sleep 0.02; done; exec cat`);
      await scene().git('config', 'filter.slow.smudge', filter);
      await writeFile(path.join(scene().root, '.git', 'info', 'attributes'), 'one.txt filter=slow\n');
      return {
        begun: () => waitFor(() => readFile(mark, 'utf8').catch(() => ''), Boolean),
        goOn: () => writeFile(mayGoOn, ''),
      };
    }

    async function outcomeAfter(goOn: () => Promise<void>): Promise<unknown> {
      await goOn();
      const lock = async () => (await bytesOf(scene().root))['git/index.lock'];
      await waitFor(
        async () => [await scene().git('ls-tree', '-r', '--name-only', 'main'), await lock()],
        ([files, held]) => (files ?? '').includes('one.txt') && held === 'none',
      );
      return outcome('main');
    }
  });

  function start(into: string, how: MergeWay, { detached = false } = {}): ChildProcess {
    const args = [program, scene().root, scene().worktree, into, how];
    return spawn(projectNode, args, {
      env: { ...process.env, ...points.env },
      stdio: ['ignore', 'ignore', 'inherit'],
      detached,
    });
  }

  async function killAt(point: string, into: string, how: MergeWay): Promise<void> {
    await points.ask(point);
    const child = start(into, how);
    process.kill(await points.reached(point), 'SIGKILL');
    await once(child, 'exit');
    await points.letGo(point);
  }

  /** What the target holds, whether its checkout agrees, and what of the user’s is there. */
  async function outcome(into: string): Promise<unknown> {
    const files = await scene().git('ls-tree', '-r', '--name-only', into);
    const { 'git/index.lock': lock } = await bytesOf(scene().root);
    const status = await scene().git('status', '--porcelain');
    return [files.split('\n'), lock, status, await readFile(path.join(scene().root, 'file-2.txt'), 'utf8')];
  }
});

async function exit(child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
}

async function everything(scene: HomeScene): Promise<unknown> {
  return [await bytesOf(scene.root), await bytesOf(scene.worktree), await scene.git('for-each-ref')];
}
