import { lstat } from 'node:fs/promises';
import { isMissing } from '../../node/durableFile.ts';
import { asideFiles, fullJournalFiles, journalFile } from '../../node/journalFiles.ts';
import { counted, type Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import { type JournalContent, readJournalFile } from './journalFile.ts';

/** The event journal of each storage. */
export async function checkJournals(examination: Examination): Promise<Diagnosed[]> {
  const storages = await examination.storages();
  const perStorage = storages.map(async ({ folder }) => [
    ...(await fullJournalFiles(folder)),
    journalFile(folder),
    ...(await asideFiles(folder)),
  ]);
  const findings: Diagnosed[] = [];
  for (const file of (await Promise.all(perStorage)).flat()) findings.push(...(await checkFile(file)));
  return findings;
}

async function checkFile(subject: string): Promise<Diagnosed[]> {
  try {
    if ((await lstat(subject)).isFile()) return describe(subject, await readJournalFile(subject));
    const problem = 'In the place of the event journal is no regular file; the next event moves it to the quarantine.';
    return [{ code: 'journal-unsafe', severity: 'warning', subject, problem, evidence: [] }];
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function describe(subject: string, { events, damaged, unreadable, torn }: JournalContent): Diagnosed[] {
  const findings: Diagnosed[] = [];
  const bad = damaged + unreadable;
  if (bad > 0) {
    findings.push({
      code: 'journal-damaged',
      severity: 'warning',
      subject,
      problem: `${counted(bad, 'record')} of the event journal cannot be read.`,
      evidence: [`${counted(events, 'event')} in the file can be read.`],
      repair: {
        text: 'The others are read all the same, and no session depends on it; move the file away to begin a new one.',
        isSafe: false,
      },
    });
  }
  if (torn > 0) {
    findings.push({
      code: 'journal-torn',
      severity: 'info',
      subject,
      problem: 'The last record of the event journal was cut off while it was written; the next event takes its place.',
      evidence: [`${counted(torn, 'byte')} behind the last whole record.`],
    });
  }
  return findings;
}
