import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, watch } from 'node:fs';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Lock, supersedeLock, tryLock } from '../../../src/node/lockFile.ts';
import { canBeJudged, type LockOwner, readLock } from '../../../src/node/lockOwner.ts';
import { oddFiles } from '../../support/oddFiles.ts';
import { projectNode } from '../../support/paths.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { itOnUnix } from '../../support/unix.ts';

const holder = path.join(import.meta.dirname, 'lockHolder.ts');

/** Starts a program in a pid namespace of its own, which ends with it. */
const unshare = '/usr/bin/unshare';
const container = ['--pid', '--fork', '--mount-proc', '--kill-child'];

describe('a lock whose owner is superseded', () => {
  const dirs = useTempDirs();
  let file: string;
  let right: Lock;
  let former: LockOwner;
  beforeEach(async () => {
    file = path.join(await dirs.make(), 'some.lock');
    await tryLock(file);
    former = (await readLock(file)) as LockOwner;
    const attempt = await tryLock(path.join(path.dirname(file), 'takeover.lock'));
    assert.ok('lock' in attempt);
    right = attempt.lock;
  });

  it('has a new owner, and leaves nothing beside it', async () => {
    const attempt = await supersedeLock(file, former, right);
    assert.ok('lock' in attempt);
    assert.deepEqual(
      [await attempt.lock.isInPlace(), (await readLock(file))?.nonce === former.nonce, await namesBeside(file)],
      [true, false, ['some.lock', 'takeover.lock']],
    );
  });

  it('goes to exactly one of ten', async () => {
    const attempts = await Promise.all(Array.from({ length: 10 }, () => supersedeLock(file, former, right)));
    assert.equal(attempts.filter((attempt) => 'lock' in attempt).length, 1);
  });

  it('stays with whoever has it instead of that owner by now', async () => {
    const attempt = await supersedeLock(file, { ...former, nonce: 'of-another-owner' }, right);
    assert.deepEqual([attempt, (await readLock(file))?.nonce], [{ heldBy: former }, former.nonce]);
  });

  it('stays as it is without the right to take it over', async () => {
    await right.release();
    await assert.rejects(supersedeLock(file, former, right), { code: 'LOCKED' });
    assert.equal((await readLock(file))?.nonce, former.nonce);
  });

  async function namesBeside(name: string): Promise<string[]> {
    return (await readdir(path.dirname(name))).sort();
  }
});

describe('a lock', () => {
  const dirs = useTempDirs();
  let file: string;
  beforeEach(async () => {
    file = path.join(await dirs.make(), 'some.lock');
  });

  it('has one owner until that gives it up', async () => {
    const first = await tryLock(file);
    const second = await tryLock(file);
    assert.ok('lock' in first && 'heldBy' in second);
    assert.equal(second.heldBy?.pid, process.pid);
    await first.lock.release();
    assert.ok('lock' in (await tryLock(file)));
  });

  it('names its owner to whoever only looks', async () => {
    const before = await readLock(file);
    await tryLock(file);
    assert.deepEqual([before, (await readLock(file))?.pid], [undefined, process.pid]);
  });

  it('goes to exactly one of twenty who want it at once', async () => {
    const attempts = await Promise.all(Array.from({ length: 20 }, () => tryLock(file)));
    assert.equal(attempts.filter((attempt) => 'lock' in attempt).length, 1);
  });

  it('of a process that was killed goes to exactly one of twenty who want it at once', async () => {
    await leaveBehind(file);
    const attempts = await Promise.all(Array.from({ length: 20 }, () => tryLock(file)));
    assert.equal(attempts.filter((attempt) => 'lock' in attempt).length, 1);
  });

  it('of a process that was killed goes to exactly one of five processes', async () => {
    await leaveBehind(file);
    const takers = Array.from({ length: 5 }, () => start(file));
    const answers = await Promise.all(takers.map(answer));
    await Promise.all(takers.map(kill));
    assert.deepEqual(answers.sort(), ['held', 'held', 'held', 'held', 'taken']);
  }).timeout(20_000);

  it('of a living process is not taken, however old it is', async () => {
    const owner = start(file);
    assert.equal(await answer(owner), 'taken');
    await utimes(file, 0, 0);
    const attempt = await tryLock(file);
    await kill(owner);
    assert.deepEqual('heldBy' in attempt && attempt.heldBy?.pid, owner.pid);
  });

  it('of another machine is not taken, for nothing about its owner can be proven here', async () => {
    const owner = { pid: 1, startTime: '1', bootId: 'other', host: 'elsewhere.invalid', nonce: 'n'.repeat(36) };
    await writeFile(file, JSON.stringify(owner));
    assert.deepEqual(await tryLock(file), { heldBy: owner });
  });

  it('of a machine that has another name since it was started is judged as its own', async () => {
    const { bootId } = (await lockedHere(file)) as LockOwner;
    const renamed = { pid: 1, startTime: 'never', bootId, host: 'former.invalid', nonce: 'n'.repeat(36) };
    await writeFile(file, JSON.stringify(renamed));
    assert.deepEqual([await canBeJudged(renamed), 'lock' in (await tryLock(file))], [true, true]);
  });

  it('cannot be judged where neither the machine’s name nor its boot is the owner’s', async () => {
    const owner = { pid: 1, startTime: '1', bootId: 'other', host: 'elsewhere.invalid', nonce: 'n' };
    assert.equal(await canBeJudged(owner), false);
  });

  it('of a process in another container of this machine is not taken, though nobody has its pid here', async () => {
    const here = (await lockedHere(file)) as LockOwner;
    const owner = { ...here, pid: 2 ** 22 + 1, pidNamespace: 'pid:[1]', nonce: 'n'.repeat(36) };
    await writeFile(file, JSON.stringify(owner));
    assert.deepEqual([await canBeJudged(owner), await tryLock(file)], [false, { heldBy: owner }]);
  });

  it('of a container that ended with an earlier boot of this machine is taken', async () => {
    const here = (await lockedHere(file)) as LockOwner;
    await writeFile(file, JSON.stringify({ ...here, bootId: 'earlier', pidNamespace: 'pid:[1]' }));
    assert.ok('lock' in (await tryLock(file)));
  });

  it('of an owner that names no pid namespace is judged as one of this', async () => {
    const { pidNamespace: _, ...here } = (await lockedHere(file)) as LockOwner;
    await writeFile(file, JSON.stringify(here));
    const living = await tryLock(file);
    await writeFile(file, JSON.stringify({ ...here, pid: 2 ** 22 + 1 }));
    assert.deepEqual(['heldBy' in living, 'lock' in (await tryLock(file))], [true, true]);
  });

  const inContainer = canMakeContainer() ? it : it.skip;
  inContainer('of a living process in a new pid namespace is not taken (skipped where unshare may not)', async () => {
    const owner = spawn(unshare, [...container, projectNode, holder, file], { stdio: ['pipe', 'pipe', 'inherit'] });
    const taken = await answer(owner);
    const attempt = await tryLock(file);
    await kill(owner);
    assert.deepEqual([taken, 'heldBy' in attempt && attempt.heldBy?.pid], ['taken', 1]);
  });

  it('that cannot be read is not taken while its owner may live', async () => {
    await writeFile(file, '');
    assert.deepEqual(await tryLock(file), { heldBy: undefined });
  });

  for (const [what, plant] of oddFiles) {
    itOnUnix(`with ${what} in its place is not taken, and nobody waits for it`, async () => {
      await plant(file);
      await assert.rejects(tryLock(file), { code: 'STORAGE_NOT_WRITABLE' });
    });
  }

  it('that a power cut left empty is taken, for its owner is of an earlier boot', async () => {
    await writeFile(file, '');
    await utimes(file, 1, 1);
    assert.ok('lock' in (await tryLock(file)));
  });

  it('that somebody else has taken meanwhile is not given up by its former owner', async () => {
    const first = await tryLock(file);
    assert.ok('lock' in first);
    const successor = { ...(await readLock(file)), nonce: 'another' };
    await writeFile(file, JSON.stringify(successor));
    await first.lock.release();
    assert.equal((await readLock(file))?.nonce, 'another');
  });

  it('takes with it the claims and rights of takers that were killed, and no others', async () => {
    const living = (await lockedHere(file)) as LockOwner;
    const dead = { ...living, startTime: 'earlier' };
    const [stale, unwritten] = [randomUUID(), randomUUID()];
    const right = `${file}.${stale.slice(0, 8)}`;
    for (const name of [file, `${file}.${stale}`, right, `${right}.${stale}`, `${right}.0123abcd`]) {
      await writeFile(name, JSON.stringify({ ...dead, nonce: stale }));
    }
    const kept = [`${file}.${randomUUID()}`, `${file}.abcdef01`, `${file}.bak`];
    for (const name of kept) await writeFile(name, JSON.stringify(living));
    await writeFile(`${file}.${unwritten}`, '');
    const twoMinutesAgo = Date.now() / 1000 - 120;
    await utimes(`${file}.${unwritten}`, twoMinutesAgo, twoMinutesAgo);
    kept.push(`${file}.${randomUUID()}`);
    await writeFile(kept.at(-1) ?? '', '');
    await tryLock(file);
    const names = await readdir(path.dirname(file));
    assert.deepEqual(names.sort(), [file, ...kept].map((name) => path.basename(name)).sort());
  });

  it('is had by a taker whose claim somebody sweeps before it is used', async () => {
    const swept = new Promise<void>((resolve) => {
      const watcher = watch(path.dirname(file), (_, name) => {
        if (!name?.startsWith('some.lock.')) return;
        watcher.close();
        rmSync(path.join(path.dirname(file), name), { force: true });
        resolve();
      });
    });
    const attempt = await tryLock(file);
    await swept;
    assert.ok('lock' in attempt);
  });

  it('leaves nothing behind once it is given up', async () => {
    await leaveBehind(file);
    const attempt = await tryLock(file);
    assert.ok('lock' in attempt);
    await attempt.lock.release();
    assert.deepEqual(await readdir(path.dirname(file)), []);
  });
});

function canMakeContainer(): boolean {
  return spawnSync(unshare, [...container, 'true']).status === 0;
}

async function lockedHere(file: string): Promise<LockOwner | undefined> {
  await tryLock(file);
  return readLock(file);
}

/** A lock whose owner was killed. */
async function leaveBehind(file: string): Promise<void> {
  const owner = start(file);
  await answer(owner);
  await kill(owner);
}

function start(file: string): ChildProcess {
  return spawn(projectNode, [holder, file], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function answer(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) return line;
  return 'nothing';
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
