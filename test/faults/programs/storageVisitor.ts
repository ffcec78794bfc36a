import { RegistryReplica } from '../../../src/client/registryReplica.ts';
import { revise } from '../../../src/core/sessionRecord.ts';

// Loads a window's replica and renames its sessions, and prints what came of it.
const [folder = '', key = ''] = process.argv.slice(2);
const replica = new RegistryReplica({ folder, key, root: folder });
const { notice } = await replica.load();
const names = replica.list().map(({ name }) => name);
const refusals: unknown[] = [];
for (const record of replica.list()) {
  await replica.keep(revise(record, { name: 'renamed' })).catch(({ code, message }) => refusals.push([code, message]));
}
await replica.backUp('change').catch(({ code }) => refusals.push(code));
replica.dispose();
console.log(JSON.stringify({ names, notice, refusals }));
