// Connects to the helper of a repository, starting it if need be, and says which process that is.
import { HelperLauncher } from '../../../src/client/helperLauncher.ts';
import { thisMachine } from '../../../src/node/places.ts';

const [key = '', dist = ''] = process.argv.slice(2);
const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
const launcher = new HelperLauncher({ machine: thisMachine(), key, dist, client });
const connection = await launcher.connectOrStart();
process.stdout.write(`${connection.pid}\n`);
process.stdin.once('end', () => connection.dispose()).resume();
