import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../src/base/errors.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { runTeardown } from '../../src/client/teardown.ts';
import type { WorktreeSettings } from '../../src/client/worktreeSetup.ts';
import { exists } from '../../src/node/exists.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { useProject } from './support/project.ts';
import { processEnd } from './support/scene.ts';

describeOnUnix('the teardown of a session’s worktree', () => {
  const project = useProject();
  let window: SessionManager;
  let folder: string;
  beforeEach(async () => {
    folder = await project().newFolder('told');
  });

  const create = async (worktree: WorktreeSettings, variables: Record<string, string> = {}) => {
    window = await project().open({ settings: { worktree, variables } });
    return (await window.create({ name: 'login', command: ['cat'] })).record;
  };
  const said = () => readFile(path.join(folder, 'log'), 'utf8').catch(() => '');
  const failure = async (task: Promise<unknown>) => {
    const error = await task.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof HoldfastError)) throw new Error('No error came of it', { cause: error });
    return error;
  };

  it('runs in it before it goes, with the variables of the session', async () => {
    const teardown = [`echo "$PWD $DB" >> '${folder}/log'`, `echo "$HOLDFAST_ROOT" >> '${folder}/log'`];
    const record = await create({ teardown }, { DB: `app_\${slug}` });
    const { kept } = await window.destroy(record.id);
    const slug = `login_${record.id.slice(0, 8)}`;
    assert.deepEqual(
      [kept, await said(), await exists(record.worktreePath)],
      [undefined, `${record.worktreePath} app_${slug}\n${project().folder}\n`, false],
    );
  });

  it('is that of the repository’s own script where none is set', async () => {
    const script = path.join(project().folder, '.holdfast', 'teardown');
    await mkdir(path.dirname(script));
    await writeFile(script, `#!/bin/sh\necho script >> '${folder}/log'\n`);
    await chmod(script, 0o755);
    await project().git('add', '.');
    await project().git('commit', '-m', 'Add the teardown');
    const { id } = await create({});
    await window.destroy(id);
    assert.equal(await said(), 'script\n');
  });

  it('that fails keeps the session and its worktree, and says what was said last', async () => {
    const record = await create({
      teardown: ['echo begun; echo no database >&2; exit 3', `echo two >> '${folder}/log'`],
    });
    const error = await failure(window.destroy(record.id));
    assert.deepEqual(
      [
        error.code,
        error.message,
        window.get(record.id)?.status,
        await exists(record.worktreePath),
        await said(),
        (await readFile(String(error.data.log), 'utf8'))
          .split('\n')
          .filter((line) => !line.includes('no job control'))
          .slice(-3),
      ],
      [
        'TEARDOWN_FAILED',
        'The teardown of “login” failed: “echo begun; echo no database >&2; exit 3” ended with code 3, and said last: no database. The session and its worktree were kept.',
        'cancelled',
        true,
        '',
        ['begun', 'no database', ''],
      ],
    );
  });

  it('can be left out once it has failed', async () => {
    const record = await create({ teardown: ['exit 3'] });
    await failure(window.destroy(record.id));
    const { kept } = await window.destroy(record.id, { skipTeardown: true });
    assert.deepEqual([kept, await exists(record.worktreePath)], [undefined, false]);
  });

  it('is not run where the worktree stays, for work is in it', async () => {
    const record = await create({ teardown: [`echo torn >> '${folder}/log'`] });
    await writeFile(path.join(record.worktreePath, 'work'), 'work');
    const { kept } = await window.destroy(record.id);
    assert.deepEqual([kept?.path, await said()], [record.worktreePath, '']);
  });

  it('is ended after its time, with all that it started', async () => {
    const lines = [`sleep 600 & echo $! > '${folder}/pid'; trap '' TERM; sleep 600`];
    const record = await create({ teardown: lines, setupTimeout: 0.01 });
    const error = await failure(window.destroy(record.id));
    await processEnd(Number(await readFile(path.join(folder, 'pid'), 'utf8')));
    assert.match(error.message, /took longer than 0.01 minutes.*were kept/);
  }).timeout(40_000);

  it('can be cancelled, and has ended then', async () => {
    const record = await create({ teardown: [`echo $$ > '${folder}/pid'; sleep 600`] });
    const cancel = new AbortController();
    const running = runTeardown(window.options, record, { signal: cancel.signal });
    const pid = await waitFor(
      () => readFile(path.join(folder, 'pid'), 'utf8').catch(() => ''),
      (text) => text.endsWith('\n'),
    );
    cancel.abort(new Error('cancelled'));
    await assert.rejects(running, /cancelled/);
    await processEnd(Number(pid));
  });

  it('that cannot be started is told', async () => {
    const record = await create({ teardown: ['true'] });
    const settings = () => ({ ...window.options.settings(), shell: '/nowhere/sh' });
    const error = await failure(runTeardown({ ...window.options, settings }, record));
    assert.match(error.message, /“true” could not be started \(ENOENT\)/);
  });
});
