import { explainSession } from '../core/explain.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';
import { shownRecord } from './shownRecord.ts';

/** `holdfast explain NAME` */
export async function explainOne(program: Program, { name, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    const { record } = await sessions.find(name);
    const [report, settings] = await Promise.all([sessions.health(), sessions.supervision()]);
    const health = report?.sessions.find(({ id }) => id === record.id);
    const sentences = explainSession(record, health, { now: new Date(), settings, startsHeld: report?.startsHeld });
    if (json) printJson({ session: shownRecord(record), health: health ?? null, explanation: sentences });
    else for (const sentence of sentences) print(sentence);
    return 0;
  });
}
