import assert from 'node:assert/strict';
import { defaultSettings } from '../../../src/core/supervisionPolicy.ts';
import { HostSupervisor, type HostSupervisorOptions } from '../../../src/helper/hostSupervisor.ts';
import { Registry } from '../../../src/helper/registry.ts';
import { SessionProgress } from '../../../src/helper/sessionProgress.ts';
import { silentLog } from '../../../src/node/log.ts';
import { aRecord } from '../records.ts';

const { id } = aRecord();

describe('a start of a session', () => {
  it('is told where its process was started, and not where it runs already', async () => {
    const told: string[] = [];
    const supervisor = supervise();
    supervisor.onStart((started) => told.push(started));
    const launch = { sessionId: id, file: 'cat', args: [], cwd: '/', env: {}, cols: 80, rows: 24, scrollback: 100 };
    const first = await supervisor.start(launch);
    const afterFirst = [...told];
    const second = await supervisor.start(launch);
    assert.deepEqual([first.ptyPid, second.ptyPid, afterFirst, told], [7, 7, [id], [id]]);
  });

  /** Over hosts that start and are connected at once. */
  function supervise(): HostSupervisor {
    const registry = new Registry({ records: [aRecord({ branch: '' })], save: async () => undefined });
    let isLinked = false;
    const links = {
      inTurn: (_: string, task: () => Promise<unknown>) => task(),
      adoptUntried: async () => undefined,
      get: () => (isLinked ? {} : undefined),
      isUnreachable: () => false,
      rememberLaunch: () => undefined,
      noteRoot: () => undefined,
      link: async () => {
        isLinked = true;
      },
    };
    const options = {
      hostScript: '',
      registry,
      links,
      files: { readHost: async () => ({ exit: null }) },
      former: { end: async () => undefined },
      starter: { start: async () => 7 },
      progress: new SessionProgress({ registry, settings: () => defaultSettings }),
      log: silentLog,
    };
    return new HostSupervisor(options as unknown as HostSupervisorOptions);
  }
});
