import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { findPorts, leasePorts, releaseLeftPorts, releasePorts } from '../../../src/node/portLeases.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

const key = '0123456789abcdef';

describe('the ports of a session', () => {
  const dirs = useTempDirs();
  let stateFolder: string;
  let asked: number[];
  beforeEach(async () => {
    stateFolder = await dirs.make();
    asked = [];
  });

  const lease = (id: string, isTaken = (_first: number) => false) =>
    leasePorts({
      stateFolder,
      key,
      id,
      isFree: async (first) => {
        asked.push(first);
        return !isTaken(first);
      },
    });
  const leased = async () => (await readdir(path.join(stateFolder, 'ports'))).sort();

  it('are ten, below those that the system gives away, and stay the same', async () => {
    const id = randomUUID();
    const first = (await lease(id)) ?? 0;
    const again = [await lease(id), await findPorts(stateFolder, id)];
    assert.deepEqual([first % 10, first >= 20_000 && first < 30_000, again], [0, true, [first, first]]);
  });

  it('are no other session’s, however many ask at once', async () => {
    const ids = Array.from({ length: 200 }, () => randomUUID());
    const blocks = await Promise.all(ids.map((id) => lease(id)));
    assert.deepEqual([new Set(blocks).size, blocks.includes(undefined)], [200, false]);
  });

  it('are none on which somebody listens', async () => {
    const id = randomUUID();
    const wanted = (await lease(id)) ?? 0;
    await releasePorts(stateFolder, id);
    const server = net.createServer().listen(wanted + 7, '127.0.0.1');
    await once(server, 'listening');
    try {
      const other = await leasePorts({ stateFolder, key, id });
      assert.notEqual(other, wanted);
      assert.ok(other !== undefined);
    } finally {
      server.close();
      await once(server, 'close');
    }
  });

  it('are kept though somebody listens on them by now, as the session itself may', async () => {
    const id = randomUUID();
    const first = await lease(id);
    assert.equal(await lease(id, () => true), first);
  });

  it('are none that a lease is for which cannot be read', async () => {
    const id = randomUUID();
    const wanted = await lease(id);
    await writeFile(path.join(stateFolder, 'ports', `${wanted}.json`), '{');
    assert.notEqual(await lease(id), wanted);
  });

  it('are not there where all are taken', async () => {
    assert.equal(await lease(randomUUID(), () => true), undefined);
    assert.deepEqual([asked.length, new Set(asked).size], [1_000, 1_000]);
  });

  it('are free again once they are released', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const first = await lease(one);
    await lease(other);
    await releasePorts(stateFolder, one);
    assert.deepEqual([(await leased()).length, await findPorts(stateFolder, one)], [1, undefined]);
    assert.equal(await lease(one), first);
  });

  it('are released where the session is gone, but not another repository’s, and none of a moment ago', async () => {
    const [gone, there, foreign] = [randomUUID(), randomUUID(), randomUUID()];
    for (const id of [gone, there]) await lease(id);
    await leasePorts({ stateFolder, key: 'fedcba9876543210', id: foreign, isFree: async () => true });
    const isThere = (id: string) => id === there;
    await releaseLeftPorts(stateFolder, { key, isThere, minAge: 60_000 });
    const early = (await leased()).length;
    await releaseLeftPorts(stateFolder, { key, isThere, minAge: -1 });
    const left = await Promise.all([gone, there, foreign].map((id) => findPorts(stateFolder, id)));
    assert.deepEqual([early, left.map((port) => port !== undefined)], [3, [false, true, true]]);
  });
});
