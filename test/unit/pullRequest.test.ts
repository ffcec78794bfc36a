import assert from 'node:assert/strict';
import { openPullRequest, type PullRequestContext } from '../../src/extension/pullRequest.ts';
import type { ComparedBranch } from '../../src/node/comparedBranch.ts';

describe('a pull request is begun', () => {
  const gitHub: ComparedBranch = {
    root: '/repo',
    remote: 'origin',
    url: 'git@github.com:team/app.git',
    local: 'feature/x',
    branch: 'feature/x',
    base: 'main',
  };
  const page = 'https://github.com/team/app/compare/main...feature/x?expand=1';

  it('by the GitHub extension where there is one', async () => {
    const { calls, context } = ways({ extension: 'works', gh: 'works' });
    const opened = await openPullRequest(gitHub, context);
    assert.deepEqual([opened, calls], [{ via: 'extension' }, [{ repoPath: '/repo', compareBranch: 'feature/x' }]]);
  });

  it('by gh where there is no such extension', async () => {
    const { calls, context } = ways({ gh: 'works' });
    const opened = await openPullRequest(gitHub, context);
    const args = ['pr', 'create', '--web', '--head', 'feature/x', '--base', 'main'];
    assert.deepEqual([opened, calls], [{ via: 'gh' }, [args]]);
  });

  it('on the compare page where neither is there', async () => {
    const { calls, context } = ways({});
    assert.deepEqual([await openPullRequest(gitHub, context), calls], [{ via: 'browser', url: page }, [page]]);
  });

  it('on that page also where both fail', async () => {
    const { calls, context } = ways({ extension: 'fails', gh: 'fails' });
    const opened = await openPullRequest(gitHub, context);
    assert.deepEqual([opened, calls.length], [{ via: 'browser', url: page }, 5]);
  });

  it('on the page of another server without asking for GitHub’s tools', async () => {
    const { calls, context } = ways({ extension: 'works', gh: 'works' });
    const opened = await openPullRequest({ ...gitHub, url: 'https://codeberg.org/team/app.git' }, context);
    const url = 'https://codeberg.org/team/app/compare/main...feature/x';
    assert.deepEqual([opened, calls], [{ via: 'browser', url }, [url]]);
  });

  it('nowhere for a remote that is a folder', async () => {
    const { context } = ways({});
    await assert.rejects(openPullRequest({ ...gitHub, url: '/srv/app.git' }, context), { code: 'NO_REMOTE' });
  });

  /** A window that has these ways, and what was done on them. */
  function ways(there: { extension?: 'works' | 'fails'; gh?: 'works' | 'fails' }): {
    calls: unknown[];
    context: PullRequestContext;
  } {
    const calls: unknown[] = [];
    const way = (how: string | undefined) => async (argument: unknown) => {
      calls.push(argument);
      if (how === 'fails') throw new Error('it failed');
    };
    const context: PullRequestContext = {
      extension: () => (there.extension ? way(there.extension) : undefined),
      gh: async () => (there.gh ? way(there.gh) : undefined),
      openPage: way('works'),
      warn: (message) => calls.push(message),
    };
    return { calls, context };
  }
});
