import { delay } from '../base/async.ts';
import type { HelperClient } from '../client/helperClient.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { hostLog, type LogSource, transcriptLog } from './logSource.ts';
import { print } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';
import { watchEnd } from './sessionEnd.ts';
import { explainSystemError } from './systemFailure.ts';

/** How often a log that is followed is looked at; milliseconds. */
const followInterval = 250;

/** `holdfast logs NAME` */
export async function printLogs(program: Program, args: CommandArguments): Promise<number> {
  return withSessions(program, async (sessions) => {
    const { helper, record } = await sessions.find(args.name);
    const places = sessions.places(record.id);
    const source = args.host ? hostLog(places) : transcriptLog(places, args);
    try {
      if (args.follow) await follow(source, args.lines, { helper, record });
      else printLast([...(await collect(source)), ...source.end()], args.lines);
    } catch (error) {
      throw explainSystemError(error, {
        code: 'UNKNOWN',
        message: `The log of “${record.name}” cannot be read`,
        advice: `The session was left as it is. Check the files in ${places.folder}.`,
      });
    } finally {
      await source.close();
    }
    return 0;
  });
}

async function follow(
  source: LogSource,
  lines: number | undefined,
  { helper, record }: { helper: HelperClient; record: SessionRecord },
): Promise<void> {
  const ended = new AbortController();
  const watch = watchEnd(helper, record, () => ended.abort());
  try {
    printLast(await collect(source), lines);
    while (!ended.signal.aborted) {
      await delay(followInterval, ended.signal).catch(() => undefined);
      for await (const line of source.read()) print(line);
    }
    for (const line of source.end()) print(line);
  } finally {
    watch.dispose();
  }
}

async function collect(source: LogSource): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of source.read()) lines.push(line);
  return lines;
}

function printLast(lines: readonly string[], count = lines.length): void {
  if (lines.length > 0 && count > 0) print(lines.slice(-count).join('\n'));
}
