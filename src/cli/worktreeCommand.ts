import {
  type ReconciliationContext,
  type RepairChoice,
  repairWorktree,
  situationOf,
} from '../client/worktreeReconciliation.ts';
import { describeSituation, repairsFor, type WorktreeRepair } from '../core/worktreeSituation.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { withCreation } from './creation.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import type { Program } from './repositorySessions.ts';
import { matchExactly, matchSession } from './sessionMatch.ts';
import { shownRecord } from './shownRecord.ts';

/** `holdfast worktree NAME [--accept-branch | --switch-back | --recreate | --at PATH]` */
export async function worktreeOf(program: Program, given: CommandArguments): Promise<number> {
  const choice = choiceOf(given);
  return withCreation(program, async (creation) => {
    const context: ReconciliationContext = { ...creation, keepDone: creation.keep };
    const find = choice ? matchExactly<SessionRecord> : matchSession<SessionRecord>;
    const record = find(context.sessions(), given.name);
    if (!choice) return show(context, record, given.json);
    const { record: after, notice } = await repairWorktree(context, record, choice);
    if (given.json) printJson({ ...shownRecord(after), ...(notice ? { notice } : {}) });
    else print([describeSituation(after, await situationOf(context, after)), notice].filter(Boolean).join('\n'));
    return 0;
  });
}

async function show(context: ReconciliationContext, record: SessionRecord, json: boolean): Promise<number> {
  const situation = await situationOf(context, record);
  const repairs = repairsFor(situation);
  const text = record.branch ? describeSituation(record, situation) : `“${record.name}” has no worktree.`;
  const ways = repairs.map((repair) => options[repair]);
  if (json) printJson({ id: record.id, name: record.name, situation, repairs });
  else print([text, ...(ways.length > 0 ? [`What can be done: ${ways.join(', ')}.`] : [])].join('\n'));
  return situation.kind === 'sound' ? 0 : 1;
}

const options: Record<WorktreeRepair, string> = {
  follow: '--accept-branch',
  switchBack: '--switch-back',
  recreate: '--recreate',
  use: '--at PATH',
};

/** The command line takes one of them at most. */
function choiceOf({ acceptBranch, switchBack, recreate, at }: CommandArguments): RepairChoice | undefined {
  if (acceptBranch) return { repair: 'follow' };
  if (switchBack) return { repair: 'switchBack' };
  if (recreate) return { repair: 'recreate' };
  return at === undefined ? undefined : { repair: 'use', path: at };
}
