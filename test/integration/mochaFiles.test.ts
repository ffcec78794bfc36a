import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { canFindMarked } from '../support/markedProcesses.ts';
import { type FileOrder, runMochaFiles } from '../support/mochaFiles.ts';
import type { SuiteCounts } from '../support/mochaRun.ts';
import { isAlive } from '../support/processes.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { waitFor } from '../support/waitFor.ts';

/** What every file begins with: it can leave a note, wait for one, tell which there are, and start a process. */
const notes = `
const { existsSync, readdirSync, writeFileSync } = require('node:fs');
const { spawn } = require('node:child_process');
const assert = require('node:assert/strict');
const { setTimeout: pause } = require('node:timers/promises');
const note = (name, text = '') => writeFileSync(__dirname + '/' + name + '.note', String(text));
const noted = async (name) => { while (!existsSync(__dirname + '/' + name + '.note')) await pause(10); };
const all = () => readdirSync(__dirname).filter((name) => name.endsWith('.note')).sort().join(' ');
const background = () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
`;

describe('test files that each run in a process of their own', () => {
  const dirs = useTempDirs();
  let folder: string;
  beforeEach(async () => {
    folder = await dirs.make('files');
  });

  async function file(name: string, tests: string): Promise<string> {
    const whole = path.join(folder, `${name}.test.cjs`);
    await writeFile(whole, `${notes}\n${tests}`);
    return whole;
  }

  async function run(
    order: Partial<FileOrder>,
    signal = new AbortController().signal,
  ): Promise<{ counts: SuiteCounts; printed: string[] }> {
    const printed: string[] = [];
    const counts = await runMochaFiles(
      { together: [], alone: [], ...order },
      { timeout: 20_000, processes: 2, signal, print: (text) => printed.push(text.replaceAll('\r\n', '\n')) },
    );
    return { counts, printed };
  }

  const notedPid = async () => Number(await readFile(path.join(folder, 'pid.note'), 'utf8'));

  it('run side by side, and those that must be alone after them, one by one', async () => {
    const meeting = (own: string, other: string) =>
      file(
        own,
        `it('${own}', async () => { note('${own}'); await noted('${other}'); await pause(200); note('${own}-ended'); })`,
      );
    const lonely = (own: string, before: string) =>
      file(own, `it('${own}', async () => { assert.equal(all(), '${before}'); await pause(1_000); note('${own}'); })`);
    const met = 'a-ended.note a.note b-ended.note b.note';
    const { counts } = await run({
      together: [await meeting('a', 'b'), await meeting('b', 'a')],
      alone: [await lonely('c', met), await lonely('d', `${met} c.note`)],
    });
    assert.deepEqual(counts, { passed: 4, failed: 0, failures: [], skipped: [] });
  });

  it('are printed one after the other, each failure whole, and named again at the end', async () => {
    const talks = (own: string, other: string, then: string) =>
      file(
        own,
        `it('talks', async () => {
        console.log('${own} begins'); note('${own}'); await noted('${other}'); console.log('${own} ends'); ${then} })
        it.skip('of ${own}')`,
      );
    const { counts, printed } = await run({
      together: [await talks('a', 'b', "assert.equal('seen', 'wanted');"), await talks('b', 'a', '')],
    });
    const [reportOfA, reportOfB] = ['a', 'b'].map((name) => printed.find((text) => text.includes(`${name}.test.cjs,`)));
    assert.deepEqual(
      {
        counts: {
          ...counts,
          failures: counts.failures.map((text) => text.split('\n').slice(0, 2)),
          skipped: counts.skipped.toSorted(),
        },
        isWhole: /a begins\na ends\n[\s\S]+ 1 failing[\s\S]+'seen' !== 'wanted'/.test(reportOfA ?? ''),
        isAlone: !/a begins|failing/.test(reportOfB ?? ''),
        named: printed.at(-1)?.replace(/ {2}\S+\//, '  '),
      },
      {
        counts: {
          passed: 1,
          failed: 1,
          failures: [['talks', '  AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:']],
          skipped: ['of a', 'of b'],
        },
        isWhole: true,
        isAlone: true,
        named: '\nFailed:\n  a.test.cjs: 1\n',
      },
    );
  });

  it('fail where one crashes, which is named, and whose processes are ended', async function () {
    if (!canFindMarked) this.skip();
    const crash = "it('crashes', () => { note('pid', background().pid); process.kill(process.pid, 'SIGKILL') })";
    const { counts, printed } = await run({ together: [await file('a', crash)] });
    const pid = await notedPid();
    await waitFor(() => !isAlive(pid));
    const said = /a\.test\.cjs failed:\n {2}It ended with SIGKILL\.\n {2}It left behind: process (\d+)/.exec(
      `${printed}`,
    );
    assert.deepEqual([counts.failed, Number(said?.[1])], [1, pid]);
  });

  it('fail where one hangs until the deadline, and where they are not begun by then', async () => {
    const hanging = await file('a', "it('hangs', () => { note('hanging'); for (;;); })");
    const late = new AbortController();
    const running = run({ alone: [hanging, await file('b', "it('is not begun', () => note('begun'))")] }, late.signal);
    await waitFor(async () => (await readdir(folder)).includes('hanging.note'));
    late.abort('Too late.');
    const { counts, printed } = await running;
    assert.deepEqual(
      [
        { ...counts, failures: counts.failures.map((text) => text.split('\n')[1]) },
        /a\.test\.cjs failed:\n {2}Too late\./.test(`${printed}`),
        /b\.test\.cjs failed:\n {2}It was not begun/.test(`${printed}`),
      ],
      [{ passed: 0, failed: 2, failures: ['  Too late.', '  It was not begun. Too late.'], skipped: [] }, true, true],
    );
  });

  it('fail where one leaves a process or a timer, which its own report names', async function () {
    if (!canFindMarked) this.skip();
    const { counts, printed } = await run({
      together: [
        await file(
          'a',
          "it('leaves a process', () => { const left = background(); left.unref(); note('pid', left.pid); })",
        ),
        await file('b', "it('leaves a timer', () => { setInterval(() => {}, 1000) })"),
      ],
    });
    const [reportOfA, reportOfB] = ['a', 'b'].map((name) => printed.find((text) => text.includes(`${name}.test.cjs,`)));
    assert.deepEqual(
      [
        counts.failed,
        Number(/left behind:\s+process (\d+)/.exec(reportOfA ?? '')?.[1]),
        /left open: .*Timeout/.test(reportOfB ?? ''),
      ],
      [2, await notedPid(), true],
    );
  });
});
