import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { describeOnUnix } from '../support/unix.ts';
import { useProject } from './support/project.ts';

describeOnUnix('the worktree of a session that lives', () => {
  const project = useProject();
  let window: SessionManager;
  let record: SessionRecord;
  beforeEach(async () => {
    window = await project().open();
    record = (await window.create({ name: 'login', command: ['cat'] })).record;
  });

  const locks = async () => {
    const list = await project().git('worktree', 'list', '--porcelain');
    return [...list.matchAll(/^locked (.+)$/gm)].map(([, reason]) => reason);
  };

  it('is locked, and whoever wants to remove it is told for which session', async () => {
    const said = await project()
      .git('worktree', 'remove', record.worktreePath)
      .catch((error: Error) => error.message);
    const reason = `Holdfast session login (${record.id.slice(0, 8)})`;
    assert.deepEqual([await locks(), said.includes(reason)], [[reason], true]);
  });

  it('is not forgotten by git while its folder is away', async () => {
    await window.stop(record.id);
    await rm(record.worktreePath, { recursive: true });
    await project().git('worktree', 'prune', '--expire=now');
    assert.equal((await locks()).length, 1);
  });

  it('is locked no more once the session was destroyed and it was kept', async () => {
    await window.destroy(record.id, { worktree: 'keep' });
    assert.deepEqual(await locks(), []);
  });

  it('is locked again once the session came back from its archive', async () => {
    await window.destroy(record.id);
    await window.state.restoreArchived(record.id);
    assert.equal((await locks()).length, 1);
  });
});
