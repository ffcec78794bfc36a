import path from 'node:path';
import { SavedSessions } from '../savedSessions.ts';
import type { Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';

/** What the user has saved of sessions, each in two copies. */
export async function checkSavedSessions({ context, places }: Examination): Promise<Diagnosed[]> {
  const { savedFolder: folder } = places;
  const list = await new SavedSessions({ folder, workplace: context.workplace }).list();
  return list.flatMap((saved): Diagnosed[] => {
    const subject = path.join(folder, `${saved.id}.json`);
    const { problem } = saved;
    if (problem === undefined) return [];
    const common = { severity: 'warning' as const, subject };
    if (saved.state === 'sound') {
      const what = `One copy of the saved session “${saved.name}” cannot be read (${problem}); its second copy is sound.`;
      const repair = { text: 'It can be loaded still; save the session anew while it is there.', isSafe: false };
      return [
        { code: 'saved-copy-damaged', problem: what, evidence: [`Saved at ${saved.savedAt}.`], repair, ...common },
      ];
    }
    const text = saved.state === 'newer' ? 'Update Holdfast.' : 'Delete it if it is of no use to you.';
    const what = `A saved session cannot be loaded: ${problem}.`;
    const evidence = [`Its file is of ${saved.savedAt}.`];
    return [{ code: 'saved-damaged', problem: what, evidence, repair: { text, isSafe: false }, ...common }];
  });
}
