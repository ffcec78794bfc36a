import { findDestroyedNotes, notesFile, recoverDestroyedNotes } from '../../node/destroyedNotes.ts';
import type { Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';

/** What keeps an old list from bringing sessions back that were destroyed. */
export async function checkDestroyedNotes({ places }: Examination): Promise<Diagnosed[]> {
  const { problem } = await findDestroyedNotes(places.folder);
  if (problem === undefined) return [];
  return [
    {
      code: 'destroyed-notes-damaged',
      severity: 'warning',
      subject: notesFile(places.folder),
      problem,
      evidence: [],
      repair: { text: 'Keep the file in quarantine, and write it anew from what can be read.', isSafe: true },
      apply: async () => {
        await recoverDestroyedNotes(places.folder);
        return 'It was written anew.';
      },
    },
  ];
}
