import assert from 'node:assert/strict';
import { launchSpec } from '../../../src/client/launch.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { aRecord } from '../records.ts';

describe('what a session is started with', () => {
  const dirs = useTempDirs();

  it('names the session to all that runs in it, whatever another session and the user’s variables say', async () => {
    const record = aRecord({
      worktreePath: await dirs.make(),
      metadata: { env: { HOLDFAST_SESSION_ID: 'the user’s', COMPOSE_PROJECT_NAME: 'the user’s', EXTRA: '1' } },
    });
    const { env } = await launchSpec(record, {
      shell: '/bin/sh',
      scrollback: 100,
      theme: 'dark',
      root: '/repo',
      env: { PATH: '/bin', HOLDFAST_SESSION_ID: 'another', HOLDFAST_SESSION_NAME: 'another' },
    });
    assert.deepEqual(env, {
      PATH: '/bin',
      EXTRA: '1',
      HOLDFAST_SESSION_ID: record.id,
      HOLDFAST_SESSION_NAME: record.name,
      HOLDFAST_WORKTREE: record.worktreePath,
      HOLDFAST_ROOT: '/repo',
      HOLDFAST_BRANCH: record.branch,
      COMPOSE_PROJECT_NAME: 'the user’s',
    });
  });
});
