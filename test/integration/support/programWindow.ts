import { SessionManager } from '../../../src/client/sessionManager.ts';
import { thisMachine } from '../../../src/node/places.ts';
import { findWorkplace } from '../../../src/node/repository.ts';
import { quietSettings } from './project.ts';

/** The window that a program of the tests is, by its first arguments: the folder, its storage and the bundles. */
export async function openProgramWindow(): Promise<{ manager: SessionManager; args: string[] }> {
  const [folder = '', storage = '', dist = '', ...args] = process.argv.slice(2);
  const manager = new SessionManager({
    machine: thisMachine(),
    workplace: await findWorkplace(folder),
    folder,
    dist,
    storage,
    client: { kind: 'test', pid: process.pid, version: '0.0.0' },
    settings: () => quietSettings,
  });
  await manager.load();
  await manager.restore();
  return { manager, args };
}
