// A window that brings the archived session of that id back.
import { SessionManager } from '../../../src/client/sessionManager.ts';
import { thisMachine } from '../../../src/node/places.ts';
import { findWorkplace } from '../../../src/node/repository.ts';
import { quietSettings } from '../support/project.ts';

const [folder = '', storage = '', dist = '', id = ''] = process.argv.slice(2);
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
await manager.state.restoreArchived(id);
manager.dispose();
