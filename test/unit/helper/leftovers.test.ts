import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { HostLinks } from '../../../src/helper/hostLinks.ts';
import { Leftovers } from '../../../src/helper/leftovers.ts';
import { Registry } from '../../../src/helper/registry.ts';
import type { SampledSession } from '../../../src/helper/resourceSampler.ts';
import { SessionFiles } from '../../../src/helper/sessionFiles.ts';
import { silentLog } from '../../../src/node/log.ts';
import { thisMachine } from '../../../src/node/places.ts';
import type { ProcessRef } from '../../../src/node/processEnd.ts';
import { identify } from '../../../src/node/processIdentity.ts';
import { ServerToken } from '../../../src/node/token.ts';
import type { SessionStatus } from '../../../src/protocol/sessionRecord.ts';
import { endGroup } from '../../support/processes.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { waitFor } from '../../support/waitFor.ts';
import { aRecord } from '../records.ts';

const isLinux = process.platform === 'linux';
const command = 'sh -c echo up; read go';

describeOnUnix('what sessions have left behind', () => {
  const dirs = useTempDirs();
  const children: ChildProcess[] = [];
  let id: string;
  let folder: string;
  let members: ProcessRef[];
  let roots: SampledSession[];
  let registry: Registry;
  let leftovers: Leftovers;

  beforeEach(async () => {
    folder = await dirs.make();
    id = randomUUID();
    members = [];
    roots = [];
    open('active');
  });

  afterEach(() => Promise.all(children.splice(0).map((child) => endGroup(child))));

  /** A new helper, so to say. */
  const open = (status: SessionStatus) => {
    registry = new Registry({ records: [aRecord({ id, status })], save: async () => undefined });
    const links = {
      inTurn: (_: string, task: () => Promise<unknown>) => task(),
      get: () => undefined,
      roots: () => roots,
    };
    leftovers = new Leftovers({
      registry,
      links: links as unknown as HostLinks,
      files: new SessionFiles(thisMachine({ HOLDFAST_STATE_DIR: folder }), '0123456789abcdef', silentLog),
      token: new ServerToken(folder, ''),
      epoch: 1,
      sampler: { members: () => members },
      mayRun: () => registry.get(id)?.status === 'active',
      log: silentLog,
    });
  };

  const start = async (env: Record<string, string> = {}, script = command.slice('sh -c '.length)) => {
    const child = spawn('sh', ['-c', script], { detached: true, env: { PATH: process.env.PATH, ...env } });
    children.push(child);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    const { pid, startTime } = await identify(child.pid as number);
    return { pid, startTime };
  };
  const become = (status: SessionStatus) => registry.apply(id, () => ({ status }));
  const pids = () => leftovers.told().leftovers.map(({ pid }) => pid);
  const toTell = (count: number) => waitFor(() => leftovers.countOf(id) === count);

  it('are remembered while their session runs again, until they are gone, without what is its own by then', async () => {
    const [daemon, own] = [await start(), await start()];
    members = [daemon];
    await become('cancelled');
    await toTell(1);
    members = [own];
    await become('active');
    await leftovers.look();
    const meanwhile = pids();
    await become('completed');
    await toTell(2);
    await Promise.all(children.map((child) => endGroup(child)));
    await leftovers.look();
    assert.deepEqual([meanwhile, pids()], [[daemon.pid], []]);
  });

  it('are known to whoever waits for that, as soon as their session has ended', async () => {
    members = [await start()];
    await become('cancelled');
    const before = pids();
    await leftovers.noted();
    assert.deepEqual([before, pids()], [[], members.map(({ pid }) => pid)]);
  });

  it('are not told of while they belong to its life, as where that was taken for over', async () => {
    members = [await start()];
    await become('idle');
    await toTell(1);
    await become('active');
    assert.deepEqual(pids(), []);
  });

  it('are found again by a new helper, once their session has ended', async () => {
    if (!isLinux) return;
    const daemon = await start({ HOLDFAST_SESSION_ID: id });
    await leftovers.recall();
    const whileItRuns = pids();
    open('cancelled');
    await leftovers.recall();
    assert.deepEqual([whileItRuns, pids()], [[], [daemon.pid]]);
  });

  it('are found by a new helper also while their session runs again, by when they started', async () => {
    if (!isLinux) return;
    const daemon = await start({ HOLDFAST_SESSION_ID: id });
    const before = Number(daemon.startTime);
    // As the system counts, another one would be as old.
    await waitFor(async () => Number((await start()).startTime) > before);
    const own = await start({ HOLDFAST_SESSION_ID: id });
    roots = [{ id, ...own }];
    await leftovers.recall();
    assert.deepEqual(pids(), [daemon.pid]);
  });

  it('are told with their command, also where they were only seen', async () => {
    members = [await start()];
    await become('cancelled');
    await toTell(1);
    const [{ what } = {}] = leftovers.told().leftovers;
    assert.equal(what, isLinux ? command : '');
  });

  it('are told up to a number, with how many more there are, and none that is gone takes the place of another', async () => {
    const gone = Array.from({ length: 30 }, (_, index) => ({ pid: 2 ** 22 + 1 + index, startTime: '1' }));
    const living: ProcessRef[] = [];
    for (let count = 0; count < 22; count++) living.push(await start());
    members = [...gone, ...living];
    await become('cancelled');
    await toTell(22);
    const { leftovers: told, leftoversUntold } = leftovers.told();
    assert.deepEqual([told.length, leftoversUntold], [20, 2]);
  });

  it('are told to be stubborn where they were killed and live', async () => {
    await leftovers.noteStubborn(id, [await start()]);
    const [{ what } = {}] = leftovers.told().leftovers;
    assert.equal(what, isLinux ? `${command} (does not end)` : '(does not end)');
  });
});
