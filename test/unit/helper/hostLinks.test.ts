import assert from 'node:assert/strict';
import path from 'node:path';
import { mock } from 'node:test';
import { HoldfastError } from '../../../src/base/errors.ts';
import { Emitter, nextEvent } from '../../../src/base/event.ts';
import { HostClient } from '../../../src/client/hostClient.ts';
import { defaultSettings } from '../../../src/core/supervisionPolicy.ts';
import { HostLinks } from '../../../src/helper/hostLinks.ts';
import { Registry } from '../../../src/helper/registry.ts';
import { SessionFiles } from '../../../src/helper/sessionFiles.ts';
import { SessionProgress } from '../../../src/helper/sessionProgress.ts';
import { silentLog } from '../../../src/node/log.ts';
import { thisMachine } from '../../../src/node/places.ts';
import { identify } from '../../../src/node/processIdentity.ts';
import { ServerToken } from '../../../src/node/token.ts';
import type { HostExit, HostFile } from '../../../src/protocol/hostMessages.ts';
import { hostProtocol } from '../../../src/protocol/versions.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { aRecord } from '../records.ts';

const key = '0123456789abcdef';

describe('a session host that lives but does not answer', () => {
  const dirs = useTempDirs();

  it('is tried again also after its file could not be read', async () => {
    const record = aRecord({ status: 'active', ptyPid: process.pid });
    const folder = await dirs.make();
    const files = new SessionFiles(thisMachine({ HOLDFAST_STATE_DIR: folder }), key, silentLog);
    const registry = new Registry({ records: [record], save: async () => undefined });
    const host = await hostOf(record.id, path.join(folder, 'nobody.sock'));
    const ended = { ...host, exit: { code: 0, signal: null, reason: 'exit' as const, endedAt: host.startedAt } };
    const answers = [async () => host, () => Promise.reject(new Error('EIO')), async () => ended];
    mock.method(files, 'list', async () => [record.id]);
    mock.method(files, 'readHost', () => answers.shift()?.());
    const token = new ServerToken(folder, '');
    const progress = new SessionProgress({ registry, settings: () => defaultSettings });
    const links = new HostLinks({ token, files, registry, progress, log: silentLog });
    const change = nextEvent(registry.onChange);
    await links.adoptAll();
    assert.equal((await change).record.status, 'completed');
  });
});

describe('a session whose process ends', () => {
  const dirs = useTempDirs();
  afterEach(() => mock.restoreAll());

  it('has no connection from when its end is told, so that a start that comes before the connection ends starts it', async () => {
    const record = aRecord({ status: 'active', ptyPid: process.pid });
    const folder = await dirs.make();
    const files = new SessionFiles(thisMachine({ HOLDFAST_STATE_DIR: folder }), key, silentLog);
    const registry = new Registry({ records: [record], save: async () => undefined });
    const onExit = new Emitter<HostExit>();
    const link = { onExit: onExit.event, onClose: new Emitter<void>().event, dispose: () => undefined };
    mock.method(HostClient, 'connect', async () => link);
    const token = new ServerToken(folder, '');
    const progress = new SessionProgress({ registry, settings: () => defaultSettings });
    const links = new HostLinks({ token, files, registry, progress, log: silentLog });
    await links.link(record.id, path.join(folder, 'nobody.sock'));
    const change = nextEvent(registry.onChange);
    onExit.fire({ code: 0, signal: null, reason: 'exit', endedAt: new Date().toISOString() });
    assert.deepEqual([links.get(record.id), (await change).record.status], [undefined, 'completed']);
    links.dispose();
  });

  it('does not stay running in its record where its end cannot be written down at first', async () => {
    const record = aRecord({ status: 'active', ptyPid: process.pid });
    const folder = await dirs.make();
    const files = new SessionFiles(thisMachine({ HOLDFAST_STATE_DIR: folder }), key, silentLog);
    let failures = 2;
    const save = async () => {
      if (failures-- > 0) throw new HoldfastError('DISK_FULL', 'The disk is full.');
    };
    const registry = new Registry({ records: [record], save });
    const exit = { code: 0, signal: null, reason: 'exit' as const, endedAt: new Date().toISOString() };
    const ended = { ...(await hostOf(record.id, path.join(folder, 'nobody.sock'))), exit };
    mock.method(files, 'readHost', async () => ended);
    const onExit = new Emitter<HostExit>();
    const link = { onExit: onExit.event, onClose: new Emitter<void>().event, dispose: () => undefined };
    mock.method(HostClient, 'connect', async () => link);
    const token = new ServerToken(folder, '');
    const progress = new SessionProgress({ registry, settings: () => defaultSettings });
    const links = new HostLinks({ token, files, registry, progress, log: silentLog });
    await links.link(record.id, ended.socket);
    const change = nextEvent(registry.onChange);
    onExit.fire(exit);
    assert.deepEqual([(await change).record.status, failures], ['completed', -1]);
    links.dispose();
  });
});

/** This process stands in for the host, which is alive. */
async function hostOf(sessionId: string, socket: string): Promise<HostFile> {
  const startedAt = new Date().toISOString();
  const identity = await identify(process.pid);
  return { ...identity, sessionId, protocol: hostProtocol.max, ptyPid: process.pid, socket, startedAt, exit: null };
}
