import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { bytesOf, type HomeScene, useHomeScene } from '../integration/support/homeScene.ts';
import { projectNode } from '../support/paths.ts';
import { PausePoints } from './support/pausePoints.ts';

const program = path.join(import.meta.dirname, 'programs', 'merger.ts');

describe('a merge during which somebody else is at work', () => {
  const scene = useHomeScene();
  let points: PausePoints;
  beforeEach(async () => {
    points = new PausePoints(await scene().dirs.make('points'));
    await scene().git('branch', 'release');
    await scene().commit(scene().worktree, { 'one.txt': '1', 'two.log': '2' }, 'One');
  });

  const intrusions: Record<string, [into: string, intrude: (scene: HomeScene) => Promise<unknown>, code: string]> = {
    'moves a target that is checked out nowhere': [
      'release',
      async (s) =>
        s.git(
          'update-ref',
          'refs/heads/release',
          await s.git('commit-tree', '-p', 'release', '-m', 'x', 'release^{tree}'),
        ),
      'REF_MOVED',
    ],
    'takes such a target back': ['release', (s) => s.git('update-ref', 'refs/heads/release', 'release~1'), 'REF_MOVED'],
    'commits in the target’s checkout': ['main', (s) => s.commit(s.root, { 'mine.txt': 'x' }), 'REF_MOVED'],
    'switches that checkout to another branch': ['main', (s) => s.git('switch', '--quiet', '-c', 'else'), 'REF_MOVED'],
    'writes a file there that is merged': ['main', (s) => s.write('one.txt', 'mine'), 'LOCAL_CHANGES'],
    'writes an ignored file there that is merged': ['main', (s) => s.write('two.log', 'mine'), 'LOCAL_CHANGES'],
  };
  for (const [what, [into, intrude, code]] of Object.entries(intrusions)) {
    it(`is refused where that ${what}, and changes nothing`, async () => {
      await points.ask('merge-committed');
      const args = [program, scene().root, scene().worktree, into, 'merge'];
      const child = spawn(projectNode, args, {
        env: { ...process.env, ...points.env },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await points.reached('merge-committed');
      await intrude(scene());
      const before = await everything(scene());
      const told = text(child.stdout);
      await points.letGo('merge-committed');
      assert.deepEqual([await told, await everything(scene())], [code, before]);
    });
  }
});

async function everything(scene: HomeScene): Promise<unknown> {
  return [await bytesOf(scene.root), await scene.git('for-each-ref')];
}
