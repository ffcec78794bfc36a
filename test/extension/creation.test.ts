import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { HoldfastError } from '../../src/base/errors.ts';
import type { DestroyedSession, NewSessionOptions, SessionRecord } from '../../src/extension/api.ts';
import { commandIds } from '../../src/extension/ids.ts';
import { SessionActions, type SourceChanges, withChanges } from '../../src/extension/sessionActions.ts';
import { git } from '../support/repository.ts';
import { useHoldfast, workspaceFolder } from './support/holdfast.ts';

describe('what a new session works on', () => {
  const api = useHoldfast();
  const tree = path.join(tmpdir(), `holdfast-adopted-${process.pid}`);
  afterEach(async () => {
    const folder = workspaceFolder();
    await git(folder, 'worktree', 'remove', '--force', tree).catch(() => undefined);
    await rm(tree, { recursive: true, force: true });
    for (const branch of ['by-hand', 'there']) await git(folder, 'branch', '-D', branch).catch(() => undefined);
  });

  it('is told by the argument of the command', async () => {
    const { branch, baseBranch } = await create({
      name: 'from default',
      base: 'default',
      fetch: false,
      submodules: false,
    });
    assert.deepEqual([branch, baseBranch], ['feature/from-default', 'main']);
  });

  it('may be a branch that is there', async () => {
    await git(workspaceFolder(), 'branch', 'there');
    const { branch, metadata } = await create({ branch: 'there' });
    assert.deepEqual([branch, metadata?.ownsBranch], ['there', false]);
  });

  it('may be a worktree that is there, and stays when the session is destroyed', async () => {
    await git(workspaceFolder(), 'worktree', 'add', '--quiet', '-b', 'by-hand', tree);
    const record = await create({ adoptWorktree: tree });
    const destroyed: DestroyedSession = await api().destroySession(record.id);
    assert.deepEqual(
      [record.branch, record.worktreePath, destroyed.kept?.path, existsSync(tree)],
      ['by-hand', tree, tree, true],
    );
  });

  const refused = [{ base: 'other' }, { fetch: 'yes' }, { adoptWorktree: 1 }, { submodules: 'init' }];
  for (const options of refused) {
    it(`is refused where it makes no sense: ${JSON.stringify(options)}`, async () => {
      await assert.rejects(api().newSession(options as NewSessionOptions), { code: 'INVALID_ARGUMENT' });
    });
  }

  const ways: [error: HoldfastError, title: string, options: NewSessionOptions][] = [
    [
      new HoldfastError('BRANCH_EXISTS', '', { data: { path: tree, isAdoptable: true } }),
      'Adopt That Worktree',
      { name: 'fix', adoptWorktree: tree },
    ],
    [
      new HoldfastError('FETCH_FAILED', ''),
      'Go On Without Fetching',
      { name: 'fix', branch: 'topic', baseBranch: 'main', fetch: false },
    ],
    [new HoldfastError('NO_COMMITS', ''), 'Run Without Worktree', { name: 'fix', worktree: false }],
  ];
  for (const [error, title, options] of ways) {
    it(`can be something else after ${error.code}: ${title}`, async () => {
      const asked: NewSessionOptions = { name: 'fix', branch: 'topic', baseBranch: 'main', fetch: true };
      assert.deepEqual(await otherTry(asked, error), [title, options]);
    });
  }

  it('is not a worktree that the main checkout is', async () => {
    const error = new HoldfastError('BRANCH_EXISTS', '', { data: { path: workspaceFolder(), isAdoptable: false } });
    assert.deepEqual(await otherTry({}, error), [undefined, undefined]);
  });
});

/** The button that an error comes with, and what is asked for once it is pressed. */
async function otherTry(asked: NewSessionOptions, error: HoldfastError) {
  let next: NewSessionOptions | undefined;
  const again = async (changes: SourceChanges) => {
    next = withChanges(asked, changes);
    return undefined;
  };
  const actions = new SessionActions({} as never, {} as never).createErrorActions(again, async () => undefined);
  const [action] = actions[error.code]?.(error) ?? [];
  await action?.run();
  return [action?.title, next];
}

async function create(options: NewSessionOptions): Promise<SessionRecord> {
  const argument = { command: ['cat'], show: false, ...options };
  return (await vscode.commands.executeCommand<SessionRecord>(commandIds.newSession, argument)) as SessionRecord;
}
