import { toErrorShape } from '../base/errors.ts';
import { BringHome } from '../client/bringHome.ts';
import type { SessionMergePlan } from '../client/sessionMerge.ts';
import { workIn } from '../core/changesPresentation.ts';
import { describeCommitted, describePushed } from '../core/homeWords.ts';
import { inConflict } from '../core/mergeErrors.ts';
import { describeConflicts, describeMerged, describePlan, type MergeWay, sizeOf } from '../core/mergePlan.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { type Program, withSessions } from './repositorySessions.ts';
import { matchExactly } from './sessionMatch.ts';

/** `holdfast merge NAME` */
export async function mergeSession(program: Program, args: CommandArguments): Promise<number> {
  const { name, into, message, dryRun, json } = args;
  return withSession(program, { name, asksOverlaps: dryRun }, async (home, record) => {
    const plan = await home.plan(record, { ...(into === undefined ? {} : { into }), how: wayIn(args) });
    if (dryRun) return tellPlan(plan, json);
    const outcome = await home.merge(record, plan, message);
    if (json) printJson({ ...outcome, warnings: plan.warnings });
    else for (const line of [describeMerged(outcome), ...plan.warnings]) print(line);
    return 0;
  });
}

/** `holdfast commit NAME -m MESSAGE` */
export async function commitSession(program: Program, { name, message, json }: CommandArguments): Promise<number> {
  return withSession(program, { name }, async (home, record) => {
    const committed = await home.commitAll(record, message ?? '');
    if (json) printJson(committed);
    else print(describeCommitted(committed));
    return 0;
  });
}

/** `holdfast push NAME` */
export async function pushSession(program: Program, { name, remote, json }: CommandArguments): Promise<number> {
  return withSession(program, { name }, async (home, record) => {
    const pushed = await home.push(record, remote === undefined ? {} : { remote });
    if (json) printJson(pushed);
    else print(describePushed(pushed));
    return 0;
  });
}

async function withSession(
  program: Program,
  { name, asksOverlaps = false }: { name: string; asksOverlaps?: boolean },
  use: (home: BringHome, record: SessionRecord) => Promise<number>,
): Promise<number> {
  return withSessions(program, async (sessions) => {
    const { record } = await sessions.find(name, matchExactly);
    const all = await sessions.list();
    const report = asksOverlaps ? await sessions.changes() : undefined;
    const overlapsOf = (id: string) => workIn(report, id).overlaps;
    return use(new BringHome({ workplace: sessions.workplace, sessions: () => all, overlapsOf }), record);
  });
}

function wayIn({ squash, rebase }: CommandArguments): MergeWay {
  if (squash) return 'squash';
  return rebase ? 'rebase' : 'merge';
}

/** Ends with 1 where the merge would be refused. */
function tellPlan(plan: SessionMergePlan, json: boolean): number {
  const { conflicts, obstacle, branch, into } = plan;
  if (json) printJson(conflicts.length > 0 ? { ...plan, obstacle: toErrorShape(inConflict(plan)) } : plan);
  else {
    print(`${branch} into ${into}: ${sizeOf(plan)}.`);
    for (const line of describePlan(plan)) print(line);
    for (const line of describeConflicts(conflicts)) print(`Conflict: ${line}`);
    if (obstacle) print([obstacle.message, obstacle.advice].filter(Boolean).join(' '));
  }
  return conflicts.length > 0 || obstacle ? 1 : 0;
}
