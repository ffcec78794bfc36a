import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import type { ProcessFacts } from '../../../src/core/processFacts.ts';
import { processTable } from '../../../src/node/processIdentity.ts';
import { createProcessScan, scanProcesses } from '../../../src/node/processScan.ts';
import type { Execute } from '../../../src/node/systemPrograms.ts';
import { endGroup } from '../../support/processes.ts';
import { waitFor } from '../../support/waitFor.ts';

const own = process.pid;

describe('a look at all processes of macOS', () => {
  const text = [
    '    1     0     1  21840 Ss     1:02.07 Sun Nov  1 07:08:59 2026    ',
    `${own}     1 ${own} 124800 S+     0:00.55 Sat Nov 21 07:09:00 2026     node "a  b.cjs" 2026 `,
    '61234 61000 61234      0 Z      0:00.00 Sat Nov 21 07:10:00 2026    ',
    '71234     1 71234   1024 U    125:10.50 Sat Nov 21 07:10:00 2026    ',
    '81234     1 81234   1024 R    1-02:03:04 Sat Nov 21 07:10:00 2026    ',
  ].join('\n');

  it('costs one call of ps, and tells of each process what it holds', async () => {
    const { calls, scan } = await look('darwin', text);
    assert.equal(calls.join('\n'), '/bin/ps -axww -o pid=,ppid=,pgid=,rss=,state=,time=,lstart=,args=');
    assert.deepEqual(scan.get(own), {
      pid: own,
      parent: 1,
      startTime: 'Sat Nov 21 07:09:00 2026',
      rss: 124_800 * 1024,
      cpu: 550,
      group: own,
      command: 'node "a  b.cjs" 2026',
      hasEnded: false,
    });
  });

  it('reads times of any length and knows who has ended', async () => {
    const { scan } = await look('darwin', text);
    assert.deepEqual([...scan.values()].map(({ pid, cpu, hasEnded }) => [pid, cpu, hasEnded]).filter(isNotOwn), [
      [1, 62_070, false],
      [61234, 0, true],
      [71234, 7_510_500, false],
      [81234, 93_784_000, false],
    ]);
  });

  it('tells start times as the process table does, of which one digit stands behind two blanks', async () => {
    const { scan } = await look('darwin', text);
    assert.equal(scan.get(1)?.startTime, 'Sun Nov  1 07:08:59 2026');
  });
});

describe('a look at all processes of Windows', () => {
  const at = (text: string) =>
    `${own} 7 41943040 1562500 133769012345678900 133769012345678901 "C:\\node.exe" a\r\n${text}`;

  it('costs one call of PowerShell, and tells of each process what it holds', async () => {
    const { calls, scan } = await look('win32', at('7 1 1048576 0 133769012345678890 133769012345678899\r\n'));
    assert.equal(calls.length, 1);
    assert.deepEqual(scan.get(own), {
      pid: own,
      parent: 7,
      startTime: '133769012345678901',
      rss: 40 * 1024 * 1024,
      cpu: 156.25,
      command: '"C:\\node.exe" a',
      hasEnded: false,
    });
  });

  const lines: [what: string, line: string, told: Partial<ProcessFacts> | undefined][] = [
    ['whose parent’s pid was reused has none', `8 ${own} 0 0 133769012345678890 133769012345678891`, { parent: 0 }],
    [
      'that got its pid between the lists has no parent',
      `8 ${own} 0 0 133769012345678910 133769012399999991`,
      { parent: 0 },
    ],
    [
      'that hides when it began is known to the microsecond',
      `8 ${own} 0 0 133769012345678910 hidden`,
      { parent: own, startTime: '133769012345678910' },
    ],
    ['that hides all about its time is left out', '8 0 0 0 hidden hidden', undefined],
    ['that has ended is left out', '8 1 0 0 133769012345678910 ended', undefined],
    ['that began or ended between the lists is left out', '8 1 0 0 133769012345678910 missing', undefined],
  ];
  for (const [what, line, told] of lines) {
    it(`shows that a process ${what}`, async () => {
      const facts = (await look('win32', at(`${line}\r\n`))).scan.get(8);
      assert.deepEqual(facts && { ...facts, ...told }, told && facts);
    });
  }
});

describe('a look at all processes', () => {
  for (const platform of ['darwin', 'win32'] as const) {
    for (const [what, text] of [
      ['nothing', ''],
      ['others alone', '1 0 1 1 S 0:00.00 Sun Nov  1 07:08:59 2026\n1 0 1 1 133769012345678910 133769012345678910'],
    ] as const) {
      it(`that shows ${what} on ${platform} is an error`, async () => {
        await assert.rejects(look(platform, text));
      });
    }
  }

  it('is shared by those who ask while another is taken', async () => {
    const { execute, calls } = system(`${own} 1 1 1 S 0:00.00 Sun Nov  1 07:08:59 2026`);
    const scan = createProcessScan('darwin', execute);
    const scans = await Promise.all(Array.from({ length: 50 }, () => scan()));
    assert.deepEqual([calls.length, scans.length], [2, 50]);
  });

  it('can be taken again after one failed', async () => {
    const { execute, texts } = system('');
    const scan = createProcessScan('darwin', execute);
    await assert.rejects(scan());
    texts.ps = `${own} 1 1 1 S 0:00.00 Sun Nov  1 07:08:59 2026`;
    assert.equal((await scan()).size, 1);
  });
});

describe('a look at all processes of this system', function () {
  this.timeout(20_000);
  const children: ChildProcess[] = [];
  afterEach(() => Promise.all(children.splice(0).map((child) => endGroup(child))));

  it('tells when this process began as the process table does, and about what it uses', async () => {
    const facts = (await scanProcesses()).get(own) as ProcessFacts;
    const isAbout = Math.abs(facts.rss / process.memoryUsage.rss() - 1) < 0.25;
    const { user, system } = process.cpuUsage();
    const isSpent = Math.abs(facts.cpu - (user + system) / 1000) < 500;
    assert.deepEqual(
      [facts.parent, facts.startTime, isAbout, isSpent, facts.hasEnded],
      [process.ppid, await processTable().startTime(own), true, true, false],
    );
  });

  it('shows who is whose child, and in which group', async () => {
    if (process.platform !== 'linux') return;
    const pid = start('sleep 600 & wait');
    const [inner] = await childrenOf(pid);
    const shell = (await scanProcesses()).get(pid);
    assert.deepEqual(
      [shell?.parent, shell?.group, shell?.session, inner?.group, inner?.session],
      [own, pid, pid, pid, pid],
    );
  });

  it('shows that a process has ended before its parent knows', async () => {
    if (process.platform !== 'linux') return;
    const pid = start('sleep 0 & exec sleep 600');
    const found = await waitFor(
      async () => (await childrenOf(pid))[0],
      (child) => child?.hasEnded === true,
    );
    assert.equal(await processTable().startTime(found?.pid ?? 0), undefined);
  });

  it('counts the time of children that have ended to their parent', async () => {
    if (process.platform !== 'linux') return;
    const pid = start('sh -c "i=0; while [ \\$i -lt 200000 ]; do i=\\$((i+1)); done"; read line');
    const shell = await waitFor(
      async () => (await scanProcesses()).get(pid),
      (facts) => (facts?.childCpu ?? 0) > 0,
    );
    assert.ok(shell && shell.cpu < (shell.childCpu ?? 0));
  });

  function start(script: string): number {
    const child = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    children.push(child);
    return child.pid as number;
  }

  async function childrenOf(pid: number): Promise<ProcessFacts[]> {
    return waitFor(
      async () => [...(await scanProcesses()).values()].filter(({ parent }) => parent === pid),
      (found) => found.length > 0,
    );
  }
});

/** Of the test's own process the pid differs from run to run. */
function isNotOwn([pid]: readonly unknown[]): boolean {
  return pid !== own;
}

async function look(platform: NodeJS.Platform, text: string) {
  const { execute, calls } = system(text);
  return { scan: await createProcessScan(platform, execute)(), calls };
}

/** A system whose programs all print one text. */
function system(text: string) {
  const texts = { ps: text };
  const calls: string[] = [];
  const execute: Execute = async (file, args) => {
    calls.push([file, ...args].join(' '));
    return { stdout: texts.ps };
  };
  return { execute, calls, texts };
}
