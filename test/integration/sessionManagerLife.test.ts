import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { isAlive } from '../support/processes.ts';
import { screenOf, useProject } from './support/project.ts';

describe('a session’s life', () => {
  const project = useProject();
  let window: SessionManager;
  beforeEach(async () => {
    window = await project().open();
  });

  it('ends with a stop, which keeps its worktree and branch', async () => {
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    const before = await project().traces(window);
    const { status, ptyPid, exit } = await window.stop(record.id);
    const traces = await project().traces(window);
    assert.deepEqual(
      { record: [status, ptyPid, exit?.reason], traces },
      { record: ['cancelled', undefined, 'stop'], traces: { ...before, hosts: 0 } },
    );
  });

  it('stays as it is when a session is stopped that has ended', async () => {
    const { record } = await window.create({ command: ['cat'] });
    const stopped = await window.stop(record.id);
    assert.deepEqual(await window.stop(record.id), stopped);
  });

  it('goes on with a new process after a restart, below the screen it had', async () => {
    const { record } = await window.create({ command: ['sh', '-c', 'echo process $$ runs; cat'] });
    await screenOf(window, record, /process \d+ runs/);
    await window.stop(record.id);
    const { record: again } = await window.restart(record.id);
    const screen = await screenOf(window, record, /process \d+ runs[\s\S]*process \d+ runs/);
    const pids = [...screen.matchAll(/process (\d+) runs/g)].map(([, pid]) => Number(pid));
    assert.deepEqual([again.status, again.exit, pids], ['active', undefined, [record.ptyPid, again.ptyPid]]);
  });

  it('goes on with a new process when it is restarted while it runs', async () => {
    const { record } = await window.create({ command: ['cat'] });
    const { record: again } = await window.restart(record.id);
    assert.deepEqual([isAlive(record.ptyPid as number), isAlive(again.ptyPid as number)], [false, true]);
  });

  it('keeps the environment it was given through a restart', async () => {
    const { record } = await window.create({
      command: ['sh', '-c', 'echo "colour $COLOUR"; cat'],
      env: { COLOUR: 'green' },
    });
    await window.stop(record.id);
    await window.restart(record.id);
    assert.match(await screenOf(window, record, /colour.*[\s\S]*colour/), /colour green[\s\S]*colour green/);
  });

  it('is not cut short by a restart that cannot be, since its folder is gone', async () => {
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    await rm(record.worktreePath, { recursive: true });
    await assert.rejects(window.restart(record.id), {
      code: 'NO_FOLDER',
      text: `The folder of “login” is gone: ${record.worktreePath}. Bring it back with “git worktree add”, or destroy the session; feature/login is kept if it has work.`,
    });
    assert.equal(isAlive(record.ptyPid as number), true);
  });

  for (const method of ['stop', 'restart', 'destroy'] as const) {
    it(`cannot be asked to ${method} where there is no such session`, async () => {
      await assert.rejects(window[method]('00000000-0000-4000-8000-000000000000'), { code: 'SESSION_NOT_FOUND' });
    });
  }
});

describe('renaming a session', () => {
  const project = useProject();
  let window: SessionManager;
  let record: SessionRecord;
  beforeEach(async () => {
    window = await project().open();
    record = (await window.create({ name: 'login', command: ['cat'] })).record;
  });

  it('changes the name alone', async () => {
    const renamed = await window.rename(record.id, 'sign-in');
    assert.deepEqual(renamed, {
      record: { ...record, name: 'sign-in', revision: record.revision + 1 },
    });
  });

  it('makes the name safe and says what it did', async () => {
    const {
      record: { name },
      notice,
    } = await window.rename(record.id, 'sign in 🚀');
    assert.deepEqual(
      [name, notice],
      ['sign-in', '“sign in 🚀” became “sign-in” so that it is safe as a branch and a folder.'],
    );
  });

  it('gives way to another session’s name', async () => {
    await window.create({ name: 'other', command: ['cat'] });
    const {
      record: { name },
      notice,
    } = await window.rename(record.id, 'Other');
    assert.deepEqual([name, notice], ['Other-2', '“Other” became “Other-2” because that name is taken.']);
  });

  it('gives way to a name that another window takes at the same moment', async () => {
    const other = await project().open();
    const { record: second } = await other.create({ name: 'second', command: ['cat'] });
    const names = await Promise.all([window.rename(record.id, 'same'), other.rename(second.id, 'same')]);
    assert.deepEqual(names.map((renamed) => renamed.record.name).sort(), ['same', 'same-2']);
  });

  it('allows a change of case alone', async () => {
    assert.equal((await window.rename(record.id, 'Login')).record.name, 'Login');
  });

  it('refuses an empty name', async () => {
    await assert.rejects(window.rename(record.id, '  '), { code: 'INVALID_NAME' });
  });
});
