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
      const { told, before } = await mergeWhile('merge-looked', into, intrude);
      assert.deepEqual([told, await everything(scene())], [code, before]);
    });
  }

  it('moves its target alone where that switches its checkout to another branch in time', async () => {
    const { told, before } = await mergeWhile('merge-committed', 'main', (s) => s.git('switch', '-q', '-c', 'else'));
    const [merged, target] = [await scene().git('rev-parse', 'main^2'), await scene().git('rev-parse', 'main^')];
    assert.deepEqual(
      [told, merged, target, await checkoutOf(scene())],
      ['done', await scene().git('rev-parse', 'feature/login'), await scene().git('rev-parse', 'release'), before[0]],
    );
  });

  async function mergeWhile(point: string, into: string, intrude: (scene: HomeScene) => Promise<unknown>) {
    await points.ask(point);
    const args = [program, scene().root, scene().worktree, into, 'merge'];
    const child = spawn(projectNode, args, {
      env: { ...process.env, ...points.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await points.reached(point);
    await intrude(scene());
    const before = await everything(scene());
    const told = text(child.stdout);
    await points.letGo(point);
    return { told: await told, before };
  }
});

async function everything(scene: HomeScene): Promise<[checkout: unknown, refs: string]> {
  return [await checkoutOf(scene), await scene.git('for-each-ref')];
}

function checkoutOf({ root }: HomeScene): Promise<unknown> {
  return bytesOf(root);
}
