import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { runCli } from './support/cli.ts';
import { useProject } from './support/project.ts';

describeOnUnix('holdfast worktree', () => {
  const project = useProject();
  let window: SessionManager;
  let record: SessionRecord;
  beforeEach(async () => {
    window = await project().open();
    record = (await window.create({ name: 'login', command: ['cat'] })).record;
  });

  const cli = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(project().folder, 'worktree', ...args);
    return [code, (stdout + stderr).trimEnd()];
  };

  it('says that all is well where it is', async () => {
    const text = `The worktree of “login” is as it should be: feature/login in ${record.worktreePath}.`;
    assert.deepEqual(await cli('login'), [0, text]);
  });

  it('says that a session has none', async () => {
    await window.create({ name: 'plain', command: ['cat'], worktree: false });
    assert.deepEqual(await cli('plain'), [0, '“plain” has no worktree.']);
  });

  it('says which branch is checked out instead, and has the session go on with it', async () => {
    await git(record.worktreePath, 'switch', '--quiet', '--create', 'better');
    const before = await cli('login');
    const json = JSON.parse(String((await cli('login', '--json'))[1]));
    const after = await cli('login', '--accept-branch');
    assert.deepEqual(
      [before, json.situation.branch, json.repairs, after],
      [
        [
          1,
          'The worktree of “login” has the branch better checked out instead of feature/login.\nWhat can be done: --accept-branch, --switch-back.',
        ],
        'better',
        ['follow', 'switchBack'],
        [0, `The worktree of “login” is as it should be: better in ${record.worktreePath}.`],
      ],
    );
  });

  it('learns where a worktree was moved to, and says what the process that runs may miss', async () => {
    const to = path.join(project().folder, 'moved');
    await rename(record.worktreePath, to);
    const [code, text] = await cli('login', '--at', to);
    assert.deepEqual(
      [code, String(text).split('\n')[0], /restart it if it does not find its files/.test(String(text))],
      [0, `The worktree of “login” is as it should be: feature/login in ${to}.`, true],
    );
  });

  it('changes nothing by a part of a name, nor by two ways at once', async () => {
    const [part] = await cli('log', '--switch-back');
    const [both, text] = await cli('login', '--switch-back', '--recreate');
    assert.deepEqual(
      [part, both, /--switch-back.*--recreate|--recreate.*--switch-back/.test(String(text))],
      [1, 2, true],
    );
  });
});
