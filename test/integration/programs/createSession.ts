// A window that creates a session, of `cat` if nothing else is said, with the options that SESSION_OPTIONS holds as JSON,
// and tells when it is there.
import { SessionManager } from '../../../src/client/sessionManager.ts';
import { defaultSettings } from '../../../src/core/supervisionPolicy.ts';
import { thisMachine } from '../../../src/node/places.ts';
import { findWorkplace } from '../../../src/node/repository.ts';

const [folder = '', storage = '', dist = '', ...command] = process.argv.slice(2);
const manager = new SessionManager({
  machine: thisMachine(),
  workplace: await findWorkplace(folder),
  folder,
  dist,
  storage,
  client: { kind: 'test', pid: process.pid, version: '0.0.0' },
  settings: () => ({
    maxSessions: null,
    worktreesFolder: '.worktrees',
    scrollback: 1000,
    theme: 'dark',
    shell: '/bin/sh',
    surviveLogout: true,
    supervision: defaultSettings,
  }),
});
await manager.load();
await manager.restore();
const options = JSON.parse(process.env.SESSION_OPTIONS ?? '{}');
await manager.create({ name: 'login', command: command.length > 0 ? command : ['cat'], ...options });
process.stdout.write('created\n');
process.stdin.once('end', () => manager.dispose()).resume();
