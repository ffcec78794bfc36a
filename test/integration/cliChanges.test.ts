import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { Overlap, WorktreeChanges } from '../../src/protocol/changes.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { signal } from '../support/processes.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { runCli } from './support/cli.ts';
import { helperPid, useProject } from './support/project.ts';
import { processEnd } from './support/scene.ts';

describeOnUnix('holdfast, about what was done in the sessions', () => {
  const project = useProject({ commits: 2 });
  let window: SessionManager;
  let one: SessionRecord;

  beforeEach(async () => {
    window = await project().open();
    one = await work('one');
    await work('other');
  });

  it('tells it in the list, though no window is open and the helper was killed', async () => {
    await untilCompared();
    const pid = await helperPid(window);
    window.dispose();
    signal(pid, 'SIGKILL');
    await processEnd(pid);
    const { stdout } = await runCli(project().folder, 'ls');
    const rows = stdout
      .split('\n')
      .map((line) => line.match(/^(\S+) .*(feature\/\S+) +(.*?)(?: [∩⚠])? {2,}now/)?.slice(1));
    assert.deepEqual(
      rows.filter((row) => row !== undefined),
      [
        ['one', 'feature/one', '●1 ↑1'],
        ['other', 'feature/other', '●1 ↑1'],
      ],
    );
  });

  it('tells it in words of one session', async () => {
    await untilCompared();
    const { stdout } = await runCli(one.worktreePath, 'status', 'one');
    assert.deepEqual(
      stdout.match(/^(Changes|Overlap) .*$/gm)?.map((line) => line.replace(/ +/, ' ')),
      [
        'Changes 1 changed; 1 commit ahead of main',
        'Overlap also changed by other: file-1.txt and 1 more; would conflict in file-1.txt',
      ],
    );
  });

  it('tells it as JSON', async () => {
    await untilCompared();
    const { stdout } = await runCli(project().folder, 'ls', '--json');
    const [first] = JSON.parse(stdout) as { changes: WorktreeChanges; overlaps: Overlap[] }[];
    assert.deepEqual(
      [first?.changes.state, first?.overlaps.map(({ count, merge }) => [count, merge.state])],
      ['known', [[2, 'conflicts']]],
    );
  });

  /** One commit, and one file that is not committed. */
  async function work(name: string): Promise<SessionRecord> {
    const { record } = await window.create({ name, command: ['sleep', '600'] });
    await writeFile(path.join(record.worktreePath, 'file-1.txt'), `${name}\n`);
    await git(record.worktreePath, 'commit', '--quiet', '--all', '-m', name);
    await writeFile(path.join(record.worktreePath, 'file-2.txt'), `${name}\n`);
    await window.changes.refresh([record.id]);
    return record;
  }

  async function untilCompared(): Promise<void> {
    await waitFor(
      () => window.changes.overlapsOf(one.id),
      ([overlap]) => overlap?.count === 2 && overlap.merge.state === 'conflicts',
      { what: 'the comparison of the sessions', timeout: 20_000 },
    );
  }
});
