import assert from 'node:assert/strict';
import { sessionEnvironment } from '../../../src/core/launchCommand.ts';
import { isolatingVariables, sessionVariables } from '../../../src/core/sessionVariables.ts';
import { aRecord } from '../records.ts';

const id = '0a1b2c3d-0000-4000-8000-000000000000';

describe('the variables of a session', () => {
  it('tell which one it is, and where its work is', () => {
    const record = aRecord({
      id,
      name: 'Log in',
      branch: 'feature/log-in',
      worktreePath: '/repo/.worktrees/log-in-0a1b2c3d',
    });
    assert.deepEqual(sessionVariables(record, { port: 21_340, root: '/repo' }), {
      HOLDFAST_SESSION_ID: id,
      HOLDFAST_SESSION_NAME: 'Log in',
      HOLDFAST_WORKTREE: '/repo/.worktrees/log-in-0a1b2c3d',
      HOLDFAST_ROOT: '/repo',
      HOLDFAST_BRANCH: 'feature/log-in',
      HOLDFAST_PORT: '21340',
    });
  });

  it('name no branch and keep no containers apart in the user’s own checkout', () => {
    const { HOLDFAST_BRANCH, HOLDFAST_PORT } = sessionVariables(aRecord({ branch: '' }), {});
    const isolating = isolatingVariables(aRecord({ branch: '' }));
    assert.deepEqual([HOLDFAST_BRANCH, HOLDFAST_PORT, isolating], [undefined, undefined, {}]);
  });

  const projects: [worktreePath: string, project: string][] = [
    ['/repo/.worktrees/log-in-0a1b2c3d', 'log-in-0a1b2c3d'],
    ['C:\\repo\\.worktrees\\log-in-0a1b2c3d', 'log-in-0a1b2c3d'],
    ['/elsewhere/My Feature.2', 'my-feature-2-0a1b2c3d'],
    ['/elsewhere/_draft', 'draft-0a1b2c3d'],
    ['/elsewhere/подсказка', '0a1b2c3d'],
  ];
  for (const [worktreePath, project] of projects) {
    it(`keep the containers of ${worktreePath} apart as ${project}`, () => {
      const record = aRecord({ id, branch: 'feature/x', worktreePath });
      assert.deepEqual(isolatingVariables(record), { COMPOSE_PROJECT_NAME: project });
    });
  }

  it('are none of those that a window or a shell in another session hands on', () => {
    const record = aRecord({ id, branch: 'feature/x', worktreePath: '/x' });
    const inSession = {
      ...sessionVariables(record, { port: 20_000, root: '/repo' }),
      ...isolatingVariables(record),
      MINE: '1',
    };
    const told = (env: Record<string, string>) =>
      Object.keys(sessionEnvironment(env)).filter((name) => /^(HOLDFAST_|COMPOSE_|MINE)/.test(name));
    assert.deepEqual(
      [told(inSession), told({ COMPOSE_PROJECT_NAME: 'mine', HOLDFAST_STATE_DIR: '/state' })],
      [['MINE'], ['COMPOSE_PROJECT_NAME', 'HOLDFAST_STATE_DIR']],
    );
  });
});
