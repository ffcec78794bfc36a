// Connects to the helper of a repository, starting it if need be, and says which process that is; as many clients do
// so at once as are asked for.
import { HelperLauncher } from '../../../src/client/helperLauncher.ts';
import { thisMachine } from '../../../src/node/places.ts';

const [key = '', dist = '', count = '1'] = process.argv.slice(2);
const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
const connections = await Promise.all(Array.from({ length: Number(count) }, connect));
process.stdout.write(`${[...new Set(connections.map(({ pid }) => pid))].join(' ')}\n`);
process.stdin
  .once('end', () => {
    for (const connection of connections) connection.dispose();
  })
  .resume();

function connect() {
  return new HelperLauncher({ machine: thisMachine(), key, dist, client }).connectOrStart();
}
