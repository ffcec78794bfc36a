import path from 'node:path';
import { exportSessions, writeExport } from '../client/sessionTransfer.ts';
import type { LeftOut } from '../core/sessionExport.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { print } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';

/** `holdfast export [NAME]` */
export async function exportToFile(program: Program, args: CommandArguments): Promise<number> {
  const { name, output, withEnv, force } = args;
  const { records, workplace } = await withSessions(program, async (sessions) => {
    const records = name ? [(await sessions.find(name)).record] : await sessions.list();
    return { records, workplace: sessions.workplace };
  });
  const { text, leftOut } = await exportSessions(workplace, records, { includeEnv: withEnv });
  if (output === undefined) {
    process.stdout.write(text);
  } else {
    await writeExport(path.resolve(output), text, { force });
    print(`Exported ${records.length} session${records.length === 1 ? '' : 's'} to ${output}.`);
  }
  // Standard output may be the file.
  for (const line of describeLeftOut(records, leftOut)) console.error(line);
  return 0;
}

function describeLeftOut(records: readonly SessionRecord[], leftOut: LeftOut): string[] {
  const lines = records.flatMap(({ id, name }) => (leftOut[id] ? [`  ${name}: ${leftOut[id].join(', ')}`] : []));
  return lines.length > 0 ? ['Variables whose values were left out (--with-env writes them):', ...lines] : [];
}
