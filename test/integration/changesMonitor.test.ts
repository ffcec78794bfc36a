import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Emitter } from '../../src/base/event.ts';
import { newRecord } from '../../src/core/sessionRecord.ts';
import { ChangesMonitor } from '../../src/helper/changesMonitor.ts';
import { DiskQuestions } from '../../src/helper/diskQuestions.ts';
import { PacedGit, type PacedGitOptions } from '../../src/helper/pacedGit.ts';
import { silentLog } from '../../src/node/log.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import type { ChangesDelta, KnownChanges } from '../../src/protocol/changes.ts';
import type { RegistryChange } from '../../src/protocol/helperRpc.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git, makeRepository } from '../support/repository.ts';
import { tempDirs } from '../support/tempDirs.ts';
import { waitFor } from '../support/waitFor.ts';
import { write } from './support/homeScene.ts';

/** Longer than anything here takes; milliseconds. */
const patience = 10_000;

describe('the monitor of worktrees', () => {
  const dirs = tempDirs();
  const monitors: ChangesMonitor[] = [];
  afterEach(async () => {
    for (const monitor of monitors.splice(0)) monitor.dispose();
    await dirs.remove();
  });

  it('starts no process where nothing happens, however often the hosts are asked', async () => {
    const { monitor, ran } = await scene(3);
    monitor.setWatched(true);
    await monitor.settled(patience);
    const before = ran.length;
    for (let look = 0; look < 100; look++) monitor.noteOutput();
    monitor.refresh();
    await monitor.settled(patience);
    assert.deepEqual([before > 0, ran.length - before], [true, 0]);
  });

  it('looks at one that prints, until it has been quiet for some time', async () => {
    const { monitor, ran, records, printed } = await scene(2);
    const id = records[0]?.id ?? '';
    monitor.setWatched(true);
    await monitor.settled(patience);
    const before = ran.length;
    printed.set(id, performance.now());
    monitor.noteOutput();
    await monitor.settled(patience);
    const printing = ran.length - before;
    printed.set(id, performance.now() - 5_000);
    monitor.noteOutput();
    await monitor.settled(patience);
    assert.deepEqual([printing, ran.length - before], [1, 1]);
  });

  it('does nothing while nobody wants to know', async () => {
    const { monitor, ran, records } = await scene(2);
    monitor.refresh(records.map(({ id }) => id));
    monitor.noteOutput();
    await monitor.settled(patience);
    assert.deepEqual([ran, monitor.report().sessions], [[], []]);
  });

  it('tells what differs, and only that', async () => {
    const { monitor, records } = await scene(3);
    const told: ChangesDelta[] = [];
    monitor.setWatched(true);
    await monitor.settled(patience);
    monitor.report();
    monitor.onChange((delta) => told.push(delta));
    await writeFile(path.join(records[1]?.worktreePath ?? '', 'new'), '');
    monitor.refresh(records.map(({ id }) => id));
    await waitFor(() => told.length > 0);
    assert.deepEqual(
      told.map(({ sessions, gone, overlaps }) => [sessions.map(({ id }) => id), gone, overlaps]),
      [[[records[1]?.id], [], undefined]],
    );
  });

  it('sees that its branch was moved by another git', async () => {
    const { monitor, records } = await scene(1);
    const { worktreePath, branch } = records[0] as SessionRecord;
    monitor.setWatched(true);
    await monitor.settled(patience);
    const commit = await git(worktreePath, 'commit-tree', '-p', 'HEAD', '-m', 'Elsewhere', 'HEAD^{tree}');
    await git(worktreePath, 'update-ref', `refs/heads/${branch}`, commit);
    await waitFor(() => knownIn(monitor)?.head === commit);
    assert.equal(knownIn(monitor)?.base?.ahead, 1);
  });

  it('sees that a base moves whose folder git has removed when it packed it', async () => {
    const { monitor, records, root } = await scene(1, { base: 'release/one' });
    monitor.setWatched(true);
    await monitor.settled(patience);
    const moved = async (text: string) => {
      const commit = await git(root, 'commit-tree', '-p', 'release/one', '-m', text, 'main^{tree}');
      await git(root, 'update-ref', 'refs/heads/release/one', commit);
      await waitFor(() => knownIn(monitor)?.base?.commit === commit);
    };
    await moved('One');
    await git(root, 'pack-refs', '--all');
    await waitFor(() => !existsSync(path.join(root, '.git', 'refs', 'heads', 'release')));
    await moved('Two');
    await monitor.settled(patience);
    await moved('Three');
    assert.deepEqual([records.length, knownIn(monitor)?.base?.behind], [1, 3]);
  });

  it('sees what anybody writes there, in folders of any depth and in new ones', async () => {
    const { monitor, records } = await scene(1, { files: { 'a/deep/one.txt': '1' } });
    const folder = records[0]?.worktreePath ?? '';
    monitor.setWatched(true);
    await monitor.settled(patience);
    await writeFile(path.join(folder, 'a', 'deep', 'one.txt'), '2');
    await waitFor(() => knownIn(monitor)?.changed === 1);
    await mkdir(path.join(folder, 'new'));
    await writeFile(path.join(folder, 'new', 'two.txt'), '2');
    await waitFor(() => knownIn(monitor)?.untracked === 1);
    await monitor.settled(patience);
    await writeFile(path.join(folder, 'new', 'three.txt'), '3');
    await waitFor(() => knownIn(monitor)?.untracked === 2);
    assert.deepEqual(knownIn(monitor)?.paths, ['a/deep/one.txt', 'new/three.txt', 'new/two.txt']);
  });

  it('starts no process for what is written to ignored folders', async () => {
    const { monitor, records, ran } = await scene(1, { files: { '.gitignore': 'build/' } });
    const folder = records[0]?.worktreePath ?? '';
    await mkdir(path.join(folder, 'build'));
    monitor.setWatched(true);
    await monitor.settled(patience);
    const before = ran.length;
    for (let file = 0; file < 500; file++) await writeFile(path.join(folder, 'build', `${file}.o`), '');
    // What is told comes in order.
    await writeFile(path.join(folder, 'new.txt'), '');
    await waitFor(() => knownIn(monitor)?.untracked === 1);
    assert.equal(ran.length - before, 1);
  });

  it('tells nobody of a session that is destroyed any more', async () => {
    const { monitor, records, destroy } = await scene(2);
    monitor.setWatched(true);
    await monitor.settled(patience);
    destroy(records[0] as SessionRecord);
    assert.deepEqual(
      monitor.report().sessions.map(({ id }) => id),
      [records[1]?.id],
    );
  });

  it('does not know of a worktree in which git takes too long, and does of the others', async () => {
    const { monitor, records } = await scene(2, { slow: 0, timeout: 50 });
    monitor.setWatched(true);
    await monitor.settled(patience);
    const { sessions } = monitor.report();
    assert.deepEqual(
      sessions.map(({ id, state }) => [records.findIndex((one) => one.id === id), state]),
      [
        [0, 'timeout'],
        [1, 'known'],
      ],
    );
  });

  function knownIn(monitor: ChangesMonitor): KnownChanges | undefined {
    const [first] = monitor.report().sessions;
    return first?.state === 'known' ? first : undefined;
  }

  /** So many sessions in one repository, made from `base`, which has these files beside some; git never ends in the worktree of number `slow`. */
  async function scene(
    count: number,
    {
      slow,
      base = 'main',
      files = {},
      ...options
    }: PacedGitOptions & { slow?: number; base?: string; files?: Record<string, string> } = {},
  ) {
    const root = await makeRepository(await dirs.make('repository'));
    for (const [name, text] of Object.entries(files)) await write(root, name, text);
    await git(root, 'add', '--all');
    if (Object.keys(files).length > 0) await git(root, 'commit', '--quiet', '-m', 'Files');
    if (base !== 'main') await git(root, 'branch', base, 'main');
    const records = await Promise.all(Array.from({ length: count }, (_, index) => aSession(root, index, base)));
    for (const { branch, worktreePath } of records)
      await git(root, 'worktree', 'add', '--quiet', '-b', branch, worktreePath);
    const ran: string[] = [];
    const printed = new Map<string, number>();
    const changes = new Emitter<RegistryChange>();
    const registry = {
      list: () => ({ sequence: 0, records }),
      get: (id: string) => records.find((one) => one.id === id),
      onChange: changes.event,
    };
    const monitor = new ChangesMonitor({
      key: (await findWorkplace(root)).key,
      registry,
      questions: new DiskQuestions(silentLog),
      lastOutput: ({ id }) => printed.get(id),
      log: silentLog,
      git: new LoggedGit(ran, { ...options, ...(slow === undefined ? {} : { hangsIn: `session-${slow}` }) }),
    });
    monitors.push(monitor);
    const destroy = (record: SessionRecord) => {
      const tombstone = { ...record, deletedAt: new Date().toISOString() };
      records.splice(records.indexOf(record), 1, tombstone);
      changes.fire({ sequence: 1, record: tombstone });
    };
    return { monitor, root, records, ran, printed, destroy };
  }
});

/** Writes down what is run; a git that hangs is one that waits for input. */
class LoggedGit extends PacedGit {
  readonly #ran: string[];
  readonly #hangsIn: string | undefined;

  constructor(ran: string[], { hangsIn, ...options }: PacedGitOptions & { hangsIn?: string }) {
    super(options);
    this.#ran = ran;
    this.#hangsIn = hangsIn;
  }

  override run(args: readonly string[], cwd: string): Promise<string> {
    const [verb = ''] = args.filter((one) => !one.startsWith('-'));
    this.#ran.push(verb);
    const hangs = this.#hangsIn !== undefined && args.join(' ').includes(this.#hangsIn);
    return super.run(hangs ? ['cat-file', '--batch'] : args, cwd);
  }
}

async function aSession(root: string, index: number, base: string): Promise<SessionRecord> {
  return newRecord({
    id: `00000000-0000-4000-8000-00000000000${index}`,
    name: `session-${index}`,
    branch: `feature/session-${index}`,
    baseBranch: base,
    baseCommit: await git(root, 'rev-parse', base),
    worktreePath: path.join(root, '.worktrees', `session-${index}`),
    command: null,
    now: new Date(Date.UTC(2026, 2, 10, 12, index)),
  });
}
