import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HelperClient } from '../../src/client/helperClient.ts';
import { HelperConnection } from '../../src/client/helperConnection.ts';
import { previousVersion } from '../../src/node/durableFile.ts';
import { quarantineFolder } from '../../src/node/quarantine.ts';
import { helperMethods, type RegistryList } from '../../src/protocol/helperRpc.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { signal } from '../support/processes.ts';
import { processEnd, type Scene, useScene } from './support/scene.ts';

describe('the live registry', () => {
  const scene = useScene();

  it('carries out a request that is sent twice only once', async () => {
    const connection = await connectRaw(scene());
    const record = await createOver(connection, scene().record());
    const update = { requestId: randomUUID(), id: record.id, baseRevision: record.revision, changes: { name: 'new' } };
    const answers = [
      await connection.request(helperMethods.update, update),
      await connection.request(helperMethods.update, update),
    ];
    assert.deepEqual(
      answers.map(({ name, revision }) => ({ name, revision })),
      [
        { name: 'new', revision: 2 },
        { name: 'new', revision: 2 },
      ],
    );
  });

  it('carries out a request only once that is sent again to the next helper', async () => {
    const connection = await connectRaw(scene());
    const record = await createOver(connection, scene().record());
    const update = {
      requestId: randomUUID(),
      id: record.id,
      baseRevision: record.revision,
      changes: { currentPhase: 'new' },
    };
    const first = await connection.request(helperMethods.update, update);
    const other = {
      ...update,
      requestId: randomUUID(),
      baseRevision: first.revision,
      changes: { currentPhase: 'newer' },
    };
    await connection.request(helperMethods.update, other);
    await killHelper(scene());
    const { currentPhase, revision } = await (await connectRaw(scene())).request(helperMethods.update, update);
    assert.deepEqual({ currentPhase, revision }, { currentPhase: 'newer', revision: 3 });
  });

  it('starts one process however many ask for it at once', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => scene().client()));
    const [first] = clients as [(typeof clients)[0]];
    const { id } = await first.create(scene().record(), null);
    const records = await Promise.all(clients.map((client) => client.start(scene().launch(id, ['cat']))));
    const { ptyPid } = (await first.list()).records.find((record) => record.id === id) as SessionRecord;
    assert.deepEqual(
      records.map((record) => record.ptyPid),
      [ptyPid, ptyPid, ptyPid],
    );
  });

  it('refuses a change to an old revision and hands back the current record', async () => {
    const connection = await connectRaw(scene());
    const record = await createOver(connection, scene().record());
    const stale = { requestId: randomUUID(), id: record.id, baseRevision: 0, changes: { name: 'late' } };
    await assert.rejects(connection.request(helperMethods.update, stale), {
      code: 'REVISION_CONFLICT',
      data: { id: record.id, current: record },
    });
  });

  it('rebases the changes of two windows that write at once', async () => {
    const [one, two] = await Promise.all([scene().client(), scene().client()]);
    const record = await one.create(scene().record(), null);
    await Promise.all([
      one.update(record, () => ({ currentPhase: 'plan' })),
      two.update(record, () => ({ metadata: { tag: 'x' } })),
    ]);
    const current = (await one.list()).records.find(({ id }) => id === record.id);
    assert.deepEqual([current?.currentPhase, current?.metadata, current?.revision], ['plan', { tag: 'x' }, 3]);
  });

  it('gives the conflict to the caller after three rebases', async () => {
    const client = await scene().client();
    const record = await client.create(scene().record(), null);
    const stale: SessionRecord = { ...record, revision: 0 };
    let attempts = 0;
    const interrupted = client.update(stale, () => {
      attempts++;
      // A rival is always faster: its request is on the wire before ours.
      void client.update({ ...record, revision: attempts }, () => ({ currentPhase: `${attempts}` }));
      return { name: 'never' };
    });
    await assert.rejects(interrupted, { code: 'REVISION_CONFLICT' });
    assert.equal(attempts, 4);
  });

  it('refuses a change that would make the record unreadable', async () => {
    const connection = await connectRaw(scene());
    const record = await createOver(connection, scene().record());
    const changes = { status: 'sleeping' as 'idle' };
    const request = { requestId: randomUUID(), id: record.id, baseRevision: record.revision, changes };
    await assert.rejects(connection.request(helperMethods.update, request), { code: 'INVALID_ARGUMENT' });
  });

  it('removes an optional field that a change sets to undefined', async () => {
    const client = await scene().client();
    const record = await client.create({ ...scene().record(), currentPhase: 'plan' }, null);
    const changed = await client.update(record, () => ({ currentPhase: undefined }));
    assert.equal('currentPhase' in changed, false);
  });

  it('counts a destroyed session neither against the limit nor against names', async () => {
    const client = await scene().client();
    const record = await client.create(scene().record('twice'), null);
    await client.delete(record);
    assert.equal((await client.create(scene().record('twice'), null)).name, 'twice');
  });

  it('refuses one session more than the limit', async () => {
    const client = await scene().client();
    await assert.rejects(client.create(scene().record(), 1), {
      code: 'MAX_SESSIONS',
      text: 'Maximum 1 session supported. Destroy a session to create a new one.',
    });
  });

  it('knows every session again after its helper was killed', async () => {
    const client = await scene().client();
    const before = (await client.list()).records;
    await killHelper(scene());
    assert.deepEqual((await (await scene().client()).list()).records, before);
  });

  it('serves every other session where one’s record cannot be read, and that one once a window knows it', async () => {
    const client = await scene().client();
    const broken = await scene().start(client, ['cat']);
    const other = await scene().start(client, ['cat']);
    const record = (await client.list()).records.find(({ id }) => id === broken.id) as SessionRecord;
    client.dispose();
    await killHelper(scene());
    await rm(previousVersion(broken.places.record));
    await rename(broken.places.record, `${broken.places.record}.kept`);
    await mkdir(broken.places.record);
    const without = runningIn(await (await scene().client()).list(), [broken, other]);
    const withIt = runningIn(await (await scene().client(() => [record])).list(), [broken, other]);
    assert.deepEqual(
      { without, withIt },
      { without: [undefined, other.record.ptyPid], withIt: [broken.record.ptyPid, other.record.ptyPid] },
    );
  });

  it('serves a session from the last version of its record where that is damaged', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['cat']);
    client.dispose();
    await killHelper(scene());
    const { record } = session.places;
    const text = await readFile(record, 'utf8');
    await writeFile(record, text.replace('"retry"', '"retrx"'));
    const known = runningIn(await (await scene().client()).list(), [session]);
    const kept = await readdir(quarantineFolder(path.dirname(record)));
    assert.deepEqual([known, kept.length], [[session.record.ptyPid], 2]);
  });

  it('tells one window, once, which record was damaged and what took its place', async () => {
    const client = await scene().client();
    const { places, record } = await scene().start(client, ['cat']);
    client.dispose();
    await killHelper(scene());
    await writeFile(places.record, '');
    const notices = [await noticesTo(scene()), await noticesTo(scene())];
    await killHelper(scene());
    notices.push(await noticesTo(scene()));
    const told = `The record of “${record.name}” was damaged (it is empty), so its last good version is used; nothing was deleted.`;
    assert.deepEqual(notices, [[told], [], []]);
  });

  it('does not take a session for ended where the file of its host cannot be read', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['cat']);
    client.dispose();
    await killHelper(scene());
    const { host } = session.places;
    await rename(host, `${host}.kept`);
    await mkdir(host);
    const during = runningIn(await (await scene().client()).list(), [session]);
    await rm(host, { recursive: true });
    await rename(`${host}.kept`, host);
    assert.deepEqual(during, [session.record.ptyPid]);
  });
});

/** What a window is told that opens now. */
async function noticesTo(scene: Scene): Promise<string[]> {
  const client = scene.own(new HelperClient({ launcher: scene.launcher(), replica: () => [] }));
  const notices: string[] = [];
  client.onNotice((notice) => notices.push(notice));
  await client.connect();
  return notices;
}

async function killHelper(scene: Scene): Promise<void> {
  const pid = await scene.helperPid();
  signal(pid, 'SIGKILL');
  await processEnd(pid);
}

/** The processes that the list says run in these sessions. */
function runningIn({ records }: RegistryList, sessions: { id: string }[]): (number | undefined)[] {
  return sessions.map(({ id }) => records.find((record) => record.id === id)?.ptyPid);
}

async function connectRaw(scene: Scene): Promise<HelperConnection> {
  await scene.client();
  const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
  return scene.own(await HelperConnection.connect({ socket: scene.places.helperSocket, token: scene.token, client }));
}

function createOver(connection: HelperConnection, record: SessionRecord): Promise<SessionRecord> {
  return connection.request(helperMethods.create, { requestId: randomUUID(), record, limit: null });
}
