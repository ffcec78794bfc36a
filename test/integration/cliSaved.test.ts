import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { exists } from '../../src/node/exists.ts';
import { repositoryPlaces, sessionPlaces } from '../../src/node/places.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { type CliResult, runCli } from './support/cli.ts';
import { helperPid, hostPids, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

describeOnUnix('holdfast saved', () => {
  const project = useProject();
  const run = (...args: string[]): Promise<CliResult> => runCli(project().folder, 'saved', ...args);

  /** A session that runs and was saved. */
  async function save(...options: string[]): Promise<{ window: SessionManager; record: SessionRecord; id: string }> {
    const window = await project().open();
    const { record } = await window.create({ name: 'login', command: ['cat'], env: { TOKEN: 'secret' } });
    const { stdout } = await run('save', 'login', '--json', ...options);
    return { window, record, id: JSON.parse(stdout).id };
  }

  it('saves a session, lists it and shows it, without the values of its variables', async () => {
    const { record, id } = await save('--note', 'before the rewrite');
    const commit = await project().git('rev-parse', 'feature/login');
    const [{ stdout: list }, { stdout: shown }, { stdout: json }] = [
      await run('list'),
      await run('show', 'login'),
      await run('show', id.slice(0, 8), '--json'),
    ];
    assert.deepEqual(
      list
        .trim()
        .split(/\n/)
        .map((line) => line.split(/ {2,}/)),
      [
        ['ID', 'NAME', 'SAVED', 'BRANCH', 'COMMIT', 'NOTE'],
        [id.slice(0, 8), 'login', 'now', 'feature/login', commit.slice(0, 8), 'before the rewrite'],
      ],
    );
    assert.match(shown, /^Name +login\n[\s\S]*Note +before the rewrite\n[\s\S]*Variables +TOKEN\n/);
    const { sessionId, record: saved } = JSON.parse(json);
    assert.deepEqual([sessionId, saved.metadata.env, shown.includes('secret')], [record.id, { TOKEN: null }, false]);
  });

  it('says so where nothing is saved, and starts no helper for that', async () => {
    assert.deepEqual(await run('list'), { code: 0, stdout: 'No saved sessions here.\n', stderr: '' });
    const { key } = await findWorkplace(project().folder);
    assert.equal(await exists(repositoryPlaces(machine, key).helperFile), false);
  });

  it('brings a session back that was destroyed, in every window, and starts it', async () => {
    const { window, record, id } = await save();
    await window.destroy(record.id);
    const { code, stdout } = await run('load', id);
    await window.helper.list();
    const [back] = window.list();
    assert.deepEqual(
      { code, stdout, name: back?.name, status: back?.status, env: back?.metadata?.env },
      {
        code: 0,
        stdout: `Brought back login in a new worktree of feature/login, made anew at ${(await project().git('rev-parse', 'feature/login')).slice(0, 8)}.\n`,
        name: 'login',
        status: 'active',
        env: { TOKEN: 'secret' },
      },
    );
  });

  it('leaves it to be started later', async () => {
    const { window, record, id } = await save();
    await window.destroy(record.id);
    const { stdout } = await run('load', id, '--no-start', '--json');
    const { session, origin } = JSON.parse(stdout);
    assert.deepEqual([session.status, origin], ['idle', 'commit']);
  });

  it('makes nothing of a session that is in the list', async () => {
    const { window, id } = await save();
    const { code, stdout } = await run('load', id);
    assert.deepEqual([code, stdout, window.list().length], [0, 'login is in the list already; nothing was made.\n', 1]);
  });

  it('brings back a session more than a window has by default, for whoever names one means it', async () => {
    const { window, record, id } = await save();
    await window.destroy(record.id);
    for (let count = 0; count < 4; count++) await window.create({ command: ['cat'] });
    const { code } = await run('load', id, '--no-start');
    await window.helper.list();
    assert.deepEqual([code, window.list().length], [0, 5]);
  });

  it('does not guess between two saves of one session', async () => {
    const { id } = await save();
    const { id: other } = JSON.parse((await run('save', 'login', '--json')).stdout);
    const [byName, byId] = [await run('load', 'login', '--json'), await run('delete', id.slice(0, 8))];
    const { stdout } = await run('list', '--json');
    const { code, advice } = JSON.parse(byName.stderr);
    assert.deepEqual(
      [code, advice, byId.stdout, JSON.parse(stdout).map((saved: { id: string }) => saved.id)],
      ['AMBIGUOUS_SESSION', 'Give the id in brackets.', `Deleted the saved session login (${id}).\n`, [other]],
    );
  });

  it('does not delete by less than 8 characters of an id', async () => {
    const { id } = await save();
    const { code, stderr } = await run('delete', id.slice(0, 7));
    assert.deepEqual(
      [code, stderr],
      [
        1,
        `holdfast: There is no saved session “${id.slice(0, 7)}”. Nothing was deleted. See “holdfast saved list”; this takes a whole name, or at least 8 characters of an id. (SAVED_SESSION_NOT_FOUND)\n`,
      ],
    );
  });

  it('says of what is not there that nothing was changed', async () => {
    await save();
    const results = [await run('load', 'nope'), await run('delete', 'nope'), await run('save', 'nope')];
    assert.deepEqual(
      results.map(({ code, stderr }) => [code, stderr.match(/“nope”\. (.*?\.)/)?.[1]]),
      [
        [1, 'Nothing was changed.'],
        [1, 'Nothing was deleted.'],
        [1, 'Nothing was saved.'],
      ],
    );
  });

  it('waits for no pipe that lies among them', async () => {
    const { window, id } = await save();
    const folder = repositoryPlaces(machine, window.options.workplace.key).savedFolder;
    await rm(path.join(folder, `${id}.json`));
    await promisify(execFile)('mkfifo', [path.join(folder, `${id}.json`)]);
    const { code, stdout } = await run('list', '--json');
    assert.deepEqual([code, JSON.parse(stdout)[0].problem], [0, 'it cannot be read (it is no regular file)']);
  });

  it('tells of a file that is damaged, in the list and where it is loaded', async () => {
    const { window, id } = await save();
    const folder = repositoryPlaces(machine, window.options.workplace.key).savedFolder;
    await writeFile(path.join(folder, `${id}.json`), '{');
    const copied = await run('load', id);
    await writeFile(path.join(folder, `${id}.previous.json`), '');
    const [list, load] = [await run('list'), await run('load', id, '--json')];
    assert.deepEqual(
      [
        copied.stdout.split('\n')[1],
        /cannot be read: it is not whole JSON\n$/.test(list.stdout),
        JSON.parse(load.stderr).code,
      ],
      ['Its file is damaged (it is not whole JSON), so its second copy was read.', true, 'DAMAGED_FILE'],
    );
  });

  it('starts no second process where that of the session lives, though no list has it, and the doctor brings it back', async () => {
    const { window, record, id } = await save();
    const [host] = await hostPids(window);
    await loseLists(window, record);
    const { code, stderr } = await run('load', id, '--json');
    await runCli(project().folder, 'doctor', '--fix');
    const { stdout: list } = await runCli(project().folder, 'ls', '--json');
    assert.deepEqual(
      { code, error: JSON.parse(stderr).code, hosts: await hostPids(window), listed: JSON.parse(list).map(essence) },
      { code: 1, error: 'SESSION_RUNNING', hosts: [host], listed: [essence({ ...record, status: 'active' })] },
    );
  });

  it('takes no worktree that is marked as that of another session', async () => {
    const { window, record, id } = await save();
    await writeFile(path.join(record.worktreePath, 'notes.txt'), 'work');
    await window.destroy(record.id);
    const other = JSON.parse((await run('load', id, '--no-start', '--json')).stdout).session;
    await loseLists(window, other);
    const { code, stderr } = await run('load', id, '--json');
    assert.deepEqual([code, JSON.parse(stderr).code], [1, 'FOLDER_EXISTS']);
  });

  /** The helper ends, and all lists are gone, with the session's own record. */
  async function loseLists(window: SessionManager, { id }: SessionRecord): Promise<void> {
    const pid = await helperPid(window);
    window.dispose();
    signal(pid, 'SIGKILL');
    await processEnd(pid);
    const { key } = window.options.workplace;
    const { folder } = sessionPlaces(machine, key, id);
    for (const name of ['record.json', 'record.previous.json']) await rm(path.join(folder, name), { force: true });
    await rm(window.options.storage, { recursive: true });
  }
});

function essence({ id, name, status }: SessionRecord) {
  return { id, name, status };
}
