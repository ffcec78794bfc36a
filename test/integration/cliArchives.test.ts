import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { describeOnUnix } from '../support/unix.ts';
import { type CliResult, runCli } from './support/cli.ts';
import { useProject } from './support/project.ts';

describeOnUnix('holdfast archives', () => {
  const project = useProject();
  const run = (...args: string[]): Promise<CliResult> => runCli(project().folder, 'archives', ...args);

  async function archive(): Promise<{ window: SessionManager; record: SessionRecord }> {
    const window = await project().open();
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    await writeFile(path.join(record.worktreePath, 'new.txt'), 'new');
    await window.destroy(record.id, { worktree: 'archive' });
    return { window, record };
  }

  it('lists what destroyed sessions had in their worktrees', async () => {
    const { record } = await archive();
    const { stdout } = await run('list');
    const [{ id, name, counts }] = JSON.parse((await run('list', '--json')).stdout);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    assert.deepEqual(
      [rows, id, name, counts],
      [
        [
          ['ID', 'NAME', 'ARCHIVED', 'BRANCH', 'HOLDS'],
          [record.id.slice(0, 8), 'login', 'now', 'feature/login', '1 untracked file'],
        ],
        record.id,
        'login',
        { uncommitted: 0, untracked: 1, ignored: 0, unmerged: 0 },
      ],
    );
  });

  it('brings one back as it was, not started, in every window', async () => {
    const { window, record } = await archive();
    const { code, stdout } = await run('restore', 'login');
    await window.helper.list();
    const [back] = window.list();
    assert.deepEqual(
      [code, stdout, back?.status, await readFile(path.join(record.worktreePath, 'new.txt'), 'utf8')],
      [0, `Brought back login in its worktree as it was archived: ${record.worktreePath}.\n`, 'idle', 'new'],
    );
  });

  it('deletes one for good', async () => {
    const { record } = await archive();
    const { stdout } = await run('delete', record.id.slice(0, 8));
    assert.deepEqual(
      [stdout, (await run('list')).stdout],
      [`Deleted the archived session login (${record.id}).\n`, 'No archived sessions here.\n'],
    );
  });

  it('says so where there is none of that name', async () => {
    const { code, stderr } = await run('restore', 'nothing');
    assert.deepEqual(
      [code, stderr],
      [
        1,
        'holdfast: There is no archived session “nothing”. Nothing was changed. See “holdfast archives list”; this takes a whole name, or at least 8 characters of an id. (ARCHIVE_NOT_FOUND)\n',
      ],
    );
  });
});
