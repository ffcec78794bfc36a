import path from 'node:path';
import { HoldfastError, toErrorShape } from '../base/errors.ts';
import { BackupStores } from '../client/backupStores.ts';
import { type ReadExport, readExport } from '../client/exportFile.ts';
import { describeOrigin } from '../client/sessionRestoration.ts';
import { type ImportResult, importSessions, planImport } from '../client/sessionTransfer.ts';
import { thisMachine } from '../node/places.ts';
import { findWorkplace, type Workplace } from '../node/repository.ts';
import { withCreation, withPlanning } from './creation.ts';
import { errorText } from './failureReport.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { currentFolder, type Program } from './repositorySessions.ts';
import { shownRecord } from './shownRecord.ts';
import { shortened } from './table.ts';

/** `holdfast import FILE` */
export async function importFromFile(program: Program, args: CommandArguments): Promise<number> {
  const { name, dryRun, json } = args;
  const workplace = await findWorkplace(currentFolder());
  const { sessions, problems } = await readSessions(workplace, args);
  const results = dryRun
    ? await withPlanning(program, (context) => planImport(context, sessions))
    : await importAfterBackup(program, workplace, sessions);
  if (json) printJson({ sessions: results.map(shownResult), problems });
  else for (const line of describeResults(results)) print(line);
  if (!json) for (const problem of problems) console.error(`Not sound in ${name}: ${problem}.`);
  return problems.length > 0 || results.some(({ state }) => state === 'failed') ? 1 : 0;
}

async function importAfterBackup(
  program: Program,
  workplace: Workplace,
  sessions: ReadExport['sessions'],
): Promise<ImportResult[]> {
  const planned = await withPlanning(program, (context) => planImport(context, sessions));
  // Where nothing comes in, no backup is taken for it, and no helper started.
  if (!planned.some(({ state }) => state === 'planned')) return planned;
  return withCreation(program, async (context) => {
    const stores = await BackupStores.find(thisMachine(), workplace);
    await stores.take('import', (await context.helper.list()).records);
    return importSessions(context, sessions);
  });
}

async function readSessions(workplace: Workplace, { name, salvage }: CommandArguments): Promise<ReadExport> {
  try {
    return await readExport(path.resolve(name), { workplace, salvage });
  } catch (error) {
    throw withSalvageNamed(error);
  }
}

/** What can be salvaged is told with the option that does it. */
function withSalvageNamed(error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.code !== 'DAMAGED_FILE') return error;
  const sound = error.data.sound as string[];
  if (sound.length === 0) return error;
  return new HoldfastError('DAMAGED_FILE', error.message, {
    advice: `--salvage brings in what is sound in it: ${sound.map(shortened).join(', ')}.`,
    data: error.data,
    cause: error,
  });
}

function describeResults(results: readonly ImportResult[]): string[] {
  return results.length > 0 ? results.flatMap(describeResult) : ['There are no sessions in it.'];
}

function describeResult(result: ImportResult): string[] {
  const name = shortened(result.name);
  if (result.state === 'failed') return [`${name}: failed: ${errorText(result.error)}`];
  const { state, record, origin, notice } = result;
  const where = describeOrigin(record, origin);
  const renamed = state === 'imported' && record.name !== result.name ? ` as ${record.name}` : '';
  const what = { imported: `imported${renamed} ${where}`, planned: `would come in ${where}`, skipped: where }[state];
  return [`${name}: ${what}`, ...(notice === undefined ? [] : [`  ${notice}`])];
}

function shownResult(result: ImportResult): unknown {
  const { name, sessionId, state } = result;
  if (result.state === 'failed') return { name, sessionId, state, error: toErrorShape(result.error) };
  const { record, origin, notice } = result;
  return { name, sessionId, state, origin: origin.from, session: shownRecord(record), ...(notice ? { notice } : {}) };
}
