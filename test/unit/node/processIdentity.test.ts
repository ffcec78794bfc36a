import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  identify,
  isGroupAlive,
  liveness,
  type ProcessTable,
  parseLinuxStat,
  processTable,
} from '../../../src/node/processIdentity.ts';

const identity = { pid: 7, startTime: '100', bootId: 'boot' };

describe('whether a process lives', () => {
  const failing = () => Promise.reject(Object.assign(new Error('not permitted'), { code: 'EPERM' }));
  const cases: [what: string, table: Partial<ProcessTable>, liveness: string][] = [
    ['the same start time is the same process', {}, 'alive'],
    ['another start time is another process with its pid', { startTime: async () => '101' }, 'gone'],
    ['no such process has ended', { startTime: async () => undefined }, 'gone'],
    ['another boot ended every process', { bootId: async () => 'later' }, 'gone'],
    ['a system that refuses to tell has proven nothing', { startTime: failing }, 'unknown'],
    ['a system whose boot is not known has proven nothing', { bootId: failing }, 'unknown'],
  ];
  for (const [what, table, verdict] of cases) {
    it(`${what}: ${verdict}`, async () => {
      const system = { bootId: async () => 'boot', startTime: async () => '100', ...table };
      assert.equal(await liveness(identity, system), verdict);
    });
  }

  it('cannot be denied of one whose start time was not known', async () => {
    const system = { bootId: async () => 'boot', startTime: async () => '100' };
    assert.equal(await liveness({ ...identity, startTime: 'unknown' }, system), 'alive');
  });
});

describe('on this system', () => {
  it('this process lives', async () => {
    assert.equal(await liveness(await identify(process.pid)), 'alive');
  });

  it('a child lives until it has ended', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const known = await identify(child.pid as number);
    const before = await liveness(known);
    const exited = once(child, 'exit');
    child.stdin.end();
    await exited;
    assert.deepEqual([before, await liveness(known)], ['alive', 'gone']);
  });

  it('a pid that nobody has is no process', async () => {
    assert.equal(await processTable().startTime(2 ** 22 + 1), undefined);
  });

  it('a process group lives until its last process has ended', async () => {
    if (process.platform === 'win32') return;
    const child = spawn('sh', ['-c', 'read line'], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    const group = child.pid as number;
    const before = isGroupAlive(group);
    const exited = once(child, 'exit');
    child.stdin.end();
    await exited;
    assert.deepEqual([before, isGroupAlive(group)], [true, false]);
  });
});

describe('a line of /proc/PID/stat', () => {
  const rest = 'S 1 42 42 34816 77 4194304 1 2 3 4 5 6 7 8 20 0 1 0 123456 rest';

  for (const name of ['bash', 'a b', ') S (', 'tmux: server', '((x))']) {
    it(`is understood for a program that is called “${name}”`, () => {
      const stat = parseLinuxStat(`42 (${name}) ${rest}`);
      assert.deepEqual(stat, { state: 'S', group: 42, foregroundGroup: 77, startTime: '123456' });
    });
  }

  it('that is none is not understood', () => {
    assert.equal(parseLinuxStat(''), undefined);
  });
});
