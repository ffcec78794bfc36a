import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { changesMark, describeChanges, describeOverlaps } from '../../src/core/changesPresentation.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { writeScript } from './support/fakeGit.ts';
import { type Project, useProject, withEnvironment } from './support/project.ts';

describeOnUnix('what is done in the sessions’ worktrees', () => {
  const project = useProject();

  it('is told to every window as it happens: work, commits, and what happens to the base', async () => {
    const [window, other] = [await project().open(), await project().open()];
    const record = await create(window, 'login');
    await other.helper.connect();
    await until(other, record, 'nothing was changed');
    await edit(record, 'a');
    await git(record.worktreePath, 'add', '.');
    await until(other, record, '1 staged');
    await git(record.worktreePath, 'commit', '--quiet', '-m', 'Add a');
    await until(other, record, '1 commit ahead of main');
    await project().git('commit', '--quiet', '--allow-empty', '-m', 'Go on');
    await until(other, record, '1 commit ahead of main, 1 behind');
    await project().git('pack-refs', '--all');
    await project().git('commit', '--quiet', '--allow-empty', '-m', 'Go on');
    await until(window, record, '1 commit ahead of main, 2 behind');
  });

  it('is seen where a window tells of a saved file, and where the session prints something', async () => {
    await withEnvironment({ HOLDFAST_LOOK_MS: '200' }, async () => {
      const window = await project().open();
      const quiet = await create(window, 'quiet');
      const script = 'until [ -e .go ]; do sleep 0.05; done; rm .go; echo x > made; echo made; exec cat';
      const printing = await create(window, 'printing', script);
      await until(window, printing, 'nothing was changed');
      await edit(quiet, 'a');
      await window.changes.refresh([quiet.id]);
      await edit(printing, '.go');
      await until(window, quiet, '1 untracked');
      await until(window, printing, '1 untracked');
    });
  });

  it('is known to a window that comes later, and to the next helper', async () => {
    const window = await project().open();
    const record = await create(window, 'login');
    await edit(record, 'a');
    await window.helper.restartHelper();
    await until(window, record, '1 untracked');
    await until(await project().open(), record, '1 untracked');
  });

  it('is not known any more where the worktree is gone, nor where the session is', async () => {
    const window = await project().open();
    const record = await create(window, 'login');
    await until(window, record, 'nothing was changed');
    await rm(record.worktreePath, { recursive: true });
    await window.changes.refresh([record.id]);
    await until(window, record, 'not known: its worktree is gone');
    await window.destroy(record.id);
    await waitFor(
      () => window.changes.changesOf(record.id),
      (changes) => changes === undefined,
    );
  });

  it('overlaps where two change the same file, and says whether that would conflict', async () => {
    const window = await project().open();
    const [one, other] = [await create(window, 'one'), await create(window, 'other')];
    await edit(one, 'file-1.txt');
    await edit(other, 'file-1.txt');
    await window.changes.refresh([one.id, other.id]);
    const lines = (wanted: RegExp) =>
      waitFor(
        () => describeOverlaps(one, window.changes.overlapsOf(one.id), (id) => window.get(id)?.name ?? ''),
        (told) => told.length === 1 && wanted.test(told[0] ?? ''),
        { what: `${wanted}`, timeout: 20_000 },
      );
    const uncommitted = await lines(/also changed/);
    for (const record of [one, other]) await git(record.worktreePath, 'commit', '--quiet', '--all', '-m', record.name);
    const committed = await lines(/conflict/);
    assert.deepEqual(
      [uncommitted, committed, mark(window, other)],
      [
        ['also changed by other: file-1.txt; what is committed would merge'],
        ['also changed by other: file-1.txt; would conflict in file-1.txt'],
        '↑1 ⚠',
      ],
    );
  });

  it('is compared pair by pair for whoever asks, also where a folder was renamed under what another has added', async () => {
    await mkdir(path.join(project().folder, 'docs'));
    for (const file of ['docs/a', 'docs/b', 'docs/c']) await edit({ worktreePath: project().folder }, file);
    await project().git('add', '.');
    await project().git('commit', '--quiet', '-m', 'Add docs');
    const window = await project().open();
    const [one, other] = [await create(window, 'one'), await create(window, 'other')];
    await git(one.worktreePath, 'mv', 'docs', 'guide');
    await edit(other, 'docs/new');
    for (const record of [one, other]) {
      await git(record.worktreePath, 'add', '.');
      await git(record.worktreePath, 'commit', '--quiet', '-m', record.name);
      await until(window, record, '1 commit ahead of main');
    }
    const before = window.changes.latest.overlaps;
    const found = await window.changes.check();
    assert.deepEqual(
      [before, found.map(({ count, merge }) => [count, merge.state, merge.files]), mark(window, one)],
      [[], [[0, 'conflicts', ['guide/new']]], '↑1 ⚠'],
    );
  });

  it('is compared as the repository has its files merged', async () => {
    await writeFile(path.join(project().folder, '.gitattributes'), 'file-1.txt merge=union\n');
    await project().git('add', '.');
    await project().git('commit', '--quiet', '-m', 'Merge lines of both');
    const window = await project().open();
    const [one, other] = [await create(window, 'one'), await create(window, 'other')];
    for (const record of [one, other]) {
      await edit(record, 'file-1.txt');
      await git(record.worktreePath, 'commit', '--quiet', '--all', '-m', record.name);
      await until(window, record, '1 commit ahead of main');
    }
    const [overlap] = await window.changes.check();
    assert.deepEqual([overlap?.count, overlap?.merge], [1, { state: 'clean' }]);
  });

  it('is looked at by one git at a time', async () => {
    const { environment, calls } = await loggedGit(project());
    await withEnvironment(environment, async () => {
      const window = await project().open();
      const records = [];
      for (const name of ['a', 'b', 'c', 'd', 'e']) records.push(await create(window, name));
      for (const record of records) await edit(record, 'x');
      await window.changes.refresh(records.map(({ id }) => id));
      for (const record of records) await until(window, record, '1 untracked');
    });
    const own = (await calls()).filter(({ args }) => args.includes('status --porcelain=v2'));
    assert.deepEqual([own.length >= 5, mostAtOnce(own)], [true, 1]);
  });

  it('is not looked at while nobody wants to know', async () => {
    const { environment, calls } = await loggedGit(project());
    await withEnvironment(environment, async () => {
      const window = await project().open();
      const record = await create(window, 'login');
      await until(window, record, 'nothing was changed');
      window.dispose();
      await edit(record, 'x');
      await git(record.worktreePath, 'add', '.');
      const before = await calls();
      const other = await project().open();
      await until(other, record, '1 staged');
      const since = (await calls()).slice(before.length).filter(({ args }) => args.includes('status --porcelain'));
      assert.ok(since.length <= 2, JSON.stringify(since));
    });
  });

  it('keeps nothing waiting where one worktree is slow', async () => {
    const { environment } = await loggedGit(project(), 'case "$*" in *worktrees/slow-*status*) sleep 3;; esac');
    await withEnvironment(environment, async () => {
      const window = await project().open();
      const slow = await create(window, 'slow');
      const quick = await create(window, 'quick');
      const since = performance.now();
      await window.helper.status();
      const answered = performance.now() - since;
      await until(window, quick, 'nothing was changed');
      await until(window, slow, 'nothing was changed');
      assert.ok(answered < 1_000, `${answered} ms`);
    });
  });
});

async function create(window: SessionManager, name: string, script = 'exec cat'): Promise<SessionRecord> {
  return (await window.create({ name, command: ['sh', '-c', script] })).record;
}

async function edit({ worktreePath }: Pick<SessionRecord, 'worktreePath'>, file: string): Promise<void> {
  await writeFile(path.join(worktreePath, file), `${path.basename(worktreePath)}\n`);
}

async function until({ changes }: SessionManager, { id }: SessionRecord, wanted: string): Promise<void> {
  const told = () => {
    const known = changes.changesOf(id);
    return known && describeChanges(known);
  };
  await waitFor(told, (words) => words === wanted, { what: wanted, timeout: 20_000 });
}

function mark({ changes }: SessionManager, { id }: SessionRecord): string {
  return changesMark({ changes: changes.changesOf(id), overlaps: changes.overlapsOf(id) });
}

interface GitCall {
  args: string;
  began: number;
  ended: number;
}

/** An environment whose git writes down when it runs with which arguments, after the shell lines `before`. */
async function loggedGit(
  project: Project,
  before = ':',
): Promise<{ environment: NodeJS.ProcessEnv; calls: () => Promise<GitCall[]> }> {
  const folder = await project.newFolder('path');
  const log = path.join(folder, 'calls');
  await writeFile(log, '');
  const real = process.env.PATH as string;
  const lines = [
    `PATH='${real}'`,
    `began=$(date +%s%N)`,
    before,
    'git "$@"',
    'code=$?',
    `printf '%s %s %s\\n' "$began" "$(date +%s%N)" "$(printf '%s' "$*" | tr '\\n' ' ')" >> '${log}'`,
    'exit $code',
  ];
  await writeScript(path.join(folder, 'git'), lines.join('\n'));
  const calls = async () => (await readFile(log, 'utf8')).split('\n').filter(Boolean).map(readCall);
  return { environment: { PATH: `${folder}${path.delimiter}${real}` }, calls };
}

function readCall(line: string): GitCall {
  const [began = '', ended = '', ...args] = line.split(' ');
  return { began: Number(began), ended: Number(ended), args: args.join(' ') };
}

function mostAtOnce(calls: readonly GitCall[]): number {
  return Math.max(...calls.map(({ began }) => calls.filter((one) => one.began <= began && began < one.ended).length));
}
