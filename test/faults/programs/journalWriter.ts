// Appends events to the journal of a folder, `<name> 0` and so on, and says which one was synced; until its input ends.
import { EventJournal } from '../../../src/node/eventJournal.ts';
import { anEvent } from '../../unit/journals.ts';

const [folder = '', name = ''] = process.argv.slice(2);
const journal = new EventJournal({ folder, maxBytes: 4096, maxFiles: 100_000 });
let isEnding = false;
process.stdin.resume().once('end', () => {
  isEnding = true;
});
for (let index = 0; !isEnding; index++) {
  journal.append([anEvent(`${name} ${index}`)]);
  // Every third waits with the next ones, so that there are writes of several records.
  if (index % 3 > 0 && (await journal.flush())) process.stdout.write(`${index}\n`);
}
await journal.close();
