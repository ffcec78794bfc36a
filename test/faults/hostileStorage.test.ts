import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { lstat, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RecordStore } from '../../src/client/recordStore.ts';
import { RegistryReplica } from '../../src/client/registryReplica.ts';
import { serializeRegistry } from '../../src/core/registryDocument.ts';
import { revise } from '../../src/core/sessionRecord.ts';
import { previousVersion } from '../../src/node/durableFile.ts';
import { savedNames, useProject } from '../integration/support/project.ts';
import { projectNode } from '../support/paths.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { itOnUnix } from '../support/unix.ts';
import { aRecord } from '../unit/records.ts';
import type { FaultKind } from './support/faults.ts';
import { forEveryFault } from './support/forEveryFault.ts';
import { helperIn, sessionFilesIn } from './support/helperParts.ts';

const key = '0123456789abcdef';
const login = aRecord();
const renamed = revise(login, { name: 'sign-in' });
const visitor = path.join(import.meta.dirname, 'programs', 'storageVisitor.ts');

/** Of a mount namespace of its own, so that nothing is mounted for others. */
const unshare = ['/usr/bin/unshare', '--mount', '--propagation', 'private', 'sh', '-c'] as const;
const onReadOnlyDisk = canMount() ? it : it.skip;

describe('the storage of a window', () => {
  const dirs = useTempDirs();

  onReadOnlyDisk(
    'that is mounted read-only is shown, and a change is refused (skipped where mounting may not)',
    async () => {
      const folder = await storageWith(serialize());
      const before = await contents(folder);
      const { names, notice, refusals } = visitReadOnly(folder);
      assert.deepEqual(
        [names, notice?.replaceAll(folder, '…'), refusals],
        [
          ['login'],
          'The session list cannot be saved: The folder is on a read-only disk: …. Nothing was changed. Check its permissions, or point HOLDFAST_STATE_DIR to another folder.',
          [
            ['STORAGE_NOT_WRITABLE', `The folder is on a read-only disk: ${folder}. Nothing was changed.`],
            'STORAGE_NOT_WRITABLE',
          ],
        ],
      );
      assert.deepEqual(await contents(folder), before);
    },
  );

  onReadOnlyDisk(
    'that is mounted read-only and damaged is shown as far as it can be (skipped where mounting may not)',
    async () => {
      const folder = await storageWith(serialize().slice(0, 100));
      await writeFile(previousVersion(path.join(folder, 'sessions.json')), serialize());
      assert.deepEqual(visitReadOnly(folder).names, ['login']);
    },
  );

  for (const [what, plant] of [
    ['its list', (folder: string) => path.join(folder, 'sessions.json')],
    ['the previous version of its list', (folder: string) => path.join(folder, 'sessions.previous.json')],
  ] as const) {
    for (const [target, content] of [
      ['a list', serialize()],
      ['another file', 'precious'],
      ['nothing', undefined],
    ] as const) {
      itOnUnix(`writes nothing elsewhere where a link to ${target} is in the place of ${what}`, async () => {
        const folder = await storageWith(serialize());
        const outside = path.join(await dirs.make('outside'), 'file');
        if (content !== undefined) await writeFile(outside, content);
        await rm(plant(folder), { force: true });
        await symlink(outside, plant(folder));
        const replica = replicaIn(folder);
        await replica.load();
        await replica.keep(renamed);
        await replica.keep(revise(renamed, { name: 'log in' }));
        await close(replica);
        const isLink = (await lstat(path.join(folder, 'sessions.json'))).isSymbolicLink();
        const left = await readFile(outside, 'utf8').catch(() => undefined);
        const { records } = await storeIn(folder).load();
        assert.deepEqual([left, isLink, records.map(({ name }) => name)], [content, false, ['log in']]);
      });
    }
  }

  itOnUnix('takes no backup through a link in the place of the backups’ folder, and says so', async () => {
    const folder = await storageWith(serialize());
    const outside = await dirs.make('outside');
    await symlink(outside, path.join(folder, 'backups'));
    const replica = replicaIn(folder);
    await replica.load();
    const error = await replica.backUp('change').catch((reason) => reason);
    await close(replica);
    assert.deepEqual([error.code, await readdir(outside)], ['STORAGE_NOT_WRITABLE', []]);
    assert.match(error.message, /^The folder of the backups is a link to another place/);
  });

  for (const name of ['sessions.json', 'sessions.previous.json']) {
    itOnUnix(`does not hang where a pipe is in the place of ${name}`, async () => {
      const folder = await storageWith(serialize());
      const replica = replicaIn(folder);
      await replica.load();
      await replica.backUp('change');
      await rm(path.join(folder, name), { force: true });
      execFileSync('mkfifo', [path.join(folder, name)]);
      const reopened = replicaIn(folder);
      await reopened.load();
      await reopened.keep(renamed);
      for (const one of [replica, reopened]) await close(one);
      assert.deepEqual((await storeIn(folder).load()).records, [renamed]);
    });
  }

  it('of a list that is larger than any can be is recovered from its copies', async () => {
    const folder = await storageWith(serialize());
    await writeFile(previousVersion(path.join(folder, 'sessions.json')), serialize());
    await makeHuge(path.join(folder, 'sessions.json'));
    const { records, notice = '' } = await storeIn(folder).load();
    assert.deepEqual(records, [login]);
    assert.match(notice, /it is larger than 256 MB.* recovered from its previous version/);
  });

  it('that is full keeps the name a session had, tells of the full disk, and takes the new one when there is room', async () => {
    const replicas = new Map<string, RegistryReplica>();
    await forEveryFault({
      dirs,
      kinds: full,
      arrange: async (folder) => {
        await writeFile(path.join(folder, 'sessions.json'), serialize());
        const replica = replicaIn(folder);
        await replica.load();
        replicas.set(folder, replica);
      },
      act: (folder) => keepIn(replicas.get(folder) as RegistryReplica),
      check: async ({ folder, error, operation }) => {
        const { records } = await storeIn(folder).load();
        const told = (error as { code?: string } | undefined)?.code;
        const expected = told === undefined || isOfFolder(operation) ? renamed : login;
        assert.deepEqual([records, told], [[expected], told === undefined ? undefined : 'DISK_FULL']);
        const later = replicaIn(folder);
        await later.load();
        await later.keep(renamed);
        await close(later);
        assert.deepEqual((await storeIn(folder).load()).records, [renamed]);
      },
    });
  });

  async function storageWith(text: string): Promise<string> {
    const folder = await dirs.make('storage');
    await writeFile(path.join(folder, 'sessions.json'), text);
    return folder;
  }
});

describe('a helper whose disk is full', () => {
  const dirs = useTempDirs();

  it('refuses to rename a session, tells why, and the next one knows the name it had', async () => {
    await forEveryFault({
      dirs,
      kinds: full,
      arrange: (folder) => sessionFilesIn(folder).saveRecord(login),
      act: async (folder) => (await helperIn(folder)).registry.update(login.id, login.revision, { name: 'sign-in' }),
      check: async ({ folder, error, operation }) => {
        const told = (error as { code?: string } | undefined)?.code;
        const isThere = error === undefined || isOfFolder(operation);
        const { records } = (await helperIn(folder)).registry.list();
        assert.deepEqual(
          [records.map(({ name }) => name), told],
          [[isThere ? 'sign-in' : 'login'], error === undefined ? undefined : 'DISK_FULL'],
        );
      },
    });
  });

  itOnUnix('writes nothing elsewhere where a link is in the place of a record', async () => {
    const folder = await dirs.make('state');
    const file = sessionFilesIn(folder).places(login.id).record;
    await sessionFilesIn(folder).saveRecord(login);
    const outside = path.join(await dirs.make('outside'), 'file');
    await writeFile(outside, await readFile(file));
    await rm(file);
    await symlink(outside, file);
    const before = await readFile(outside, 'utf8');
    const { registry } = await helperIn(folder);
    await registry.update(login.id, login.revision, { name: 'sign-in' });
    await registry.update(login.id, login.revision + 1, { name: 'log in' });
    const { records } = (await helperIn(folder)).registry.list();
    assert.deepEqual([await readFile(outside, 'utf8'), records[0]?.name], [before, 'log in']);
  });
});

describe('a window whose storage is deleted while it is open', () => {
  const project = useProject();

  it('writes it anew with the next change, and loses no session', async () => {
    const storage = path.join(await project().newFolder('workspace'), 'storage');
    const window = await project().open({ storage });
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    await window.create({ name: 'shop', command: ['cat'] });
    await rm(storage, { recursive: true });
    await window.rename(record.id, 'sign-in');
    const saved = await savedNames(window);
    window.dispose();
    const reopened = await project().open({ storage });
    assert.deepEqual(
      [saved.sort(), reopened.list().map(({ name }) => name)],
      [
        ['shop', 'sign-in'],
        ['sign-in', 'shop'],
      ],
    );
  });
});

/** A name that could not be synced is there all the same, and the message says so. */
function isOfFolder(operation: string): boolean {
  return operation.startsWith('sync ') && !operation.includes('.draft');
}

const full: readonly FaultKind[] = ['ENOSPC', 'the disk is full from here on', 'only half is written'];

function serialize(): string {
  return serializeRegistry({ key, generation: 1, savedAt: new Date('2026-01-01T00:00:00.000Z'), records: [login] });
}

function storeIn(folder: string): RecordStore {
  return new RecordStore({ folder, key, root: folder, records: () => [] });
}

function replicaIn(folder: string): RegistryReplica {
  return new RegistryReplica({ folder, key, root: folder });
}

/** What it has noted is still written after it is disposed of. */
async function close(replica: RegistryReplica): Promise<void> {
  await replica.journal.flush();
  replica.dispose();
}

async function keepIn(replica: RegistryReplica): Promise<void> {
  try {
    await replica.keep(renamed);
  } finally {
    await close(replica);
  }
}

function canMount(): boolean {
  const [file, ...args] = unshare;
  return process.platform === 'linux' && spawnSync(file, [...args, 'mount --bind /tmp /tmp']).status === 0;
}

/** What a window makes of a storage in which the system lets nobody write, root neither. */
function visitReadOnly(folder: string): { names: string[]; notice?: string; refusals: unknown[] } {
  const [file, ...args] = unshare;
  const script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" "$3" "$1" "$4"';
  return JSON.parse(
    execFileSync(file, [...args, script, 'sh', folder, projectNode, visitor, key], { encoding: 'utf8' }),
  );
}

/** Without taking the space. */
async function makeHuge(file: string): Promise<void> {
  await truncate(file, 300 * 1024 * 1024);
}

async function contents(folder: string): Promise<string[][]> {
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name), 'utf8')]));
}
