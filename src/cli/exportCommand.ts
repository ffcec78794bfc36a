import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { writeExport } from '../client/exportFile.ts';
import { exportSessions } from '../client/sessionTransfer.ts';
import { countSessions } from '../core/presentation.ts';
import type { LeftOut } from '../core/sessionExport.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, type RepositorySessions, withSessions } from './repositorySessions.ts';
import { UsageError } from './usageError.ts';

/** `holdfast export [NAME]` */
export async function exportToFile(program: Program, args: CommandArguments): Promise<number> {
  const { name, output, withEnv, force, json } = args;
  if (force && output === undefined) throw new UsageError('--force is for the FILE of --output.', 'export');
  const { records, workplace } = await withSessions(program, async (sessions) => {
    const records = name ? [(await sessions.find(name)).record] : await sessions.list();
    if (records.length === 0) throw nothingToExport(sessions);
    return { records, workplace: sessions.workplace };
  });
  const { text, leftOut } = await exportSessions(workplace, records, { includeEnv: withEnv });
  if (output === undefined) {
    process.stdout.write(text);
  } else {
    const file = path.resolve(output);
    await writeExport(file, text, { force }).catch((error) => {
      throw withForceNamed(error);
    });
    if (json) printJson({ file, sessions: records.length, leftOut });
    else print(`Exported ${countSessions(records.length)} to ${output}.`);
  }
  // Standard output may be the file, which tells programs what it lacks.
  if (!json) for (const line of describeLeftOut(records, leftOut)) console.error(line);
  return 0;
}

/** An export of nothing could replace one of something. */
function nothingToExport({ workplace }: RepositorySessions): HoldfastError {
  return new HoldfastError('SESSION_NOT_FOUND', `There is no session to export in ${workplace.root}.`, {
    advice: 'Nothing was written. Where there should be some, “holdfast doctor” looks for them.',
  });
}

function withForceNamed(error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.data.exists !== true) return error;
  return new HoldfastError(error.code, error.message, {
    advice: 'Choose another name, or replace it with --force.',
    data: error.data,
    cause: error,
  });
}

function describeLeftOut(records: readonly SessionRecord[], leftOut: LeftOut): string[] {
  const lines = records.flatMap(({ id, name }) => (leftOut[id] ? [`  ${name}: ${leftOut[id].join(', ')}`] : []));
  return lines.length > 0 ? ['Variables whose values were left out (--with-env writes them):', ...lines] : [];
}
