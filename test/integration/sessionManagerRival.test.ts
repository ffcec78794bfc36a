import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { isAlive } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';
import { pauseAt, withGit } from './support/fakeGit.ts';
import { useProject } from './support/project.ts';

describe('destroying a session that another window starts', () => {
  const project = useProject();
  let record: SessionRecord;
  let one: SessionManager;
  let two: SessionManager;
  beforeEach(async () => {
    [one, two] = [await project().open(), await project().open()];
    record = (await one.create({ name: 'login', command: ['cat'] })).record;
    await one.stop(record.id);
    await two.helper.list();
  });

  it('refuses the start once the worktree is about to go', async () => {
    const folder = await project().newFolder('pause');
    const [waits, goOn] = [path.join(folder, 'waits'), path.join(folder, 'goOn')];
    await withGit(project(), pauseAt('status*', { waits, goOn }), async () => {
      const destruction = one.destroy(record.id);
      await waitFor(() => existsSync(waits));
      const start = await two.restart(record.id).catch(({ code }) => code);
      await writeFile(goOn, '');
      const { kept } = await destruction;
      assert.deepEqual([start, kept, existsSync(record.worktreePath)], ['SESSION_NOT_FOUND', undefined, false]);
    });
  });

  it('is refused once the start is under way', async () => {
    const forget = one.helper.delete.bind(one.helper);
    one.helper.delete = async (current) => {
      await two.restart(record.id);
      return forget(current);
    };
    await assert.rejects(one.destroy(record.id), { code: 'SESSION_RUNNING' });
    const { ptyPid = 0, status } = two.require(record.id);
    assert.deepEqual([status, isAlive(ptyPid), existsSync(record.worktreePath)], ['active', true, true]);
  });
});
