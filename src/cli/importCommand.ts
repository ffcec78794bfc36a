import path from 'node:path';
import { toErrorShape } from '../base/errors.ts';
import { describeOrigin } from '../client/sessionRestoration.ts';
import { type ImportResult, importSessions, planImport, readExport } from '../client/sessionTransfer.ts';
import { findWorkplace } from '../node/repository.ts';
import { withCreation } from './creation.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { currentFolder, type Program } from './repositorySessions.ts';
import { shownRecord } from './shownRecord.ts';

/** `holdfast import FILE` */
export async function importFromFile(program: Program, args: CommandArguments): Promise<number> {
  const { name, dryRun, salvage, json } = args;
  const workplace = await findWorkplace(currentFolder());
  const { sessions, problems } = await readExport(path.resolve(name), { workplace, salvage });
  const act = dryRun ? planImport : importSessions;
  const results = await withCreation(program, (context) => act(context, sessions));
  for (const problem of problems) console.error(`Not sound in ${name}: ${problem}.`);
  if (json) printJson(results.map(shownResult));
  else for (const line of describeResults(results)) print(line);
  return results.some(({ state }) => state === 'failed') ? 1 : 0;
}

function describeResults(results: readonly ImportResult[]): string[] {
  return results.length > 0 ? results.flatMap(describeResult) : ['There are no sessions in it.'];
}

function describeResult(result: ImportResult): string[] {
  const { name } = result;
  if (result.state === 'failed') return [`${name}: failed: ${errorText(result.error)}`];
  const { state, record, origin, notice } = result;
  const where = describeOrigin(record, origin);
  const renamed = state === 'imported' && record.name !== name ? ` as ${record.name}` : '';
  const what = { imported: `imported${renamed} ${where}`, planned: `would come in ${where}`, skipped: where }[state];
  return [`${name}: ${what}`, ...(notice === undefined ? [] : [`  ${notice}`])];
}

function shownResult(result: ImportResult): unknown {
  const { name, sessionId, state } = result;
  if (result.state === 'failed') return { name, sessionId, state, error: toErrorShape(result.error) };
  const { record, origin, notice } = result;
  return { name, sessionId, state, origin: origin.from, session: shownRecord(record), ...(notice ? { notice } : {}) };
}

function errorText(error: unknown): string {
  const { message, advice } = toErrorShape(error);
  return advice === undefined ? message : `${message} ${advice}`;
}
