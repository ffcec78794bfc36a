import assert from 'node:assert/strict';
import {
  branchEntries,
  describeChoice,
  type Entry,
  mayNameCommit,
  type Ref,
  refEntries,
  type SourceChoice,
  type SourceSurvey,
  sourceEntries,
  sourceOptions,
  suggestedName,
  worktreeEntries,
} from '../../../src/core/sourceChoice.ts';

const now = new Date('2026-05-01T12:00:00Z');
const commit = '0123456789abcdef0123456789abcdef01234567';
const tree = { path: '/repo/../tree', branch: 'by-hand' };
const survey: SourceSurvey = {
  head: { ref: 'topic', isDetached: false },
  main: 'origin/main',
  worktrees: [tree],
  remotes: ['origin'],
  base: 'head',
};

/** Each entry as a line, headings in capitals. */
function lines<T>(entries: readonly Entry<T>[]): string[] {
  return entries.map(({ label, description, value }) =>
    value === undefined ? label.toUpperCase() : [label, description].filter(Boolean).join(' | '),
  );
}

describe('what a new session is to work on', () => {
  const choices: [choice: SourceChoice, options: object, text: string][] = [
    [{ kind: 'usual' }, {}, 'The branch will be feature/<name>, from topic.'],
    [{ kind: 'head' }, { base: 'head' }, 'The branch will be feature/<name>, from topic.'],
    [{ kind: 'default' }, { base: 'default' }, 'The branch will be feature/<name>, from origin/main.'],
    [{ kind: 'from', ref: commit }, { baseBranch: commit }, 'The branch will be feature/<name>, from 01234567.'],
    [{ kind: 'branch', branch: 'fix/a' }, { branch: 'fix/a' }, 'The session will work on fix/a.'],
    [
      { kind: 'branch', branch: 'origin/fix/a' },
      { branch: 'origin/fix/a' },
      'The session will work on fix/a, which follows origin/fix/a.',
    ],
    [
      { kind: 'worktree', ...tree },
      { adoptWorktree: tree.path },
      'The session will work on by-hand in /repo/../tree, which stays when the session goes.',
    ],
    [{ kind: 'folder' }, { worktree: false }, 'The session will work in this folder itself, without a worktree.'],
  ];
  for (const [choice, options, text] of choices) {
    it(`is told and asked for: ${JSON.stringify(choice)}`, () => {
      assert.deepEqual([sourceOptions(choice), describeChoice(choice, survey)], [options, text]);
    });
  }

  it('is by the settings the default branch, or whatever git cannot tell yet', () => {
    const { head: _, main: __, ...nothing } = survey;
    const usual = { kind: 'usual' } as const;
    assert.deepEqual(
      [describeChoice(usual, { ...survey, base: 'default' }), describeChoice(usual, nothing)],
      ['The branch will be feature/<name>, from origin/main.', 'The branch will be feature/<name>.'],
    );
  });

  it('is the folder itself where that is no repository', () => {
    assert.equal(
      describeChoice({ kind: 'usual' }, undefined),
      'This folder is no git repository, so the session will work in the folder itself.',
    );
  });

  it('suggests a name where it has one', () => {
    const choices: SourceChoice[] = [
      { kind: 'branch', branch: 'feature/login' },
      { kind: 'branch', branch: 'origin/fix/a b' },
      { kind: 'worktree', ...tree },
      { kind: 'default' },
    ];
    assert.deepEqual(
      choices.map((choice) => suggestedName(choice, ['origin'])),
      ['login', 'fix-a-b', 'by-hand', undefined],
    );
  });
});

describe('the lists of what a session can work on', () => {
  it('begin with what most people want', () => {
    assert.deepEqual(lines(sourceEntries(survey)), [
      'NEW BRANCH FROM',
      '$(git-branch) topic | checked out here',
      '$(home) origin/main | the default branch',
      '$(search) Another branch, tag or commit…',
      'INSTEAD',
      '$(git-branch) Existing branch…',
      '$(list-tree) Existing worktree… | one has no session',
      '$(folder-opened) No worktree | work in this folder itself',
    ]);
  });

  it('name a commit that no branch has, and leave out what there is not', () => {
    const detached = { ...survey, head: { ref: commit, isDetached: true }, worktrees: [] };
    const { main: _, ...withoutMain } = detached;
    assert.deepEqual(lines(sourceEntries(withoutMain)), [
      'NEW BRANCH FROM',
      '$(git-commit) 01234567 | checked out here, on no branch',
      '$(search) Another branch, tag or commit…',
      'INSTEAD',
      '$(git-branch) Existing branch…',
      '$(folder-opened) No worktree | work in this folder itself',
    ]);
  });

  it('offer to make a repository where there is none', () => {
    assert.deepEqual(lines(sourceEntries(undefined)), [
      '$(folder-opened) No worktree | work in this folder itself',
      '$(source-control) Initialize Repository | so that sessions get branches and worktrees',
    ]);
  });

  const refs: Ref[] = [
    {
      kind: 'branch',
      name: 'main',
      date: '2026-05-01T11:00:00Z',
      subject: 'one',
      worktree: '/repo',
      upstream: 'origin/main',
    },
    { kind: 'branch', name: 'by-hand', date: '2026-05-01T10:00:00Z', subject: 'two', worktree: tree.path },
    { kind: 'branch', name: 'old', date: '2026-04-01T12:00:00Z', subject: 'three' },
    { kind: 'remote', name: 'origin/main', date: '2026-05-01T11:59:50Z', subject: 'four' },
    { kind: 'remote', name: 'origin/new', date: '2026-05-01T11:59:50Z', subject: '' },
    { kind: 'tag', name: 'v1', date: '', subject: 'five' },
  ];

  it('have every branch, remote branch and tag to start from', () => {
    assert.deepEqual(lines(refEntries(refs, now)), [
      'BRANCHES',
      '$(git-branch) main | 1h ago · one',
      '$(git-branch) by-hand | 2h ago · two',
      '$(git-branch) old | 30d ago · three',
      'REMOTE BRANCHES',
      '$(cloud) origin/main | just now · four',
      '$(cloud) origin/new | just now · ',
      'TAGS',
      '$(tag) v1 | five',
    ]);
  });

  it('have the branches that can be checked out, or come with a worktree that no session has', () => {
    const entries = branchEntries(refs, [tree], now);
    assert.deepEqual(
      [lines(entries), entries.map(({ value }) => value).filter((value) => value !== undefined)],
      [
        [
          'BRANCHES',
          '$(git-branch) by-hand | 2h ago · in /repo/../tree · two',
          '$(git-branch) old | 30d ago · three',
          'REMOTE BRANCHES',
          '$(cloud) origin/new | just now · ',
        ],
        [
          { kind: 'worktree', ...tree },
          { kind: 'branch', branch: 'old' },
          { kind: 'branch', branch: 'origin/new' },
        ],
      ],
    );
  });

  it('have the worktrees that no session has', () => {
    assert.deepEqual(lines(worktreeEntries([tree])), ['$(list-tree) by-hand | /repo/../tree']);
  });

  it('are not all: a commit may be typed', () => {
    const texts = ['0123', 'main~2', 'HEAD^', 'main@{yesterday}', 'main', 'abc', 'feature/x'];
    assert.deepEqual(texts.filter(mayNameCommit), ['0123', 'main~2', 'HEAD^', 'main@{yesterday}']);
  });
});
