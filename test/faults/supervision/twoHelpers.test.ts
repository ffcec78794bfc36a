import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { HelperConnection } from '../../../src/client/helperConnection.ts';
import { HostClient } from '../../../src/client/hostClient.ts';
import { readJson } from '../../../src/node/durableFile.ts';
import { helperMethods } from '../../../src/protocol/helperRpc.ts';
import { processEnd } from '../../integration/support/scene.ts';
import { signal } from '../../support/processes.ts';
import { describeOnUnix } from '../../support/unix.ts';
import type { NumberedSession } from '../support/numberedSession.ts';
import { itLosesNothing, type Stage } from '../support/stage.ts';

describeOnUnix('a helper that is there beside its successor', () => {
  itLosesNothing('is refused by the hosts, and neither writes nor ends anything that it was told to', async (stage) => {
    const sessions = [await stage.numbers(), await stage.numbers()];
    const [stale, former] = [await epochOf(stage), await stage.scene.helperPid()];
    const connection = await stage.connect();
    signal(former, 'SIGSTOP');
    const answers = Promise.all(sessions.flatMap((session) => askAll(connection, session)));
    for (const session of sessions) await stage.ledger.change(stage.impatientClient(), session);
    const before = await written(stage);
    signal(former, 'SIGCONT');
    const refusals = await Promise.all(sessions.map((session) => codeOfHello(stage, session, stale)));
    await processEnd(former);
    assert.deepEqual(
      { answers: await answers, refusals, files: await written(stage), isNewer: (await epochOf(stage)) > stale },
      {
        answers: Array(6).fill('CONNECTION_LOST'),
        refusals: ['STALE_EPOCH', 'STALE_EPOCH'],
        files: before,
        isNewer: true,
      },
    );
  });
});

/** Asks for what would be seen afterwards if it were done; each resolves with the code of the refusal. */
function askAll(connection: HelperConnection, { id, record }: NumberedSession): Promise<unknown>[] {
  const change = { requestId: `change ${id}`, id, baseRevision: record.revision, changes: { name: `late ${id}` } };
  const asked = [
    connection.request(helperMethods.update, change),
    connection.request(helperMethods.stop, { requestId: `stop ${id}`, id, graceMs: 0 }),
    connection.request(helperMethods.delete, { requestId: `delete ${id}`, id, baseRevision: record.revision }),
  ];
  return asked.map((answer) => answer.then(() => 'done').catch((error) => error.code));
}

/** What helpers write: the records, and who of them serves. */
async function written({ scene, sessions }: Stage): Promise<string[]> {
  const { helperFile, helperLock, epochFile } = scene.places;
  const files = [helperFile, helperLock, epochFile, ...sessions.map(({ places }) => places.record)];
  return Promise.all(files.map((file) => readFile(file, 'utf8')));
}

async function codeOfHello({ scene }: Stage, { places }: NumberedSession, epoch: number): Promise<unknown> {
  const client = { kind: 'helper' as const, pid: process.pid };
  const hello = { socket: places.socket, token: scene.token, client, epoch };
  return HostClient.connect(hello).then(
    (host) => host.dispose(),
    (error) => error.code,
  );
}

async function epochOf({ scene }: Stage): Promise<number> {
  return ((await readJson(scene.places.helperFile)) as { epoch: number }).epoch;
}
