import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HelperConnection } from '../../src/client/helperConnection.ts';
import { HelperLauncher } from '../../src/client/helperLauncher.ts';
import { stateFolder, thisMachine } from '../../src/node/places.ts';
import { helperMethods } from '../../src/protocol/helperRpc.ts';
import { repositoryRoot } from './paths.ts';

/** Ends every session and helper of this test run, the way a user would: by asking. */
export async function endSessions(): Promise<void> {
  for (const key of await repositoryKeys()) {
    const helper = await helperFor(key);
    if (helper) await endOne(helper);
  }
}

async function endOne(helper: HelperConnection): Promise<void> {
  const { records } = await helper.request0(helperMethods.list);
  const running = records.filter((record) => record.ptyPid !== undefined);
  await Promise.all(
    running.map(({ id }) => helper.request(helperMethods.stop, { requestId: `end-${id}`, id, graceMs: 500 })),
  );
  await helper.shutdown();
}

/** Hosts that lost their helper are adopted by a new one, so that they can be asked too. */
function helperFor(key: string): Promise<HelperConnection | undefined> {
  const client = { kind: 'test' as const, pid: process.pid, version: '0' };
  const launcher = new HelperLauncher({ machine: thisMachine(), key, dist: join(repositoryRoot, 'dist'), client });
  return launcher.connectOrStart();
}

async function repositoryKeys(): Promise<string[]> {
  const entries = await readdir(stateFolder(thisMachine()), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() && /^[0-9a-f]{16}$/.test(entry.name)).map(({ name }) => name);
}
