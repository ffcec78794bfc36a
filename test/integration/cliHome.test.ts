import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git } from '../support/repository.ts';
import { waitFor } from '../support/waitFor.ts';
import { runCli } from './support/cli.ts';
import { useProject } from './support/project.ts';

describe('holdfast, of work that is brought home,', () => {
  const project = useProject();
  let window: SessionManager;
  let session: SessionRecord;
  beforeEach(async () => {
    window = await project().open();
    session = (await window.create({ name: 'login', command: ['cat'] })).record;
    await window.stop(session.id);
  });

  it('commits all, tells what a merge would do, and merges', async () => {
    await write(session, 'one.txt');
    const committed = await run('commit', 'login', '-m', 'One');
    const planned = await run('merge', 'login', '--squash', '--dry-run');
    const before = await project().git('rev-parse', 'main');
    const merged = await run('merge', 'login', '--squash');
    assert.deepEqual(
      [
        committed.replace(/[0-9a-f]{8}/, 'HASH'),
        planned,
        merged,
        await project().git('log', '--format=%P %s', '-1', 'main'),
      ],
      [
        '0: Committed 1 file on feature/login (HASH).',
        [
          '0: feature/login into main: 1 commit, 1 file.',
          'One new commit on main holds what 1 commit of feature/login changed.',
          `main is checked out in ${project().folder}: 1 file will be updated there.`,
        ].join('\n'),
        `0: Squashed 1 commit of feature/login into main (1 file, updated in ${project().folder}).`,
        `${before} One`,
      ],
    );
  });

  it('tells of conflicts with exit code 1, and changes nothing', async () => {
    await write(session, 'file-1.txt', 'ours');
    await run('commit', 'login', '-m', 'Ours');
    await writeFile(path.join(project().folder, 'file-1.txt'), 'theirs');
    await project().git('commit', '--quiet', '--all', '-m', 'Theirs');
    const before = await project().git('for-each-ref', 'refs/heads');
    const planned = await run('merge', 'login', '--dry-run');
    const refused = await run('merge', 'login');
    assert.deepEqual(
      [planned.split('\n').at(-1), planned[0], refused[0], await project().git('for-each-ref', 'refs/heads')],
      ['Conflict: Merge conflict in file-1.txt', '1', '1', before],
    );
    assert.match(refused, /have changed the same places of file-1\.txt\. Nothing was changed\./);
  });

  it('tells before a merge which other session has changed the same file', async () => {
    const other = (await window.create({ name: 'other', command: ['cat'] })).record;
    for (const [one, text] of [
      [session, 'ours'],
      [other, 'theirs'],
    ] as const) {
      await write(one, 'file-1.txt', text);
      await run('commit', one.name, '-m', 'Changed');
    }
    await waitFor(
      () => window.changes.overlapsOf(session.id),
      (overlaps) => overlaps.length > 0,
      { what: 'the overlap of both sessions' },
    );
    const planned = await run('merge', 'login', '--dry-run');
    assert.match(planned, /\nAlso changed by “other”: file-1\.txt; [^\n]+\.$/);
  });

  it('prints what it has done as JSON', async () => {
    await write(session, 'one.txt');
    const committed = JSON.parse((await runCli(project().folder, 'commit', 'login', '-m', 'One', '--json')).stdout);
    const from = await project().git('rev-parse', 'main');
    const merged = JSON.parse((await runCli(project().folder, 'merge', 'login', '--rebase', '--json')).stdout);
    const { commit } = committed;
    const ends = { branch: 'feature/login', into: 'main', how: 'rebase', from, to: commit };
    assert.deepEqual(
      [committed, merged],
      [
        { branch: 'feature/login', commit, files: 1 },
        { ...ends, commits: 1, files: 1, checkout: project().folder, warnings: [] },
      ],
    );
  });

  it('pushes to the only remote, which the branch follows then', async () => {
    const remote = await project().newFolder('remote');
    await git(remote, 'init', '--quiet', '--bare');
    await project().git('remote', 'add', 'upstream', remote);
    const [first, again] = [await run('push', 'login'), await run('push', 'login')];
    assert.deepEqual(
      [first, again, await git(session.worktreePath, 'rev-parse', '--abbrev-ref', '@{upstream}')],
      [
        '0: Pushed feature/login to upstream.',
        '0: upstream has everything of feature/login already.',
        'upstream/feature/login',
      ],
    );
  });

  it('refuses what makes no sense', async () => {
    const calls = [
      ['commit', 'login'],
      ['merge', 'login', '--squash', '--rebase'],
      ['merge', 'log'],
      ['merge', 'login'],
    ];
    const codes = [];
    for (const call of calls) codes.push((await run(...call))[0]);
    assert.deepEqual(codes, ['2', '2', '1', '1']);
  });

  /** The exit code and all that was printed. */
  async function run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCli(project().folder, ...args);
    return `${code}: ${(stdout + stderr).trimEnd()}`;
  }
});

function write({ worktreePath }: SessionRecord, name: string, text = name): Promise<void> {
  return writeFile(path.join(worktreePath, name), text);
}
