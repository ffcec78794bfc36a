import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Backup } from '../../src/client/backupFile.ts';
import { Backups } from '../../src/client/backups.ts';
import { HelperClient } from '../../src/client/helperClient.ts';
import { HelperLauncher } from '../../src/client/helperLauncher.ts';
import { registerStorage } from '../../src/client/windowStorages.ts';
import { sealed } from '../../src/core/checksum.ts';
import { serializeRegistry } from '../../src/core/registryDocument.ts';
import { isLive } from '../../src/core/sessionRecord.ts';
import { readJson } from '../../src/node/durableFile.ts';
import { type RepositoryPlaces, repositoryPlaces } from '../../src/node/places.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { signal } from '../support/processes.ts';
import { CliTerminal, runCli } from './support/cli.ts';
import { useProject } from './support/project.ts';
import { dist, machine, processEnd } from './support/scene.ts';

describe('holdfast backups', () => {
  const project = useProject();
  let helper: HelperClient;
  let places: RepositoryPlaces;
  let record: SessionRecord;
  let backups: Backups;
  beforeEach(async () => {
    const window = await project().open();
    record = (await window.create({ name: 'login', command: ['cat'], env: { TOKEN: 'secret' } })).record;
    // A window that is open takes backups, too.
    window.dispose();
    const { storage, workplace } = window.options;
    places = repositoryPlaces(machine, workplace.key);
    await registerStorage(places, storage);
    backups = new Backups({ folder: storage, key: workplace.key });
    const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
    const launcher = new HelperLauncher({ machine, key: workplace.key, dist, client });
    helper = new HelperClient({ launcher, replica: () => [] });
    await helper.connect();
  });
  afterEach(() => helper.dispose());

  const run = (...args: string[]) => runCli(project().folder, 'backups', ...args);
  const create = async () => JSON.parse((await run('create', '--json')).stdout) as Backup;
  const files = async () => (await readdir(backups.folder).catch(() => [])).sort();
  const destroy = async () => helper.delete(await helper.stop(record.id, 1000));
  const list = async () =>
    (await helper.list()).records
      .filter(isLive)
      .map(({ name }) => name)
      .sort();
  const unreadable = () =>
    `The folder of backups ${backups.folder} cannot be read: a file is in its place. Put it right, or move it away; the backups in it are not counted meanwhile.\n`;
  const damage = async ({ file }: Backup) => {
    await writeFile(file, (await readFile(file, 'utf8')).replace('"login"', '"lugin"'));
  };

  it('creates one beside those of the window, and none of the same sessions', async () => {
    const first = await run('create');
    const [backup] = (await backups.list()) as [Backup];
    const second = await run('create');
    assert.deepEqual(
      [first, second],
      [
        { code: 0, stdout: `Backed up 1 session: ${backup.file}\n`, stderr: '' },
        { code: 0, stdout: `Nothing has changed since the backup ${backup.id}.\n`, stderr: '' },
      ],
    );
  });

  it('keeps in it what a newer version keeps beside the sessions', async () => {
    const list = path.join(path.dirname(backups.folder), 'sessions.json');
    const unknownFields = { layout: { columns: 2 } };
    const text = { key: places.key, generation: 1, savedAt: new Date(), records: [record], unknownFields };
    await writeFile(list, serializeRegistry(text));
    const { file } = await create();
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')).layout, unknownFields.layout);
  });

  it('creates one in the state folder where no window has a storage', async () => {
    await rm(path.join(places.folder, 'windows'), { recursive: true });
    const { file } = await create();
    assert.equal(path.dirname(file), path.join(places.folder, 'backups'));
  });

  it('creates none where there are no sessions', async () => {
    const empty = await project().newFolder('empty');
    const { code, stdout } = await runCli(empty, 'backups', 'create');
    assert.deepEqual([code, stdout], [0, 'There are no sessions to back up.\n']);
  });

  it('lists those of all windows, the newest first, with what is wrong with them', async () => {
    const first = await create();
    await registerStorage(places, await project().newFolder('storage'));
    await helper.update(record, () => ({ name: 'renamed' }));
    const second = await create();
    await damage(first);
    const { code, stdout } = await run('list');
    const rows = stdout.trimEnd().split('\n');
    assert.deepEqual(
      [code, rows.map((row) => row.split(/ {2,}/)), path.dirname(first.file) === path.dirname(second.file)],
      [
        0,
        [
          ['ID', 'WHEN', 'REASON', 'SESSIONS', 'STATE'],
          [second.id, 'now', 'manual', '1', 'sound'],
          [first.id, 'now', 'manual', '0', 'damaged: its checksum is wrong'],
        ],
        false,
      ],
    );
  });

  it('lists them as JSON', async () => {
    const backup = await create();
    assert.deepEqual(JSON.parse((await run('list', '--json')).stdout), [backup]);
  });

  it('says that there are none', async () => {
    const { stdout } = await run('list');
    assert.equal(stdout, `No backups of the sessions in ${project().folder}.\n`);
  });

  it('verifies one or all, and exits with 1 where one is damaged', async () => {
    const first = await create();
    await helper.update(record, () => ({ name: 'renamed' }));
    const second = await create();
    const whole = await run('verify');
    await damage(first);
    const results = [whole, await run('verify'), await run('verify', second.id), await run('verify', first.id)];
    const [good, bad] = [`${second.id}: sound\n`, `${first.id}: its checksum is wrong\n`];
    assert.deepEqual(
      results.map(({ code, stdout }) => [code, stdout]),
      [
        [0, `${good}${first.id}: sound\n`],
        [1, good + bad],
        [0, good],
        [1, bad],
      ],
    );
  });

  it('shows what a restore would change, and changes nothing', async () => {
    const backup = await create();
    await helper.update(record, () => ({ name: 'renamed' }));
    const before = await files();
    const { code, stdout } = await run('restore', backup.id, '--dry-run');
    assert.deepEqual(
      [code, stdout.split('\n'), await list(), await files()],
      [0, ['Would change renamed: name from “renamed” to “login”.', ''], ['renamed'], before],
    );
  });

  it('brings a destroyed session back, after a backup of what there was', async () => {
    const backup = await create();
    await destroy();
    await helper.create({ ...record, id: randomUUID(), name: 'other', branch: '' }, null);
    const { code, stdout } = await run('restore', backup.id);
    const [before] = (await backups.list()) as [Backup];
    assert.deepEqual(
      [code, await list(), before.reason, stdout.split('\n')],
      [
        0,
        ['login', 'other'],
        'restore',
        [
          'Brought back login: its worktree is there.',
          '1 session only here: it stays as it is.',
          `What there was before is in the backup ${before.id}.`,
          '',
        ],
      ],
    );
  });

  it('tells as JSON what came back, without the values of its variables', async () => {
    const backup = await create();
    await destroy();
    const { stdout } = await run('restore', backup.id, '--json');
    const { returning, changed, before } = JSON.parse(stdout);
    assert.deepEqual(
      [returning[0].session.metadata.env, returning[0].worktree, changed, typeof before, stdout.includes('secret')],
      [{ TOKEN: null }, 'there', [], 'string', false],
    );
  });

  it('has nothing to restore where every session is as it was', async () => {
    const backup = await create();
    const { stdout } = await run('restore', backup.id);
    assert.equal(stdout, 'Nothing to restore: every session of the backup is as it was then.\n');
  });

  it('refuses what it cannot use, and changes nothing', async () => {
    const damaged = await create();
    const newer = path.join(backups.folder, 'sessions-20300101T000000.000Z-change.json');
    const fields = JSON.parse(await readFile(damaged.file, 'utf8'));
    await writeFile(newer, JSON.stringify(sealed({ ...fields, format: 99, sha256: '' })));
    await damage(damaged);
    await destroy();
    const before = await files();
    const tries = ['nothing', damaged.id, path.parse(newer).name];
    const results = await Promise.all(tries.map((id) => run('restore', id, '--json')));
    assert.deepEqual(
      [results.map(({ code, stderr }) => [code, JSON.parse(stderr).code]), await list(), await files()],
      [
        [
          [1, 'BACKUP_NOT_FOUND'],
          [1, 'DAMAGED_FILE'],
          [1, 'NEWER_FORMAT'],
        ],
        [],
        before,
      ],
    );
  });

  it('exits with 2 where it cannot tell whether backups are damaged', async () => {
    await rm(backups.folder, { recursive: true, force: true });
    await writeFile(backups.folder, '');
    const unknown = await run('verify', 'nothing');
    const unread = await run('verify');
    assert.deepEqual([unknown.code, unread], [2, { code: 2, stdout: '', stderr: unreadable() }]);
  });

  it('does not take what cannot be read for nothing', async () => {
    await rm(backups.folder, { recursive: true, force: true });
    await writeFile(backups.folder, '');
    const [text, json, restore] = [await run('list'), await run('list', '--json'), await run('restore', 'x', '--json')];
    const { code, message, advice } = JSON.parse(restore.stderr);
    assert.deepEqual(
      [text, json.code, JSON.parse(json.stdout), JSON.parse(json.stderr).code, { code, message, advice }],
      [
        { code: 1, stdout: '', stderr: unreadable() },
        1,
        [],
        'STORAGE_NOT_WRITABLE',
        {
          code: 'BACKUP_NOT_FOUND',
          message: 'There is no backup “x” among those that can be read. Nothing was changed.',
          advice: unreadable().trimEnd(),
        },
      ],
    );
  });

  it('tells of a storage that a window has noted and that is gone', async () => {
    await create();
    await rm(path.dirname(backups.folder), { recursive: true });
    const { code, stdout, stderr } = await run('list');
    assert.deepEqual(
      [code, stdout, stderr],
      [
        0,
        `No backups of the sessions in ${project().folder}.\n`,
        `A window’s storage is gone, with the backups in it: ${path.dirname(backups.folder)} (used just now). Put it back where you can; “holdfast doctor” tells what is left of its sessions.\n`,
      ],
    );
  });

  it('tells of a window’s note that cannot be read, whose backups are not found', async () => {
    const note = path.join(places.folder, 'windows', 'x.json');
    await writeFile(note, 'garbage');
    const { code, stderr } = await run('list');
    assert.deepEqual(
      [code, stderr],
      [
        1,
        `A window’s note of its storage cannot be read (it is damaged), so that its backups are not found: ${note}. Open all windows of this repository, which note it anew.\n`,
      ],
    );
  });

  it('tells of sessions of a backup that make no sense, also programs, and brings back the others', async () => {
    const id = 'sessions-20300101T000000.000Z-change';
    const records = [record, { id: 'none' } as SessionRecord];
    const text = serializeRegistry({ key: places.key, generation: 1, savedAt: new Date(), records });
    await mkdir(backups.folder, { recursive: true });
    await writeFile(path.join(backups.folder, `${id}.json`), text);
    await destroy();
    const [json, plain] = [await run('restore', id, '--json'), await run('restore', id)];
    assert.deepEqual(
      [json.code, json.stderr, JSON.parse(json.stdout).unreadable.length, plain.code, plain.stdout, await list()],
      [
        1,
        '',
        1,
        1,
        'Not brought back, for it makes no sense: id: An id must be a UUID v4.\nNothing to restore: every other session of the backup is as it was then.\n',
        ['login'],
      ],
    );
  });

  it('starts no helper to tell what a restore would change', async () => {
    const backup = await create();
    await destroy();
    helper.dispose();
    const { pid } = (await readJson(places.helperFile)) as { pid: number };
    signal(pid, 'SIGKILL');
    await processEnd(pid);
    const { code, stdout } = await run('restore', backup.id, '--dry-run');
    assert.deepEqual(
      [code, stdout, await readJson(places.helperFile).then((file) => (file as { pid: number }).pid)],
      [0, 'Would bring back login: its worktree is there.\n', pid],
    );
  });

  it('fits into a narrow terminal', async () => {
    await create();
    const terminal = new CliTerminal(project().folder, ['backups', 'list'], { cols: 40, before: 'export NO_COLOR=1' });
    await terminal.exit();
    const lines = terminal.output.trimEnd().split('\r\n');
    assert.deepEqual([lines.length, lines.filter((line) => line.length > 40)], [2, []]);
  });

  it('tells what becomes of a session that would come back without its branch', async () => {
    const backup = await create();
    await destroy();
    await project().git('worktree', 'remove', '-f', '-f', record.worktreePath);
    await project().git('branch', '-D', record.branch);
    const { stdout } = await run('restore', backup.id, '--dry-run');
    assert.equal(
      stdout,
      'Would bring back login: its worktree and its branch are gone; restarting it makes both anew from main, without the commits that were on the branch alone.\n',
    );
  });
});
