import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { PausePoints } from '../../faults/support/pausePoints.ts';
import { projectNode } from '../../support/paths.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('a pause point', () => {
  const dirs = useTempDirs();
  let points: PausePoints;
  let passer: ChildProcess;
  beforeEach(async () => {
    points = new PausePoints(await dirs.make('points'));
    await points.ask('another-point');
  });
  afterEach(async () => {
    passer.stdin?.end();
    await once(passer, 'exit');
  });

  it('is passed where no test asks for it', async () => {
    start({});
    assert.equal(await said(), '1\n');
  });

  it('stops the process that a test asked to wait there, once, until it is let go', async () => {
    await points.ask('some-point');
    start(points.env);
    const pid = await points.reached('some-point');
    const before = passer.stdout?.read();
    await points.letGo('some-point');
    const first = await said();
    passer.stdin?.write('again');
    assert.deepEqual([pid, before, first, await said()], [passer.pid, null, '1\n', '2\n']);
  });

  function start(env: NodeJS.ProcessEnv): void {
    passer = spawn(projectNode, [path.join(import.meta.dirname, 'programs', 'passer.ts')], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  }

  async function said(): Promise<string> {
    if (passer.stdout?.readableLength === 0) await once(passer.stdout, 'readable');
    return String(passer.stdout?.read());
  }
});
