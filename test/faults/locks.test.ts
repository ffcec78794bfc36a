import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { HoldfastError } from '../../src/base/errors.ts';
import { exists } from '../../src/node/exists.ts';
import { acquireLock, tryLock, withLock } from '../../src/node/lockFile.ts';
import { type LockOwner, readLock } from '../../src/node/lockOwner.ts';
import { processTable } from '../../src/node/processIdentity.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { itOnUnix } from '../support/unix.ts';
import { rounds } from './support/extent.ts';
import { useLockPeers } from './support/lockPeer.ts';

const processes = 4;
const takersEach = 5;

/** How long a test waits at most for what it wants to see; milliseconds. */
const patience = { deadlineMs: 20_000 };

describe('locks', () => {
  const dirs = useTempDirs();
  const startPeer = useLockPeers();
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await dirs.make();
    file = path.join(folder, 'some.lock');
  });

  const manyRounds = rounds(50, 1_000);
  it(`that a dead owner has left go to one of 20 takers in 4 processes, and leave nothing (${manyRounds} rounds)`, async () => {
    const dead = await deadOwner();
    const peers = await Promise.all(Array.from({ length: processes }, startPeer));
    const owners: number[] = [];
    for (let round = 0; round < manyRounds; round++) {
      await leaveBehind(dead);
      const won = await Promise.all(peers.map((peer) => peer.take(file, takersEach)));
      owners.push(won.reduce<number>((sum, count) => sum + (count ?? 0), 0));
      await Promise.all(peers.map((peer) => peer.release()));
    }
    assert.deepEqual([owners, await readdir(folder)], [Array.from({ length: manyRounds }, () => 1), []]);
  }).timeout(manyRounds * 500);

  const killRounds = rounds(8, 200);
  it(`have one owner at most when a taker is killed in the middle, and can be had after (${killRounds} rounds)`, async () => {
    const dead = await deadOwner();
    const peers = await Promise.all(Array.from({ length: processes }, startPeer));
    for (let round = 0; round < killRounds; round++) {
      await leaveBehind(dead);
      const answers = Promise.all(peers.map((peer) => peer.take(file, takersEach)));
      await pause(randomInt(8));
      await peers[0]?.end();
      const won = (await answers).reduce<number>((sum, count) => sum + (count ?? 0), 0);
      assert.ok(won <= 1, `${won} owners in round ${round}`);
      await Promise.all(peers.slice(1).map((peer) => peer.release()));
      await withLock(file, patience, async () => undefined);
      peers[0] = await startPeer();
    }
    await ageAll(folder);
    await withLock(file, patience, async () => undefined);
    assert.deepEqual(await readdir(folder), []);
  }).timeout(killRounds * 2_000);

  itOnUnix('stay with an owner that is suspended, however old they are and however many want them', async () => {
    const owner = await startPeer();
    await owner.take(file);
    owner.signal('SIGSTOP');
    await utimes(file, 1, 1);
    const attempts = await Promise.all(Array.from({ length: 20 }, () => tryLock(file)));
    const pids = attempts.map((attempt) => 'heldBy' in attempt && attempt.heldBy?.pid);
    assert.deepEqual(new Set(pids), new Set([owner.pid]));
  });

  it('of a process whose pid another one has now are taken', async () => {
    const owner = await startPeer();
    await owner.take(file);
    const living = (await readLock(file)) as LockOwner;
    await owner.release();
    await writeFile(file, JSON.stringify({ ...living, startTime: 'earlier' }));
    assert.ok('lock' in (await tryLock(file)));
  });

  it('of a process that the system tells nothing about, as of another user’s, are not taken', async () => {
    await leaveBehind(await deadOwner());
    const refused = Object.assign(new Error('not permitted'), { code: 'EPERM' });
    const closed = { ...processTable(), startTime: () => Promise.reject(refused) };
    const attempts = [await tryLock(file, closed), await tryLock(file)];
    assert.deepEqual(
      attempts.map((attempt) => 'lock' in attempt),
      [false, true],
    );
  });

  it('that are waited for are had once their owner gives them up, and the waiting process works on', async () => {
    const owner = await startPeer();
    await owner.take(file);
    const waiting = acquireLock(file, patience);
    for (let tick = 0; tick < 20; tick++) await pause(5);
    const before = await readLock(file);
    await owner.release();
    const lock = await waiting;
    const after = await readLock(file);
    await lock.release();
    assert.deepEqual([before?.pid, after?.pid], [owner.pid, process.pid]);
  });

  it('that are waited for are had once their owner is killed', async () => {
    const owner = await startPeer();
    await owner.take(file);
    const waiting = acquireLock(file, patience);
    await owner.end('SIGKILL');
    await (await waiting).release();
    assert.deepEqual(await readdir(folder), []);
  });

  it('go round among waiters in 20 places, one at a time', async () => {
    let inside = 0;
    let most = 0;
    const visit = async () => {
      most = Math.max(most, ++inside);
      await pause(1);
      inside--;
    };
    await Promise.all(Array.from({ length: 20 }, () => withLock(file, patience, visit)));
    assert.deepEqual([most, await readdir(folder)], [1, []]);
  });

  it('are given up when the task they were taken for fails', async () => {
    const failing = withLock(file, patience, () => Promise.reject(new Error('task')));
    await assert.rejects(failing, { message: 'task' });
    assert.deepEqual(await readdir(folder), []);
  });

  it('that are not had in time name their owner', async () => {
    const owner = await startPeer();
    await owner.take(file);
    const { pid, host } = (await readLock(file)) as LockOwner;
    const error = await acquireLock(file, { deadlineMs: 100 }).catch((reason) => reason);
    assert.ok(error instanceof HoldfastError);
    assert.deepEqual(
      [error.code, error.data, error.text],
      [
        'LOCKED',
        { file, pid },
        `Another process was still busy with this after 0.1 s; nothing was changed. Its lock ${file} is held by process ${pid} on ${host}. Try again when it is done, or end it if it hangs.`,
      ],
    );
  });

  it('are no more waited for when the waiter is told to stop', async () => {
    const owner = await startPeer();
    await owner.take(file);
    const stop = new AbortController();
    const waiting = acquireLock(file, { ...patience, signal: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(waiting, { message: 'enough' });
    assert.equal((await readLock(file))?.pid, owner.pid);
  });

  it('go when their process exits', async () => {
    const owner = await startPeer();
    await owner.take(file);
    await owner.ask({ kind: 'exit' });
    assert.deepEqual(await readdir(folder), []);
  });

  it('go when their process exits after durable writes, whose library watches for the end too', async () => {
    const owner = await startPeer();
    await owner.ask({ kind: 'write', file: path.join(folder, 'text') });
    await owner.take(file);
    await owner.ask({ kind: 'exit' });
    assert.deepEqual(await readdir(folder), ['text']);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    itOnUnix(`go when their process is ended by ${signal}`, async () => {
      const owner = await startPeer();
      await owner.take(file);
      await owner.end(signal);
      assert.deepEqual(await readdir(folder), []);
    });
  }

  itOnUnix('stay with a process that handles the signal and lives on', async () => {
    const owner = await startPeer();
    await owner.take(file);
    await owner.ask({ kind: 'handle', signal: 'SIGTERM' });
    const handled = owner.message();
    owner.signal('SIGTERM');
    assert.deepEqual([await handled, (await readLock(file))?.pid], ['SIGTERM', owner.pid]);
  });

  it('of others are not touched when a former owner exits', async () => {
    const owner = await startPeer();
    await owner.take(file);
    const successor = { ...(await readLock(file)), nonce: 'another' };
    await writeFile(file, JSON.stringify(successor));
    await owner.ask({ kind: 'exit' });
    assert.equal((await readLock(file))?.nonce, 'another');
  });

  it('of a process that was killed stay, and the next taker has them at once', async () => {
    const owner = await startPeer();
    await owner.take(file);
    await owner.end('SIGKILL');
    const stayed = await exists(file);
    const attempt = await tryLock(file);
    assert.deepEqual([stayed, 'lock' in attempt], [true, true]);
  });

  /** The owner of a lock whose process was killed. */
  async function deadOwner(): Promise<LockOwner> {
    const peer = await startPeer();
    await peer.take(file);
    const owner = JSON.parse(await readFile(file, 'utf8'));
    await peer.end('SIGKILL');
    return owner;
  }

  function leaveBehind(dead: LockOwner): Promise<void> {
    return writeFile(file, JSON.stringify({ ...dead, nonce: randomUUID() }));
  }
});

/** As if everything in the folder had been written long ago. */
async function ageAll(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await utimes(path.join(folder, name), 1, 1);
}
