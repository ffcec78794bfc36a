import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { TreeEnder } from '../../../src/helper/treeEnder.ts';
import { silentLog } from '../../../src/node/log.ts';
import type { ProcessRef } from '../../../src/node/processEnd.ts';
import { identify } from '../../../src/node/processIdentity.ts';
import { endGroup, isAlive } from '../../support/processes.ts';
import { describeOnUnix } from '../../support/unix.ts';

const id = 'session';

describeOnUnix('the processes of a session that is ended', () => {
  const children: ChildProcess[] = [];
  let members: ProcessRef[];
  let detached: ProcessRef[];
  let root: ProcessRef;
  let onSample: () => void;
  let marked: (ProcessRef & { session: number })[];
  let mayRun: boolean;
  let hasRoot: boolean;
  let trees: TreeEnder;

  beforeEach(() => {
    members = [];
    detached = [];
    root = { pid: 1, startTime: 'one' };
    onSample = () => undefined;
    marked = [];
    mayRun = true;
    hasRoot = true;
    const sampler = { sample: async () => onSample(), members: () => members, detached: () => detached };
    trees = new TreeEnder({
      sampler,
      roots: () => (hasRoot ? [{ id, ...root }] : []),
      mayRun: () => mayRun,
      findMarked: async () => marked,
      log: silentLog,
    });
  });

  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => endGroup(child, 0)));
  });

  const start = async (script = ''): Promise<ProcessRef> => {
    const child = spawn('/bin/sh', ['-c', `${script} echo up; while :; do sleep 0.05; done`], { detached: true });
    children.push(child);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    const { pid, startTime } = await identify(child.pid as number);
    return { pid, startTime };
  };
  const alive = (...processes: ProcessRef[]) => processes.map(({ pid }) => isAlive(pid));

  it('are found without the daemons that have left it, where those are to live', async () => {
    members = [root, { pid: 2, startTime: 'two' }];
    detached = [{ pid: 2, startTime: 'two' }];
    const found = [await trees.find(id, 'attached'), await trees.find(id, 'all')];
    assert.deepEqual(
      found.map((tree) => tree.members.map(({ pid }) => pid)),
      [[1], [1, 2]],
    );
  });

  it('are killed where they do not end by themselves, with what they have started meanwhile', async () => {
    const [stubborn, news] = [await start("trap '' HUP;"), await start()];
    members = [stubborn];
    const tree = await trees.find(id, 'all');
    await trees.hangUp(tree);
    onSample = () => {
      members = [stubborn, news];
    };
    const left = await trees.kill(id, tree, 50);
    assert.deepEqual([left, ...alive(stubborn, news)], [[], false, false]);
  });

  it('are not looked for among those of its next life', async () => {
    const [stubborn, next] = [await start("trap '' HUP;"), await start()];
    members = [stubborn];
    const tree = await trees.find(id, 'all');
    onSample = () => {
      root = next;
      members = [next];
    };
    await trees.kill(id, tree, 0);
    assert.deepEqual(alive(stubborn, next), [false, true]);
  });

  it('are not those that only have its mark, such as what runs in a terminal multiplexer', async () => {
    const [stubborn, own] = [await start("trap '' HUP;"), await start()];
    members = [stubborn];
    marked = [{ ...own, session: own.pid }];
    const tree = await trees.find(id, 'all');
    await trees.hangUp(tree);
    await trees.kill(id, tree, 0);
    assert.deepEqual([tree.members, ...alive(stubborn, own)], [[stubborn], false, true]);
  });

  it('are looked for once more when its own process has ended, and left where another one of it may run', async () => {
    const late = await start();
    const tree = await trees.find(id, 'all');
    hasRoot = false;
    marked = [{ ...late, session: root.pid }];
    await trees.kill(id, tree, 0);
    const spared = alive(late);
    mayRun = false;
    await trees.kill(id, tree, 0);
    assert.deepEqual([...spared, ...alive(late)], [true, false]);
  });

  it('get no signal where their pids are others’ by now', async () => {
    const stranger = await start();
    members = [{ ...stranger, startTime: '1' }];
    const tree = await trees.find(id, 'all');
    await trees.hangUp(tree);
    assert.deepEqual([await trees.kill(id, tree, 0), ...alive(stranger)], [[], true]);
  });
});
