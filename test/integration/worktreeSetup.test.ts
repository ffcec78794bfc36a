import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import type { WorktreeSettings } from '../../src/client/worktreeSetup.ts';
import { sessionPlaces } from '../../src/node/places.ts';
import { readLastScreen } from '../../src/node/savedScreen.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { runCli } from './support/cli.ts';
import { helperPid, hostPids, screenOf, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

describeOnUnix('the setup of a session’s worktree', () => {
  const project = useProject();
  let window: SessionManager;
  let folder: string;
  beforeEach(async () => {
    folder = await project().newFolder('told');
  });

  const open = async (worktree: WorktreeSettings = {}) => {
    window = await project().open({ settings: { worktree, variables: {} } });
  };
  const create = async (command = `echo ready >> '${folder}/log'; exec cat`) =>
    (await window.create({ name: 'login', command })).record;
  const said = () => readFile(path.join(folder, 'log'), 'utf8').catch(() => '');
  const say = (what: string) => `echo ${what} >> '${folder}/log'`;
  /** Goes on once a file of that name is in the folder. */
  const gate = (name: string) => `until [ -e '${folder}/${name}' ]; do sleep 0.02; done`;
  const openGate = (name: string) => writeFile(path.join(folder, name), '');
  const until = (isWanted: (record: SessionRecord) => boolean, what: string) =>
    waitFor(
      async () => window.list()[0],
      (record): record is SessionRecord => record !== undefined && isWanted(record),
      { what },
    ) as Promise<SessionRecord>;
  const untilReady = () => until(({ status, setup }) => status === 'active' && setup?.state === 'done', 'its command');
  const untilFailed = () => until(({ setup }) => setup?.state === 'failed', 'the failure of its setup');
  const untilSaid = (text: string) => waitFor(said, (all) => all === text, { what: JSON.stringify(text) });
  const linesOf = (text: string) => stripVTControlCharacters(text).split(/\r?\n/).filter(Boolean);

  it('runs step by step in the worktree before the command, all in one terminal', async () => {
    await open({ setup: ['echo "one in $PWD of $HOLDFAST_ROOT"', 'echo two'] });
    const record = await create('echo ready; exec cat');
    await untilReady();
    const screen = linesOf(await screenOf(window, record, /ready/));
    assert.deepEqual(
      screen.map((line) => line.replaceAll('─', '').trim()),
      [
        'Setup, step 1 of 2: echo "one in $PWD of $HOLDFAST_ROOT"',
        `one in ${record.worktreePath} of ${project().folder}`,
        'Setup, step 2 of 2: echo two',
        'two',
        'Its setup has succeeded',
        'ready',
      ],
    );
  });

  it('is shown while it runs, and forgotten with its success', async () => {
    await open({ setup: [gate('go')], setupTimeout: 3 });
    const { status, currentPhase, setup, evidence } = await create();
    await openGate('go');
    const after = await untilReady();
    assert.deepEqual(
      [status, currentPhase, setup?.state, setup?.timeout, evidence?.what, after.currentPhase, after.attempts],
      ['active', 'setup', 'running', 3, `its worktree is being set up: ${gate('go')} (step 1 of 1)`, undefined, 0],
    );
  });

  it('is that of the repository’s own script where none is set, and runs once for each worktree', async () => {
    await mkdir(path.join(project().folder, '.holdfast'));
    await writeFile(path.join(project().folder, '.holdfast', 'setup'), `#!/bin/sh\n${say('script')}\n`);
    await chmod(path.join(project().folder, '.holdfast', 'setup'), 0o755);
    await project().git('add', '.');
    await project().git('commit', '-m', 'Add the setup');
    await open();
    const { id } = await create();
    await untilReady();
    await untilSaid('script\nready\n');
    await window.restart(id);
    await untilSaid('script\nready\nready\n');
    await window.restart(id, { setup: 'run' });
    await untilSaid('script\nready\nready\nscript\nready\n');
  });

  it('cannot be run again where there is none', async () => {
    await open();
    const { id } = await create();
    await assert.rejects(window.restart(id, { setup: 'run' }), /There is no setup for “login”. Nothing was changed./);
  });

  it('that fails is told, and runs again with the next start until it succeeds', async () => {
    await open({ setup: [say('one'), `[ -e '${folder}/go' ] || exit 7`] });
    const { id } = await create();
    const failed = await untilFailed();
    await openGate('go');
    await window.restart(id);
    await untilReady();
    await untilSaid('one\none\nready\n');
    assert.deepEqual(
      [failed.status, failed.attempts, failed.currentPhase, failed.evidence?.what, failed.evidence?.action],
      [
        'failed',
        0,
        undefined,
        `its setup failed: “[ -e '${folder}/go' ] || exit 7” ended with code 7`,
        'Put it right and restart the session, which runs the setup again, or start it without.',
      ],
    );
  });

  it('that fails keeps what it has printed on the screen', async () => {
    await open({ setup: ['echo broken; exit 7'] });
    const { id } = await create();
    await untilFailed();
    const saved = await readLastScreen(sessionPlaces(machine, window.options.workplace.key, id));
    assert.match(stripVTControlCharacters(saved?.screen ?? ''), /broken/);
  });

  it('can be left out by the user, who then is not asked again', async () => {
    await open({ setup: ['exit 7'] });
    const { id } = await create();
    await untilFailed();
    const started = (await window.restart(id, { setup: 'skip' })).record;
    await untilSaid('ready\n');
    await window.restart(id);
    await untilSaid('ready\nready\n');
    assert.deepEqual([started.status, started.setup?.state], ['active', 'skipped']);
  });

  it('runs again from a shell, by the settings that the session was started with, or is left out there', async () => {
    const variables = { DB: `app_\${slug}` };
    const setup = [`[ -e '${folder}/go' ] || exit 7`];
    window = await project().open({ settings: { worktree: { setup }, variables } });
    const { id } = await create(`echo "ready $DB" >> '${folder}/log'; exec cat`);
    await untilFailed();
    const cli = async (...args: string[]) => (await runCli(project().folder, 'restart', 'login', ...args)).code;
    const ready = `ready app_login_${id.slice(0, 8)}\n`;
    const codes = [await cli()];
    await until(
      ({ startedAt, setup: progress }) => startedAt !== undefined && progress?.state === 'failed',
      'a failure',
    );
    codes.push(await cli('--skip-setup'));
    await untilSaid(ready);
    await openGate('go');
    codes.push(await cli('--run-setup'));
    await untilReady();
    await untilSaid(ready + ready);
    assert.deepEqual([...codes, await cli('--run-setup', '--skip-setup')], [0, 0, 0, 2]);
  });

  it('that takes too long is ended with all its processes', async () => {
    await open({ setup: [`sleep 600 & echo $! > '${folder}/pid'; sleep 600`], setupTimeout: 0.002 });
    await create();
    const failed = await untilFailed();
    await processEnd(Number(await readFile(path.join(folder, 'pid'), 'utf8')));
    assert.deepEqual(
      [failed.status, failed.evidence?.what.endsWith('took longer than 0.002 minutes')],
      ['timeout', true],
    );
  }).timeout(40_000);

  it('that the user stops is no failure, and runs with the next start', async () => {
    await open({ setup: [`${say('one')}; ${gate('go')}`] });
    const { id } = await create();
    await untilSaid('one\n');
    const stopped = await window.stop(id);
    await openGate('go');
    await window.restart(id);
    await untilReady();
    await untilSaid('one\none\nready\n');
    assert.deepEqual([stopped.status, stopped.setup?.state], ['cancelled', 'pending']);
  });

  it('goes on under the next helper', async () => {
    await open({ setup: [`${say('one')}; ${gate('go')}`, say('two')] });
    await create();
    await untilSaid('one\n');
    await killHelper();
    await window.helper.connect();
    await openGate('go');
    await untilReady();
    await untilSaid('one\ntwo\nready\n');
  });

  it('goes on under the next helper where a step has ended meanwhile', async () => {
    await open({ setup: [`${say('one')}; ${gate('go')}`, say('two')] });
    await create();
    await untilSaid('one\n');
    await killHelper();
    const hosts = await hostPids(window);
    await openGate('go');
    await Promise.all(hosts.map(processEnd));
    await window.helper.connect();
    await untilReady();
    await untilSaid('one\ntwo\nready\n');
  });

  it('goes on while no window is open', async () => {
    await open({ setup: [`${say('one')}; ${gate('go')}`, say('two')] });
    await create();
    window.dispose();
    await openGate('go');
    await untilSaid('one\ntwo\nready\n');
    await open();
    assert.equal((await untilReady()).name, 'login');
  });

  it('whose host is killed has failed, and is not tried again by itself', async () => {
    await open({ setup: [gate('go')] });
    await create();
    for (const pid of await hostPids(window)) signal(pid, 'SIGKILL');
    const { status, attempts, evidence } = await untilFailed();
    assert.deepEqual(
      [status, attempts, evidence?.what],
      ['failed', 0, `its setup failed at “${gate('go')}”: its session host was killed`],
    );
  });

  const killHelper = async () => {
    const pid = await helperPid(window);
    signal(pid, 'SIGKILL');
    await processEnd(pid);
  };
});
