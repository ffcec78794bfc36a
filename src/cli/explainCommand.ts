import { explainSession } from '../core/explain.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';
import { inShell } from './shellWords.ts';
import { shownRecord } from './shownRecord.ts';

/** `holdfast explain NAME` */
export async function explainOne(program: Program, { name, json }: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    const { record } = await sessions.find(name);
    const [report, settings] = await Promise.all([sessions.health(), sessions.supervision()]);
    const health = report?.sessions.find(({ id }) => id === record.id);
    const context = { now: new Date(), settings, startsHeld: report?.startsHeld };
    const sentences = explainSession(record, health, context).map((sentence) => inShell(sentence, record.name));
    if (json) printJson({ session: shownRecord(record), health: health ?? null, explanation: sentences });
    else for (const sentence of sentences) print(sentence);
    return 0;
  });
}
