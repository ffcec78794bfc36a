import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createProcessTable,
  identify,
  isGroupAlive,
  liveness,
  type ProcessTable,
  processTable,
} from '../../../src/node/processIdentity.ts';
import type { Execute } from '../../../src/node/systemPrograms.ts';

const identity = { pid: 7, startTime: '100', bootId: 'boot' };

const failing = () => Promise.reject(Object.assign(new Error('not permitted'), { code: 'EPERM' }));

describe('whether a process lives', () => {
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

  for (const what of ['startTime', 'bootId'] as const) {
    it(`is neither claimed nor denied of one whose ${what} was not known`, async () => {
      const system = { bootId: async () => 'boot', startTime: async () => '100' };
      assert.equal(await liveness({ ...identity, [what]: 'unknown' }, system), 'unknown');
    });
  }

  const namespaces: [what: string, own: string | undefined, table: Partial<ProcessTable>, liveness: string][] = [
    ['in another container whatever has its pid here', 'pid:[2]', {}, 'unknown'],
    ['in another container though nobody has its pid here', 'pid:[2]', { startTime: async () => undefined }, 'unknown'],
    ['in another container of an earlier boot', 'pid:[2]', { bootId: async () => 'later' }, 'gone'],
    ['in this container', 'pid:[1]', {}, 'alive'],
    ['in this container once it has ended', 'pid:[1]', { startTime: async () => undefined }, 'gone'],
    ['in a container that did not say which', undefined, { startTime: async () => undefined }, 'gone'],
    ['in a container while our own is not told', 'pid:[1]', { pidNamespace: failing }, 'unknown'],
  ];
  for (const [what, pidNamespace, table, verdict] of namespaces) {
    it(`is told of one ${what}: ${verdict}`, async () => {
      const here = { pidNamespace: async () => 'pid:[1]' };
      const system = { bootId: async () => 'boot', startTime: async () => '100', ...here, ...table };
      const known = { ...identity, ...(pidNamespace === undefined ? {} : { pidNamespace }) };
      assert.equal(await liveness(known, system), verdict);
    });
  }

  it('is denied of one of an unknown boot whose pid nobody has', async () => {
    const system = { bootId: async () => 'boot', startTime: async () => undefined };
    assert.equal(await liveness({ ...identity, bootId: 'unknown' }, system), 'gone');
  });

  it('is not known of one that the system refused to identify', async () => {
    const refused = await identify(7, { bootId: failing, startTime: failing });
    const system = { bootId: async () => 'boot', startTime: async () => '100' };
    assert.equal(await liveness(refused, system), 'unknown');
  });
});

describe('a process of macOS', () => {
  const list = `${process.pid} Sat Nov 21 07:00:00 2026    \n    7 Sun Nov  1 07:08:59 2026    \n`;

  it('is known by the session of its boot, which no setting of the clock changes', async () => {
    const system = fakeSystem({ sysctl: 'B00T-1D\n', ps: list });
    assert.deepEqual(await identify(7, createProcessTable('darwin', system.execute)), {
      pid: 7,
      startTime: 'Sun Nov  1 07:08:59 2026',
      bootId: 'B00T-1D',
    });
    assert.deepEqual(system.calls.sort(), ['/bin/ps -axo pid=,lstart=', '/usr/sbin/sysctl -n kern.bootsessionuuid']);
  });

  it('has ended where ps lists others', async () => {
    assert.equal(await createProcessTable('darwin', fakeSystem({ ps: list }).execute).startTime(8), undefined);
  });

  for (const [what, answers] of [
    ['ps lists nothing', { ps: '' }],
    ['ps does not list who asks', { ps: '7 Sat Nov 21 07:08:59 2026\n' }],
    ['ps fails', {}],
  ] as [string, Record<string, string>][]) {
    it(`is not known where ${what}`, async () => {
      await assert.rejects(createProcessTable('darwin', fakeSystem(answers).execute).startTime(8));
    });
  }

  it('is not known where the boot’s session is not told', async () => {
    const table = createProcessTable('darwin', fakeSystem({ sysctl: '\n', ps: list }).execute);
    assert.equal(await liveness(identity, table), 'unknown');
  });
});

describe('a process of Windows', () => {
  const registry = '\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\r\n    MachineGuid    REG_SZ    6f0c-42\r\n\r\n';
  const list = (...lines: string[]) => [`${process.pid} 99`, ...lines, ''].join('\r\n');

  it('is known by its machine and the time it was created', async () => {
    const { execute } = fakeSystem({ reg: registry, powershell: list('7 133769012345678901') });
    assert.deepEqual(await identify(7, createProcessTable('win32', execute)), {
      pid: 7,
      startTime: '133769012345678901',
      bootId: '6f0c-42',
    });
  });

  it('costs one question about the machine however often it is asked for', async () => {
    const { execute, calls } = fakeSystem({ reg: registry, powershell: list('7 100') });
    const table = createProcessTable('win32', execute);
    for (let count = 0; count < 3; count++) await identify(7, table);
    assert.equal(calls.filter((call) => call.includes('reg.exe')).length, 1);
  });

  const answers: [what: string, answers: Record<string, string>, verdict: string][] = [
    ['lives where it was created then', { reg: registry, powershell: list('7 100') }, 'alive'],
    ['is another where it was created at another time', { reg: registry, powershell: list('7 101') }, 'gone'],
    ['has ended where there are only others', { reg: registry, powershell: list('77 100') }, 'gone'],
    ['is not known where its time is hidden', { reg: registry, powershell: list('7 hidden') }, 'unknown'],
    ['is not known where PowerShell says nothing', { reg: registry, powershell: '' }, 'unknown'],
    ['is not known where PowerShell does not list who asks', { reg: registry, powershell: '77 100\r\n' }, 'unknown'],
    ['is not known where PowerShell fails', { reg: registry }, 'unknown'],
    ['is not known where the registry fails', { powershell: list('7 100') }, 'unknown'],
    ['is not known where the registry says something else', { reg: 'ERROR', powershell: list('7 100') }, 'unknown'],
  ];
  for (const [what, told, verdict] of answers) {
    it(`${what}: ${verdict}`, async () => {
      const table = createProcessTable('win32', fakeSystem(told).execute);
      assert.equal(await liveness({ pid: 7, startTime: '100', bootId: '6f0c-42' }, table), verdict);
    });
  }

  it('is known again after the registry failed once', async () => {
    const told: Record<string, string> = { powershell: list('7 100') };
    const table = createProcessTable('win32', fakeSystem(told).execute);
    await assert.rejects(table.bootId());
    told.reg = registry;
    assert.equal(await table.bootId(), '6f0c-42');
  });
});

describe('many processes', () => {
  const lists = {
    darwin: { ps: (pid: number) => `${pid} Sat Nov 21 07:08:59 2026\n` },
    win32: { powershell: (pid: number) => `${pid} 100\r\n` },
  };
  for (const platform of ['darwin', 'win32'] as const) {
    it(`that are asked for at once cost two questions on ${platform}, however many they are`, async () => {
      const [[name, line] = ['', String]] = Object.entries(lists[platform]);
      const { execute, calls } = fakeSystem({ [name]: [process.pid, 7, 8].map(line).join('') });
      const table = createProcessTable(platform, execute);
      const answers = await Promise.all(Array.from({ length: 200 }, (_, number) => table.startTime(number)));
      assert.deepEqual([answers.filter(Boolean).length, calls.length], [2, 2]);
    });

    it(`are each looked for after they were asked for on ${platform}`, async () => {
      const [[name, line] = ['', String]] = Object.entries(lists[platform]);
      const told = { [name]: line(process.pid) };
      const { execute, calls } = fakeSystem(told);
      const table = createProcessTable(platform, execute);
      const before = table.startTime(7);
      assert.equal(calls.length, 1);
      told[name] += line(7);
      const after = table.startTime(7);
      const seen = [await before, await after];
      told[name] = line(process.pid);
      assert.deepEqual([...seen, await table.startTime(7)].map(Boolean), [false, true, false]);
    });
  }
});

/** Programs of the system by name, with what they print; any other fails. */
function fakeSystem(answers: Record<string, string>): { execute: Execute; calls: string[] } {
  const calls: string[] = [];
  const execute: Execute = async (file, args) => {
    calls.push([file, ...args].join(' '));
    const name =
      file
        .split(/[\\/]/)
        .at(-1)
        ?.replace(/\.exe$/, '') ?? '';
    const stdout = answers[name];
    if (stdout === undefined) throw new Error(`${name} failed`);
    return { stdout };
  };
  return { execute, calls };
}

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

  it('a process of Linux is known by its pid namespace too', async () => {
    const { pidNamespace } = await identify(process.pid);
    assert.match(pidNamespace ?? 'none', process.platform === 'linux' ? /^pid:\[\d+\]$/ : /^none$/);
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
