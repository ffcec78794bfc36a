import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { SessionRecord } from '../../src/extension/api.ts';
import { commandIds } from '../../src/extension/ids.ts';
import { git } from '../support/repository.ts';
import { waitFor } from '../support/waitFor.ts';
import { type Shown, useDialogs } from './support/dialogs.ts';
import { useHoldfast, workspaceFolder } from './support/holdfast.ts';

describe('work that is brought home', () => {
  const remote = path.join(tmpdir(), `holdfast-remote-${process.pid}`);
  let start = '';
  let session: SessionRecord;

  // Before the sessions are destroyed, which keeps what has work.
  afterEach(async () => {
    await git(session.worktreePath, 'merge', '--abort').catch(() => undefined);
    await rm(remote, { recursive: true, force: true });
    await here('reset', '--hard', '--quiet', start);
    await git(session.worktreePath, 'reset', '--hard', '--quiet', start).catch(() => undefined);
    await git(session.worktreePath, 'clean', '-fdq').catch(() => undefined);
    await here('branch', '-D', 'release').catch(() => undefined);
    await here('remote', 'remove', 'origin').catch(() => undefined);
  });

  const api = useHoldfast();
  const dialogs = useDialogs();

  beforeEach(async () => {
    start = await here('rev-parse', 'HEAD');
    session = await api().newSession({ name: 'login', command: ['cat'], show: false });
    await api().stopSession(session.id);
  });

  it('is committed and merged without a question through argument objects', async () => {
    await write('one.txt', '1');
    const { id } = session;
    const committed = await run<{ files: number; branch: string }>(commandIds.commitAll, { id, message: 'One' });
    const merged = await run<{ into: string; to: string; how: string }>(commandIds.mergeInto, { id, how: 'squash' });
    assert.deepEqual(
      [committed.files, merged.into, merged.to, merged.how, dialogs.shown],
      [1, await branch(), await here('rev-parse', 'HEAD'), 'squash', []],
    );
  });

  it('throws with a code through argument objects, and asks nothing', async () => {
    const { id } = session;
    const codes = [];
    for (const [command, argument] of [
      [commandIds.mergeInto, { id }],
      [commandIds.mergeInto, { id, how: 'octopus' }],
      [commandIds.commitAll, { id, message: 'Nothing' }],
      [commandIds.commitAll, { id }],
      [commandIds.pushBranch, { id }],
      [commandIds.createPullRequest, { id }],
    ] as const)
      codes.push(
        await run(command, argument).then(
          () => 'done',
          ({ code }) => code,
        ),
      );
    assert.deepEqual(
      [codes, dialogs.shown],
      [['NOTHING_TO_MERGE', 'INVALID_ARGUMENT', 'NOTHING_TO_COMMIT', 'INVALID_ARGUMENT', 'NO_REMOTE', 'NO_REMOTE'], []],
    );
  });

  it('is merged after it is shown what will happen, and taken back', async () => {
    await commit('one.txt', '1');
    await write('later.txt', 'not yet');
    const main = await branch();
    answer({
      'Merge “login” into…': main,
      'Merge into': 'Squash',
      'Squash into': 'Login works',
      'Squash “login”': 'Squash',
      Squashed: 'Undo',
    });
    const outcome = await run<{ from: string; to: string }>(commandIds.mergeInto, session.id);
    const message = await here('log', '-1', '--format=%s', outcome.to);
    await waitFor(
      () => dialogs.shown.at(-1)?.text,
      (text) => text === `${main} is where it was before the merge.`,
    );
    assert.deepEqual(
      [
        message,
        await here('rev-parse', 'HEAD'),
        dialogs.shown.map(({ kind, text }) => `${kind}: ${text}`),
        dialogs.shown[3],
      ],
      [
        'Login works',
        start,
        [
          'showQuickPick: Merge “login” into…',
          `showQuickPick: Merge into ${main}`,
          `showInputBox: Squash into ${main}`,
          `showInformationMessage: Squash “login” into ${main}?`,
          `showInformationMessage: Squashed 1 commit of feature/login into ${main} (1 file, updated in ${workspaceFolder()}).`,
          `showInformationMessage: ${main} is where it was before the merge.`,
        ],
        {
          kind: 'showInformationMessage',
          text: `Squash “login” into ${main}?`,
          detail: [
            `One new commit on ${main} holds what 1 commit of feature/login changed.`,
            `${main} is checked out in ${workspaceFolder()}: 1 file will be updated there.`,
            '1 uncommitted file in its worktree will not be merged.',
          ].join('\n\n'),
          choices: ['Squash', 'Edit Message…', 'Commit All First…'],
        },
      ],
    );
  });

  it('is squashed with a message that is edited as a whole', async () => {
    await commit('one.txt', '1');
    await commit('two.txt', '2');
    await here('branch', 'release');
    answer({
      'Merge “login” into…': 'release',
      'Merge into release': 'Squash',
      'Squash into release': 'Login works',
      'Squash “login”': ['Edit Message…', 'Squash'],
      'Edit the commit’s message': async () => {
        const editor = vscode.window.activeTextEditor;
        await editor?.edit((edit) => edit.insert(new vscode.Position(1, 0), '\nFor all.\n'));
        return 'Use This Message';
      },
    });
    await run(commandIds.mergeInto, session.id);
    const left = vscode.workspace.textDocuments.filter(
      ({ isUntitled, languageId }) => isUntitled && languageId === 'git-commit',
    );
    assert.deepEqual(
      [await here('log', '-1', '--format=%B', 'release'), left.length],
      ['Login works\n\nFor all.\n\n* One\n* One', 0],
    );
  });

  it('is committed first where that is chosen, and merged with it', async () => {
    await commit('one.txt', '1');
    await write('two.txt', '2');
    await here('branch', 'release');
    answer({
      'Merge “login” into…': 'release',
      'Merge into release': 'Rebase',
      'Rebase “login”': ['Commit All First…', 'Rebase'],
      'Commit All: login': 'Two',
    });
    await run(commandIds.mergeInto, session.id);
    assert.deepEqual(
      [await here('log', '--format=%s', `${start}..release`), await here('rev-parse', 'HEAD')],
      ['Two\nOne', start],
    );
  });

  it('is offered to be committed where there is nothing to merge yet', async () => {
    await write('one.txt', '1');
    await here('branch', 'release');
    answer({
      'Merge “login” into…': 'release',
      'Merge into release': 'Rebase',
      'release has everything': 'Commit All…',
      'Commit All: login': 'One',
      'Rebase “login”': 'Rebase',
    });
    await run(commandIds.mergeInto, session.id);
    assert.equal(await here('log', '--format=%s', `${start}..release`), 'One');
  });

  it('is not merged where there are conflicts, but can be made to fit in its worktree', async () => {
    await commit('README.md', 'ours');
    await writeFile(path.join(workspaceFolder(), 'README.md'), 'theirs');
    await here('add', '--all');
    await here('commit', '--quiet', '-m', 'Theirs');
    const main = await branch();
    answer({
      'Merge “login” into…': main,
      'Merge into': 'Merge',
      'feature/login and': `Merge ${main} into the Session`,
    });
    const outcome = await run(commandIds.mergeInto, session.id);
    const dialog = dialogs.shown.find(({ text }) => text.includes('in conflict'));
    assert.deepEqual(
      [
        outcome,
        dialog?.choices,
        dialog?.detail?.split('\n')[0],
        await git(session.worktreePath, 'diff', '--name-only', '--diff-filter=U'),
      ],
      [undefined, [`Merge ${main} into the Session`, 'Show Conflicts…'], 'Merge conflict in README.md', 'README.md'],
    );
    await git(session.worktreePath, 'merge', '--abort');
  });

  it('has its conflicts shown beside what the target has', async () => {
    await commit('README.md', 'ours\n');
    await writeFile(path.join(workspaceFolder(), 'README.md'), 'theirs\n');
    await here('add', '--all');
    await here('commit', '--quiet', '-m', 'Theirs');
    const main = await branch();
    answer({
      'Merge “login” into…': main,
      'Merge into': 'Merge',
      'feature/login and': 'Show Conflicts…',
      Conflicts: 'README.md',
    });
    await run(commandIds.mergeInto, session.id);
    const shown = await waitFor(
      () =>
        vscode.window.visibleTextEditors
          .map(({ document }) => document)
          .filter(({ uri }) => uri.scheme === 'holdfast-merge'),
      (documents) => documents.length === 2,
    );
    const texts = shown.map((document) => document.getText());
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    assert.deepEqual(texts, ['theirs\n', `<<<<<<< ${main}\ntheirs\n=======\nours\n>>>>>>> ${session.branch}\n`]);
  });

  it('is not merged over what is not committed, and another branch is offered', async () => {
    await commit('one.txt', '1');
    await writeFile(path.join(workspaceFolder(), 'one.txt'), 'mine');
    const main = await branch();
    answer({
      'Merge “login” into…': [main, undefined],
      'Merge into': 'Merge',
      'What is not committed': 'Other Branch…',
    });
    await run(commandIds.mergeInto, session.id);
    const told = dialogs.shown.find(({ kind }) => kind === 'showErrorMessage');
    await rm(path.join(workspaceFolder(), 'one.txt'));
    assert.deepEqual(
      [told?.text, told?.choices, dialogs.shown.at(-1)?.text, await here('rev-parse', 'HEAD')],
      [
        `What is not committed in ${workspaceFolder()} would be overwritten (one.txt). Nothing was changed. Commit, stash or move it first, or merge into another branch.`,
        ['Other Branch…'],
        'Merge “login” into…',
        start,
      ],
    );
  });

  it('is pushed, and where the remote has no page a pull request is refused', async () => {
    await git(workspaceFolder(), 'init', '--quiet', '--bare', remote);
    await here('remote', 'add', 'origin', 'https://git.example.invalid/team/app.git');
    await here('config', 'remote.origin.pushurl', remote);
    await commit('one.txt', '1');
    await run(commandIds.pushBranch, session.id);
    const pushed = await git(remote, 'rev-parse', 'feature/login');
    const error = await run(commandIds.createPullRequest, { id: session.id }).catch(({ code }) => code);
    assert.deepEqual(
      [pushed, dialogs.shown.map(({ text }) => text), error],
      [await git(session.worktreePath, 'rev-parse', 'HEAD'), ['Pushed feature/login to origin.'], 'NO_REMOTE'],
    );
  });

  it('is pushed once what the remote has alone was merged into its worktree, where that is chosen', async () => {
    await git(workspaceFolder(), 'init', '--quiet', '--bare', remote);
    await here('remote', 'add', 'origin', remote);
    await commit('one.txt', '1');
    await run(commandIds.pushBranch, { id: session.id });
    await git(session.worktreePath, 'reset', '--quiet', '--hard', start);
    await commit('two.txt', '2');
    answer({ 'origin has commits': 'Merge Them into the Session' });
    await run(commandIds.pushBranch, session.id);
    const files = await git(remote, 'ls-tree', '--name-only', 'feature/login');
    assert.deepEqual(
      [files.split('\n').filter((file) => /^(one|two)/.test(file)), dialogs.shown.at(-1)?.text],
      [['one.txt', 'two.txt'], 'Pushed feature/login to origin.'],
    );
  });

  function here(...args: string[]): Promise<string> {
    return git(workspaceFolder(), ...args);
  }

  function branch(): Promise<string> {
    return here('symbolic-ref', '--short', 'HEAD');
  }

  function write(name: string, text: string): Promise<void> {
    return writeFile(path.join(session.worktreePath, name), text);
  }

  async function commit(name: string, text: string): Promise<void> {
    await write(name, text);
    await git(session.worktreePath, 'add', '--all');
    await git(session.worktreePath, 'commit', '--quiet', '-m', 'One');
  }

  async function run<T = unknown>(command: string, argument: unknown): Promise<T> {
    return (await vscode.commands.executeCommand(command, argument)) as T;
  }

  /** Answers dialogs by how their text begins; several answers one after the other, the last of them from then on. */
  function answer(answers: Record<string, Given | Given[]>): void {
    dialogs.answer(async ({ text }: Shown) => {
      // The longest beginning is meant.
      const known = Object.keys(answers).filter((beginning) => text.startsWith(beginning));
      const [key] = known.sort((a, b) => b.length - a.length);
      const all = key === undefined ? undefined : answers[key];
      const given = Array.isArray(all) && all.length > 1 ? all.shift() : [all].flat()[0];
      return typeof given === 'function' ? given() : given;
    });
  }
});

/** What is chosen or typed, what does something first, or undefined to turn away. */
type Given = string | undefined | (() => Promise<string>);
