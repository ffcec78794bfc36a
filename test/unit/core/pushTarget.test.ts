import assert from 'node:assert/strict';
import { choosePushTarget, type PushSettings, parsePush } from '../../../src/core/pushTarget.ts';

describe('where a branch is pushed', () => {
  const own = 'refs/heads/feature/x';
  const cases: [what: string, settings: PushSettings, expected: unknown, base?: string, remote?: string][] = [
    ['to origin by its name', { remotes: ['fork', 'origin'] }, ['origin', own, true]],
    ['to the only remote', { remotes: ['fork'] }, ['fork', own, true]],
    ['to the one that is chosen', { remotes: ['fork', 'origin'] }, ['fork', own, true], 'main', 'fork'],
    [
      'to what it follows, whatever that is called',
      { remotes: ['origin', 'fork'], upstream: { remote: 'fork', ref: 'refs/heads/review' } },
      ['fork', 'refs/heads/review', false],
    ],
    [
      'not onto the remote branch that it was made from',
      { remotes: ['origin'], upstream: { remote: 'origin', ref: 'refs/heads/main' } },
      ['origin', own, true],
      'origin/main',
    ],
    [
      'not onto its base where that has the same name there',
      { remotes: ['origin'], upstream: { remote: 'origin', ref: 'refs/heads/main' } },
      ['origin', own, true],
    ],
    [
      'to the remote for pushes, still following the other one',
      { remotes: ['origin', 'fork'], upstream: { remote: 'origin', ref: own }, pushRemote: 'fork' },
      ['fork', own, false],
    ],
    ['nowhere without a remote', { remotes: [] }, []],
    ['only once somebody has chosen between several', { remotes: ['a', 'b'] }, ['a', 'b']],
  ];
  for (const [what, settings, expected, base = 'main', remote] of cases) {
    it(`is ${what}`, () => {
      const choice = choosePushTarget('feature/x', base, settings, remote);
      const told =
        'target' in choice ? [choice.target.remote, choice.target.ref, choice.target.setsUpstream] : choice.remotes;
      assert.deepEqual(told, expected);
    });
  }
});

describe('what git tells of a push', () => {
  const lines: [line: string, report: unknown][] = [
    ['*\trefs/heads/a:refs/heads/a\t[new branch]', { state: 'new' }],
    [' \trefs/heads/a:refs/heads/a\t1234..5678', { state: 'updated' }],
    ['=\trefs/heads/a:refs/heads/a\t[up to date]', { state: 'upToDate' }],
    ['!\trefs/heads/a:refs/heads/a\t[rejected] (fetch first)', { rejected: '[rejected] (fetch first)' }],
    ['Everything up-to-date', undefined],
  ];
  for (const [line, report] of lines) {
    it(`is understood: ${line.replaceAll('\t', ' ')}`, () => {
      assert.deepEqual(parsePush(`To ../remote\n${line}\nDone\n`), report);
    });
  }
});
