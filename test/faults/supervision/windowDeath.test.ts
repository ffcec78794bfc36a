import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { SessionManager } from '../../../src/client/sessionManager.ts';
import { findWorkplace } from '../../../src/node/repository.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { quietSettings } from '../../integration/support/project.ts';
import { dist, machine, processEnd, programFile } from '../../integration/support/scene.ts';
import { projectNode } from '../../support/paths.ts';
import { signal } from '../../support/processes.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { numbersCommand } from '../support/numberedSession.ts';
import { itLosesNothing, type Stage } from '../support/stage.ts';

/** The points between the steps that last, and what another window finds of the session. */
const points: [point: string, found: SessionRecord['status'] | undefined][] = [
  ['creation-begun', undefined],
  ['creation-registered', 'idle'],
  ['creation-kept', 'idle'],
  ['creation-worktree-begun', 'idle'],
  ['creation-checked-out', 'idle'],
  ['creation-tagged', 'idle'],
  ['creation-started', 'active'],
];

describeOnUnix('a window that is killed while it creates a session', () => {
  itLosesNothing('leaves a whole one, or one that can be started, or nothing: at each of its steps', async (stage) => {
    await stage.numbers();
    const traces: string[] = [];
    for (const [point] of points) {
      const trace = path.join(await stage.newFolder('trace'), 'starts');
      await killedAt(stage, point, numbersCommand(trace));
      traces.push(trace);
    }
    const window = await openWindow(stage);
    const left = traces.map((trace) => window.list().find(({ command }) => command?.includes(trace)));
    for (const [index, record] of left.entries()) {
      if (!record) continue;
      const running = record.status === 'active' ? record : (await window.restart(record.id)).record;
      await stage.watch(running, traces[index] as string);
    }
    assert.deepEqual(
      points.map(([point], index) => [point, left[index]?.status]),
      points,
    );
  });
});

async function killedAt(stage: Stage, point: string, command: string[]): Promise<void> {
  const { scene, points } = stage;
  await points.ask(point);
  const args = [programFile('createSession'), scene.folder, await stage.newFolder('storage'), dist, ...command];
  const window = spawn(projectNode, args, { stdio: ['pipe', 'inherit', 'inherit'] });
  const exit = once(window, 'exit');
  const pid = await points.reached(point);
  assert.equal(pid, window.pid);
  signal(pid, 'SIGKILL');
  await Promise.all([exit, processEnd(pid)]);
  await points.letGo(point);
}

async function openWindow(stage: Stage): Promise<SessionManager> {
  const { scene } = stage;
  const window = new SessionManager({
    machine,
    workplace: await findWorkplace(scene.folder),
    folder: scene.folder,
    dist,
    storage: await stage.newFolder('storage'),
    client: { kind: 'test', pid: process.pid, version: '0.0.0' },
    settings: () => quietSettings,
  });
  scene.own(window);
  await window.load();
  await window.restore();
  return window;
}
