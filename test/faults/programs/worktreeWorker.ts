// Goes on with a noted removal, or brings a worktree back, and tells when that is done.
import { openArchive } from '../../../src/node/archiveList.ts';
import { restoreWorktree } from '../../../src/node/archiveRestore.ts';
import { RemovalNotes } from '../../../src/node/removalNotes.ts';
import { carryOut } from '../../../src/node/removals.ts';
import { findWorkplace, type GitRepository } from '../../../src/node/repository.ts';

const [task, root = '', id = '', place = '', branch = ''] = process.argv.slice(2);
const repository = (await findWorkplace(root)) as GitRepository;
if (task === 'remove') {
  const notes = new RemovalNotes(place);
  const note = await notes.read(id);
  const attempt = await notes.lock(id);
  if (note && 'lock' in attempt) {
    process.stdout.write(`${JSON.stringify(await carryOut(notes, repository, note))}\n`);
    await attempt.lock.release();
  }
} else {
  const archive = await openArchive(root, id);
  await restoreWorktree({ repository, archive, path: place, branch, isOnBranch: true });
}
