import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useEditor } from '../support/editor.ts';
import { git } from '../support/repository.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { waitFor } from '../support/waitFor.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { ageless } from './support/answers.ts';

describe('what a new session works on', () => {
  const editor = useEditor();
  const temp = useTempDirs();
  let workbench: Workbench;

  before(async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
  });

  it('is chosen by a button beside the name: a new branch from another one', async () => {
    const { repository } = editor;
    await git(repository, 'checkout', '--quiet', '-b', 'topic');
    await writeFile(join(repository, 'topic.txt'), 'topic\n');
    await git(repository, 'add', '.');
    await git(repository, 'commit', '--quiet', '--message=On topic');
    await git(repository, 'checkout', '--quiet', 'main');
    await workbench.runCommand('holdfast.newSession');
    const usual = await workbench.quickInput.waitForMessage('from main');
    await workbench.screenshot('creation-01-name');
    await workbench.quickInput.pressButton('Choose Branch or Worktree');
    await workbench.quickInput.titled('What to Work On');
    const entries = await workbench.quickInput.entries();
    await workbench.screenshot('creation-02-what');
    await workbench.quickInput.pick('Another branch, tag or commit…');
    await workbench.quickInput.titled('Start From');
    await workbench.screenshot('creation-03-refs');
    await workbench.quickInput.pick('topic');
    const chosen = await workbench.quickInput.waitForMessage('from topic');
    await workbench.quickInput.accept('fix');
    await workbench.quickInput.titled('What to Run');
    await workbench.quickInput.accept('cat');
    await workbench.tree.row('fix').waitFor();
    await workbench.terminals.tab('fix').waitFor();
    const sentence = (text: string) => /^[^.]*\./.exec(text)?.[0];
    assert.deepEqual(
      {
        usual: sentence(usual),
        entries: entries.map((entry) => entry.replace(/^[^\w]+/, '')),
        chosen: sentence(chosen),
        tree: await ageless(workbench, 1),
        head: await git(repository, 'log', '-1', '--format=%s', 'feature/fix'),
      },
      {
        usual: 'The branch will be feature/<name>, from main.',
        entries: [
          'mainchecked out here New branch from',
          'Another branch, tag or commit…',
          'Existing branch… Instead',
          'No worktreework in this folder itself',
        ],
        chosen: 'The branch will be feature/<name>, from topic.',
        tree: ['fix feature/fix'],
        head: 'On topic',
      },
    );
  });

  it('can be thought over: each step leads back to the name, which is kept', async () => {
    await workbench.runCommand('holdfast.newSession');
    await workbench.quickInput.accept('thought-over');
    await workbench.quickInput.titled('What to Run');
    await workbench.quickInput.pressButton('Back');
    await workbench.quickInput.titled('Name');
    const name = await workbench.quickInput.value();
    await workbench.quickInput.pressButton('Choose Branch or Worktree');
    await workbench.quickInput.titled('What to Work On');
    await workbench.quickInput.pick('Existing branch…');
    await workbench.quickInput.titled('Existing Branch');
    await workbench.quickInput.pressButton('Back');
    await workbench.quickInput.titled('What to Work On');
    await workbench.quickInput.pressButton('Back');
    await workbench.quickInput.titled('Name');
    const again = await workbench.quickInput.value();
    await workbench.quickInput.cancel();
    assert.deepEqual([name, again, await ageless(workbench, 1)], ['thought-over', 'thought-over', ['fix feature/fix']]);
  });

  it('may be a worktree that was made by hand, whose branch gives the session its name', async () => {
    const tree = join(await temp.make('by hand'), 'tree');
    await git(editor.repository, 'worktree', 'add', '--quiet', '-b', 'by-hand', tree);
    await workbench.runCommand('holdfast.newSession');
    await workbench.quickInput.titled('Name');
    await workbench.quickInput.pressButton('Choose Branch or Worktree');
    await workbench.quickInput.pick('Existing worktree…');
    await workbench.quickInput.titled('Existing Worktree');
    await workbench.screenshot('creation-04-worktrees');
    await workbench.quickInput.pick('by-hand');
    await workbench.quickInput.waitForMessage('stays when the session goes');
    const name = await workbench.quickInput.value();
    await workbench.quickInput.accept();
    await workbench.quickInput.titled('What to Run');
    await workbench.quickInput.accept('cat');
    await workbench.terminals.tab('by-hand').waitFor();
    assert.deepEqual([name, await ageless(workbench, 2)], ['by-hand', ['fix feature/fix', 'by-hand by-hand']]);
  });

  it('takes long, shows that, and is cancelled: nothing is left', async () => {
    const { repository } = editor;
    const hook = join(repository, '.git', 'hooks', 'post-checkout');
    await mkdir(join(hook, '..'), { recursive: true });
    await writeFile(hook, '#!/bin/sh\nexec sleep 300\n');
    await chmod(hook, 0o755);
    const before = await left(repository);
    await workbench.runCommand('holdfast.newSession');
    await workbench.quickInput.accept('slow');
    await workbench.quickInput.titled('What to Run');
    await workbench.quickInput.accept('cat');
    const shown = await workbench.messages.waitForNotification('Creating the session');
    await workbench.screenshot('creation-05-cancel');
    await workbench.messages.pressButton('Creating the session', 'Cancel');
    const after = await waitFor(
      () => left(repository),
      (names) => names.length === before.length,
    );
    await rm(hook);
    assert.deepEqual(
      { shown: /Checking out files/.test(shown), left: after, tree: await ageless(workbench, 2) },
      { shown: true, left: before, tree: ['fix feature/fix', 'by-hand by-hand'] },
    );
  });
});

async function left(repository: string): Promise<string[]> {
  const branches = await git(repository, 'branch', '--format=%(refname:short)');
  return [...branches.split('\n'), ...(await readdir(join(repository, '.worktrees')))];
}
