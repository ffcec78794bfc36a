// A window that creates a session, of `cat` if nothing else is said, with the options that SESSION_OPTIONS holds as JSON,
// and tells when it is there.
import { openProgramWindow } from '../support/programWindow.ts';

const { manager, args: command } = await openProgramWindow();
const options = JSON.parse(process.env.SESSION_OPTIONS ?? '{}');
await manager.create({ name: 'login', command: command.length > 0 ? command : ['cat'], ...options });
process.stdout.write('created\n');
process.stdin.once('end', () => manager.dispose()).resume();
