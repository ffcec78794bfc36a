import path from 'node:path';
import { openSaved } from '../../core/savedSession.ts';
import { isMissing, previousVersion, writeDurable } from '../../node/durableFile.ts';
import { quarantine } from '../../node/quarantine.ts';
import { readRegularFile } from '../../node/regularFile.ts';
import { SavedSessions } from '../savedSessions.ts';
import type { Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';

/** What the user has saved of sessions, each in two copies. */
export async function checkSavedSessions({ context, places }: Examination): Promise<Diagnosed[]> {
  const { savedFolder: folder } = places;
  const list = await new SavedSessions({ folder, workplace: context.workplace }).list();
  const checks = list.map(async (saved): Promise<Diagnosed[]> => {
    const subject = path.join(folder, `${saved.id}.json`);
    if (saved.state === 'sound') return checkCopies(subject, saved);
    const text = saved.state === 'newer' ? 'Update Holdfast.' : 'Delete it if it is of no use to you.';
    const problem = `A saved session cannot be loaded: ${saved.problem}.`;
    const evidence = [`Its file is of ${saved.savedAt}.`];
    return [
      { code: 'saved-damaged', severity: 'warning', subject, problem, evidence, repair: { text, isSafe: false } },
    ];
  });
  return (await Promise.all(checks)).flat();
}

interface SoundSession {
  id: string;
  name: string;
  savedAt: string;
}

/** Of a saved session that can be loaded: one of its copies is sound. */
async function checkCopies(file: string, { id, name, savedAt }: SoundSession): Promise<Diagnosed[]> {
  const files = [file, previousVersion(file)];
  const copies = await Promise.all(files.map((copy) => readCopy(copy, id)));
  const sound = copies.find(({ problem }) => problem === undefined);
  return copies.flatMap(({ file: subject, problem, isNewer }): Diagnosed[] => {
    if (problem === undefined || isNewer || !sound) return [];
    return [
      {
        code: 'saved-copy-damaged',
        severity: 'warning',
        subject,
        problem: `One copy of the saved session “${name}” cannot be read (${problem}); the other one is sound.`,
        evidence: [`Saved at ${savedAt}.`, `Sound is ${sound.file}.`],
        repair: { text: 'Keep it in quarantine, and write it anew from the sound copy.', isSafe: true },
        apply: () => renewCopy(subject, { id, reason: problem, text: sound.text }),
      },
    ];
  });
}

interface Copy {
  file: string;
  text: string;
  /** Why it cannot be used, as the end of a sentence. */
  problem?: string;
  isNewer?: boolean;
}

async function readCopy(file: string, id: string): Promise<Copy> {
  try {
    const text = (await readRegularFile(file)).toString('utf8');
    const opened = openSaved(text, id);
    if (opened.state === 'sound') return { file, text };
    return { file, text, problem: opened.problem, isNewer: opened.state === 'newer' };
  } catch (error) {
    return { file, text: '', problem: isMissing(error) ? 'it is gone' : 'the system does not give its content' };
  }
}

/** The session may have been deleted since, or its copy put right. */
async function renewCopy(file: string, { id, reason, text }: { id: string; reason: string; text: string }) {
  if ((await readCopy(file, id)).problem === undefined) return 'It was sound by now.';
  const kept = await quarantine(file, { reason });
  await writeDurable(file, text);
  return `It was written anew.${kept === undefined ? '' : ` As it was it is kept: ${kept}.`}`;
}
