import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lookPauses, lookUntil, signalEach } from '../../../src/node/processEnd.ts';
import { identify } from '../../../src/node/processIdentity.ts';
import { endGroup } from '../../support/processes.ts';

describe('a hangup', () => {
  let child: ChildProcess;
  afterEach(() => endGroup(child));

  it('reaches nobody on Windows, which has none', async () => {
    child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)'], { detached: true });
    const { pid, startTime } = await identify(child.pid as number);
    await signalEach([{ pid, startTime }], 'SIGHUP', 'win32');
    // What is sent later arrives later.
    child.kill('SIGTERM');
    await once(child, 'exit');
    assert.equal(child.signalCode, 'SIGTERM');
  });
});

describe('looks at processes that are to end', () => {
  it('are a second apart at least where each starts a process, and quick after one another where none does', () => {
    const firstOf = (platform: NodeJS.Platform) => {
      const pauses = lookPauses(platform);
      return Array.from({ length: 20 }, () => pauses.next().value);
    };
    const isSlow = (['darwin', 'win32'] as const).map((platform) => Math.min(...firstOf(platform)) >= 1_000);
    assert.deepEqual([isSlow, Math.max(...firstOf('linux')) <= 200], [[true, true], true]);
  });

  it('are two at least, the last one once the patience is over', async () => {
    const begun = performance.now();
    const looks: number[] = [];
    const isOver = await lookUntil(async () => looks.push(performance.now() - begun) === 0, 30);
    assert.deepEqual([isOver, looks.length > 1, (looks.at(-1) ?? 0) >= 29], [false, true, true]);
  });
});
