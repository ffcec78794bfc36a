import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { identify, type ProcessIdentity } from '../../../src/node/processIdentity.ts';
import { processEnd } from '../../integration/support/scene.ts';
import { signal } from '../../support/processes.ts';
import { describeOnUnix } from '../../support/unix.ts';
import type { NumberedSession } from '../support/numberedSession.ts';
import { itLosesNothing, type Stage } from '../support/stage.ts';

type Change = (foreign: ProcessIdentity, host: ProcessIdentity) => object;

/** What the files say of a host that was killed, where another process has its pid by now. */
const changes: [what: string, status: string, change: Change][] = [
  ['a process that began at another time', 'failed', ({ pid }, { startTime }) => ({ pid, startTime })],
  ['a process of another boot', 'idle', ({ pid, startTime }) => ({ pid, startTime, bootId: 'of the boot before' })],
];

describeOnUnix('a recorded pid that belongs to somebody else by now', () => {
  for (const [what, status, change] of changes) {
    itLosesNothing(`gets no signal, and its session is said to be lost: ${what}`, async (stage) => {
      const [session] = [await stage.numbers({ policy: { retry: 'never' } }), await stage.numbers()];
      const foreign = await startForeign();
      try {
        await killBoth(stage, session);
        const { host } = session.places;
        const written = JSON.parse(await readFile(host, 'utf8'));
        const identity = await identify(foreign.pid as number);
        const reused = { ...written, ...change(identity, session.host), ptyPid: foreign.pid };
        await writeFile(host, JSON.stringify(reused));
        const stopped = await stage.client.stop(session.id, 0);
        assert.deepEqual(
          [stopped.status, stopped.exit?.reason, foreign.signals(), foreign.exitCode],
          [status, 'lost', [], null],
        );
      } finally {
        foreign.kill('SIGKILL');
        await once(foreign, 'exit');
      }
    });
  }

  itLosesNothing('gets no signal where it is in the lock of the helper', async (stage) => {
    await stage.numbers();
    const foreign = await startForeign();
    try {
      await stage.killHelper();
      const lock = stage.scene.places.helperLock;
      await writeFile(lock, JSON.stringify({ ...JSON.parse(await readFile(lock, 'utf8')), pid: foreign.pid }));
      await stage.scene.launcher().end();
      await stage.client.list();
      assert.deepEqual([foreign.signals(), foreign.exitCode], [[], null]);
    } finally {
      foreign.kill('SIGKILL');
      await once(foreign, 'exit');
    }
  });
});

async function killBoth(stage: Stage, session: NumberedSession): Promise<void> {
  session.endsHere();
  await stage.killHelper();
  signal(session.host.pid, 'SIGKILL');
  await Promise.all([session.host, session.program].map(({ pid }) => processEnd(pid)));
}

type Foreign = ChildProcess & { signals: () => string[] };

/** A process that has nothing to do with any session and says which signals it gets. */
async function startForeign(): Promise<Foreign> {
  const trap = ['HUP', 'INT', 'TERM', 'CONT'].map((name) => `trap 'echo ${name}' ${name}`).join('; ');
  const child = spawn('sh', ['-c', `${trap}; echo ready; while :; do read line || exit; done`], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => said.push(line));
  await once(lines, 'line');
  return Object.assign(child, { signals: () => said.slice(1) });
}
