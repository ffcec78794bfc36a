import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { WorktreeChoice } from '../../src/client/worktreeFarewell.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { useProject } from './support/project.ts';
import { pictureOf } from './support/worktreePicture.ts';

describeOnUnix('a destroyed session that comes back from its archive', () => {
  const project = useProject({ commits: 3 });
  let window: SessionManager;
  let record: SessionRecord;
  let folder: string;
  beforeEach(async () => {
    window = await project().open();
    await appendFile(path.join(project().folder, '.git', 'info', 'exclude'), '.env\nnode_modules/\n');
    record = (await window.create({ name: 'login', command: ['cat'], env: { KEY: 'secret' } })).record;
    folder = record.worktreePath;
  });

  const work = async () => {
    await writeFile(path.join(folder, 'file-1.txt'), 'committed');
    await git(folder, 'commit', '--quiet', '--all', '--message=work');
    await writeFile(path.join(folder, 'file-1.txt'), 'staged');
    await git(folder, 'add', '.');
    await writeFile(path.join(folder, 'file-1.txt'), 'changed');
    await writeFile(path.join(folder, 'new.txt'), 'new');
    await writeFile(path.join(folder, '.env'), 'KEY=1');
  };

  const destroy = async (worktree?: WorktreeChoice) => {
    await window.stop(record.id);
    const { kept, isPending } = await window.destroy(record.id, { worktree });
    return { kept: kept?.reason, isPending, folder: existsSync(folder), branch: await branches() };
  };

  const branches = async () => (await project().git('branch', '--format=%(refname:short)')).split('\n').sort();

  const gone = { kept: undefined, isPending: undefined, folder: false, branch: ['main'] };

  it('is whole: branch, worktree, what was staged and what was not', async () => {
    await work();
    const before = await pictureOf(folder);
    const destroyed = await destroy('archive');
    const { record: back, notice } = await window.state.restoreArchived(record.id);
    assert.deepEqual(
      [destroyed, await pictureOf(back.worktreePath), notice, back.status, back.name, back.branch, back.metadata?.env],
      [gone, before, undefined, 'idle', 'login', 'feature/login', { KEY: 'secret' }],
    );
  });

  it('is there also where nothing would have been lost', async () => {
    const before = await pictureOf(folder);
    const destroyed = await destroy();
    const { record: back } = await window.state.restoreArchived(record.id);
    assert.deepEqual([destroyed, await pictureOf(back.worktreePath)], [gone, before]);
  });

  it('is without ignored files where those were not to be kept', async () => {
    await work();
    const destroyed = await destroy('remove');
    const { record: back } = await window.state.restoreArchived(record.id);
    const there = ['new.txt', '.env'].map((name) => existsSync(path.join(back.worktreePath, name)));
    assert.deepEqual([destroyed, there], [gone, [true, false]]);
  });

  it('leaves no archive where the worktree was to be kept', async () => {
    const destroyed = await destroy('keep');
    assert.deepEqual(
      [destroyed, await window.state.listArchived()],
      [{ ...gone, kept: 'you chose to keep it', folder: true, branch: ['feature/login', 'main'] }, []],
    );
  });

  it('is on a branch of another name where its own went on', async () => {
    await work();
    await destroy('archive');
    await project().git('branch', 'feature/login');
    const { record: back, notice } = await window.state.restoreArchived(record.id);
    assert.deepEqual(
      [back.branch, notice],
      [
        'feature/login-restored',
        'Its branch feature/login is there with other commits, so it came back as feature/login-restored.',
      ],
    );
  });

  it('is in another place where something is in its own', async () => {
    await work();
    await destroy('archive');
    await mkdir(folder);
    const { record: back } = await window.state.restoreArchived(record.id);
    assert.deepEqual(
      [back.worktreePath === folder, await git(back.worktreePath, 'status', '--porcelain')],
      [false, 'MM file-1.txt\n?? new.txt'],
    );
    await rm(folder, { recursive: true });
  });

  it('is in its repository also where that has moved, and nothing is made in the former place', async () => {
    await work();
    const before = await pictureOf(folder);
    await destroy('archive');
    const moved = path.join(await project().newFolder('elsewhere'), 'project');
    window.dispose();
    await rename(project().folder, moved);
    const { record: back } = await (await project().open({ folder: moved })).state.restoreArchived(record.id);
    assert.deepEqual(
      [path.dirname(path.dirname(back.worktreePath)), await pictureOf(back.worktreePath), existsSync(folder)],
      [moved, before, false],
    );
  });

  it('comes back once, and its archive stays', async () => {
    await destroy();
    const first = await window.state.restoreArchived(record.id);
    const second = await window.state.restoreArchived(record.id);
    const archives = await window.state.listArchived();
    assert.deepEqual(
      [first.origin.from, second.origin.from, second.record.id === first.record.id, archives.length],
      ['archive', 'list', true, 1],
    );
  });

  it('starts where that is asked for, with all that it had', async () => {
    await destroy();
    const { record: back } = await window.state.restoreArchived(record.id, { start: true });
    assert.equal(back.status, 'active');
  });

  it('leaves nothing behind where its command cannot be started, and is archived still', async () => {
    await writeFile(path.join(project().folder, 'tool'), '#!/bin/sh\nexec cat\n', { mode: 0o755 });
    await project().git('add', 'tool');
    await project().git('commit', '--quiet', '--message=tool');
    const { record: other } = await window.create({ name: 'other', command: ['./tool'] });
    await git(other.worktreePath, 'rm', '--quiet', 'tool');
    await window.destroy(other.id, { worktree: 'archive' });
    const before = await project().traces(window);
    await assert.rejects(window.state.restoreArchived(other.id, { start: true }), { code: 'COMMAND_NOT_FOUND' });
    const { origin } = await window.state.restoreArchived(other.id);
    await window.destroy(window.list().find(({ name }) => name === 'other')?.id as string, { worktree: 'archive' });
    assert.deepEqual([await project().traces(window), origin.from], [before, 'archive']);
  });

  it('is gone for good once its archive was deleted', async () => {
    await destroy();
    await window.state.deleteArchived(record.id);
    assert.deepEqual(await window.state.listArchived(), []);
    await assert.rejects(window.state.restoreArchived(record.id), { code: 'ARCHIVE_NOT_FOUND' });
  });
});
