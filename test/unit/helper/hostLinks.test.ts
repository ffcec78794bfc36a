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
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { hostProtocol } from '../../../src/protocol/versions.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { aRecord } from '../records.ts';

const key = '0123456789abcdef';
const { id } = aRecord();

describe('the connections to session hosts', () => {
  const dirs = useTempDirs();
  let files: SessionFiles;
  let registry: Registry;
  let links: HostLinks;
  /** Of the session; this process stands in for it, and is alive. */
  let host: HostFile;
  let onExit: Emitter<HostExit>;
  /** All that were ever made, each as it is now. */
  let connections: ('open' | 'closed')[];
  /** So many changes of records find the disk full. */
  let failures: number;

  afterEach(() => {
    links.dispose();
    mock.restoreAll();
  });

  const open = async (fields: Partial<SessionRecord>) => {
    const folder = await dirs.make();
    files = new SessionFiles(thisMachine({ HOLDFAST_STATE_DIR: folder }), key, silentLog);
    failures = 0;
    const save = async () => {
      if (failures-- > 0) throw new HoldfastError('DISK_FULL', 'The disk is full.');
    };
    registry = new Registry({ records: [aRecord(fields)], save });
    const progress = new SessionProgress({ registry, settings: () => defaultSettings });
    const token = new ServerToken(folder, '');
    links = new HostLinks({ token, files, registry, progress, log: silentLog });
    host = await hostOf(id, path.join(folder, 'nobody.sock'));
    mock.method(files, 'list', async () => [id]);
  };
  /** The host answers. */
  const listen = () => {
    onExit = new Emitter();
    connections = [];
    mock.method(HostClient, 'connect', async () => {
      const at = connections.push('open') - 1;
      const dispose = () => (connections[at] = 'closed');
      const events = { onExit: onExit.event, onClose: new Emitter<void>().event };
      return { ...events, dispose, status: async () => host, launch: async () => undefined };
    });
  };
  const hasFile = (read: () => Promise<HostFile | undefined>) => mock.method(files, 'readHost', read);
  const statusOf = () => registry.require(id).status;

  it('are tried again where a host does not answer, also after its file could not be read', async () => {
    await open({ status: 'active', ptyPid: process.pid });
    const answers = [
      async () => host,
      () => Promise.reject(new Error('EIO')),
      async () => ({ ...host, exit: ended() }),
    ];
    hasFile(async () => answers.shift()?.());
    const change = nextEvent(registry.onChange);
    await links.adoptAll();
    assert.equal((await change).record.status, 'completed');
  });

  for (const where of ['named by its file', 'found at its socket']) {
    it(`are made again to a host ${where} until its record can say that it runs`, async () => {
      await open({ status: 'recovering', attempts: 1 });
      listen();
      hasFile(async () => (where === 'named by its file' ? host : undefined));
      failures = 3;
      await links.adoptAll();
      const whileFull = [links.isUnreachable(id), links.get(id) !== undefined];
      await nextEvent(links.onChange, () => failures < 0 && !links.isUnreachable(id));
      const later = [links.isUnreachable(id), links.get(id) !== undefined];
      assert.deepEqual(
        { whileFull, later, status: statusOf(), connections },
        {
          whileFull: [true, false],
          later: [false, true],
          status: 'active',
          connections: [...Array(3).fill('closed'), 'open'],
        },
      );
    });
  }

  it('are tried again where a session is said to run whose host’s file cannot be read', async () => {
    await open({ status: 'active', ptyPid: process.pid });
    listen();
    const answers = [() => Promise.reject(new Error('EMFILE')), () => Promise.reject(new Error('EMFILE'))];
    hasFile(async () => (await answers.shift()?.()) ?? host);
    await links.adoptAll();
    const meanwhile = links.isUnreachable(id);
    if (meanwhile) await nextEvent(links.onChange, () => !links.isUnreachable(id));
    assert.deepEqual([meanwhile, links.get(id) !== undefined], [true, true]);
  });

  it('are gone from when the end of a process is told, so that a start that comes before they close starts it', async () => {
    await open({ status: 'active', ptyPid: process.pid });
    listen();
    await links.link(id, host.socket);
    const change = nextEvent(registry.onChange);
    onExit.fire(ended());
    assert.deepEqual([links.get(id), (await change).record.status], [undefined, 'completed']);
  });

  it('leave no session running in its record whose end cannot be written down at first, nor take it for a crash', async () => {
    await open({ status: 'active', ptyPid: process.pid });
    listen();
    // Its host, which could not write it down either, is gone by now.
    hasFile(async () => ({ ...host, pid: 2 ** 22 + 1 }));
    failures = 2;
    await links.link(id, host.socket);
    const change = nextEvent(registry.onChange);
    onExit.fire(ended());
    assert.deepEqual([(await change).record.status, failures], ['completed', -1]);
  });

  it('tell nothing of a process’s end to the record of the next one', async () => {
    await open({ status: 'active', ptyPid: 1 });
    listen();
    await links.link(id, host.socket);
    const started = links.inTurn(id, async () => {
      await links.adopt(id);
      await registry.apply(id, () => ({ status: 'active', ptyPid: 2 }));
    });
    onExit.fire(ended());
    await started;
    await links.inTurn(id, async () => undefined);
    assert.equal(statusOf(), 'active');
  });

  it('forget what a destroyed session was started with', async () => {
    await open({ status: 'completed' });
    const env = { TOKEN: 'secret' };
    links.rememberLaunch({ sessionId: id, file: 'sh', args: [], cwd: '/', env, cols: 80, rows: 24, scrollback: 1 });
    const { revision } = await registry.apply(id, () => ({ name: 'renamed' }));
    const before = links.launchOf(id)?.env;
    await registry.remove(id, revision);
    assert.deepEqual([before, links.launchOf(id)], [env, undefined]);
  });
});

function ended(): HostExit {
  return { code: 0, signal: null, reason: 'exit', endedAt: new Date().toISOString() };
}

async function hostOf(sessionId: string, socket: string): Promise<HostFile> {
  const startedAt = new Date().toISOString();
  const identity = await identify(process.pid);
  return { ...identity, sessionId, protocol: hostProtocol.max, ptyPid: process.pid, socket, startedAt, exit: null };
}
