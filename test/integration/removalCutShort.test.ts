import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { repositoryPlaces } from '../../src/node/places.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { PausePoints } from '../faults/support/pausePoints.ts';
import { projectNode } from '../support/paths.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { useProject } from './support/project.ts';
import { dist, machine, programFile } from './support/scene.ts';
import { pictureOf } from './support/worktreePicture.ts';

describeOnUnix('a window that is killed while it destroys a session', () => {
  const project = useProject();
  let window: SessionManager;
  let record: SessionRecord;
  beforeEach(async () => {
    window = await project().open();
    record = (await window.create({ name: 'login', command: ['cat'] })).record;
    await writeFile(path.join(record.worktreePath, 'file-1.txt'), 'changed');
    await writeFile(path.join(record.worktreePath, 'new.txt'), 'new');
    await window.stop(record.id);
  });

  const killAt = async (point: string, program = 'destroySession') => {
    const points = new PausePoints(await project().newFolder('points'));
    await points.ask(point);
    const storage = await project().newFolder('storage');
    const args = [programFile(program), project().folder, storage, dist, record.id];
    const child = spawn(projectNode, args, { env: { ...process.env, ...points.env }, stdio: 'inherit' });
    const ended = once(child, 'close');
    process.kill(await points.reached(point), 'SIGKILL');
    await ended;
  };

  const traces = async () => {
    const { branches, folders, worktrees } = await project().traces(window);
    return { branches, folders: folders.length, worktrees: worktrees.length };
  };

  const gone = { branches: ['refs/heads/main'], folders: 0, worktrees: 1 };

  for (const point of ['destroy-forgotten', 'archive-written', 'removal-begun', 'removal-done']) {
    it(`leaves the rest to the next helper, and nothing is lost: ${point}`, async () => {
      const before = await pictureOf(record.worktreePath);
      await killAt(point);
      await window.helper.restartHelper();
      await waitFor(traces, (found) => found.folders === 0 && found.branches.length === 1, { what: 'its end' });
      const { record: back } = await window.state.restoreArchived(record.id);
      assert.deepEqual([await pictureOf(back.worktreePath), (await traces()).worktrees - gone.worktrees], [before, 1]);
    }).timeout(60_000);
  }

  it('before the session is forgotten has changed nothing, and another window can destroy it', async () => {
    await killAt('removal-noted');
    const isThere = existsSync(record.worktreePath) && window.get(record.id) !== undefined;
    const { kept } = await window.destroy(record.id, { worktree: 'archive' });
    assert.deepEqual([isThere, kept, await traces()], [true, undefined, gone]);
  }).timeout(60_000);

  it('before the session is forgotten leaves nothing that a helper would do later', async () => {
    await killAt('removal-noted');
    await window.helper.restartHelper();
    await waitFor(
      async () => existsSync(path.join(notesFolder(), `${record.id}.json`)),
      (isThere) => !isThere,
      { what: 'the end of the note' },
    );
    assert.deepEqual([existsSync(record.worktreePath), window.get(record.id)?.name], [true, 'login']);
  }).timeout(60_000);

  const notesFolder = () => repositoryPlaces(machine, window.options.workplace.key).removalsFolder;

  describe('or brings it back', () => {
    let before: string[];
    beforeEach(async () => {
      before = await pictureOf(record.worktreePath);
      await window.destroy(record.id, { worktree: 'archive' });
    });

    const cutShort = async (point: string) => {
      await killAt(point, 'restoreArchived');
      const back = await waitFor(
        () => window.list().find(({ metadata }) => metadata?.restoredFrom === record.id),
        (found) => found !== undefined,
        { what: 'the session that comes back' },
      );
      return back as SessionRecord;
    };

    for (const point of ['creation-registered', 'restore-begun', 'restore-checked-out', 'restore-written']) {
      it(`leaves what the next one finishes where the user asks for it again: ${point}`, async () => {
        const back = await cutShort(point);
        const { record: again, origin } = await window.state.restoreArchived(record.id);
        assert.deepEqual(
          [await pictureOf(back.worktreePath), again.id, origin.from, (await traces()).worktrees],
          [before, back.id, 'archive', 2],
        );
      }).timeout(60_000);

      it(`leaves what is finished by the session’s start, and not made of its branch alone: ${point}`, async () => {
        const back = await cutShort(point);
        const { record: started, notice } = await window.restart(back.id);
        assert.deepEqual(
          [await pictureOf(back.worktreePath), started.status, notice],
          [before, 'active', 'The worktree of “login” came back as it was archived.'],
        );
      }).timeout(60_000);
    }

    it('is not finished over what was committed to the branch meanwhile', async () => {
      const back = await cutShort('restore-begun');
      await project().git(
        'update-ref',
        `refs/heads/${back.branch}`,
        await project().git('commit-tree', 'main^{tree}', '-m', 'x'),
      );
      await assert.rejects(window.state.restoreArchived(record.id), { code: 'BRANCH_EXISTS' });
    }).timeout(60_000);
  });
});
