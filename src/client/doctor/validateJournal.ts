import { readJournal } from './journalFile.ts';
import type { FileProblem, Validation } from './validateFile.ts';

const newline = 0x0a;

/** A record never holds a line break, so that each line can be looked at by itself. */
export function validateJournal(bytes: Buffer): Validation {
  const problems: FileProblem[] = [];
  const counts = { events: 0 };
  let line = 0;
  for (let start = 0; start < bytes.length; line++) {
    const found = bytes.indexOf(newline, start);
    const end = found < 0 ? bytes.length : found + 1;
    const { events, damaged, unreadable, torn } = readJournal(bytes.subarray(start, end));
    counts.events += events;
    const problem = problemOf({ damaged, unreadable, torn });
    if (problem !== undefined) problems.push({ where: `line ${line + 1}`, problem });
    start = end;
  }
  return { checksum: problems.length === 0 ? 'right' : 'wrong', counts, problems };
}

function problemOf({ damaged, unreadable, torn }: { damaged: number; unreadable: number; torn: number }) {
  if (torn > 0) return 'the record was cut off while it was written';
  if (damaged > 0) return 'the record’s length or checksum is wrong';
  return unreadable > 0 ? 'the record holds no event' : undefined;
}
