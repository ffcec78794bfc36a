import { toErrorShape } from '../../base/errors.ts';
import { type Finding, sortFindings } from '../../core/diagnosis.ts';
import { checkBackups } from './backupCheck.ts';
import { checkDestroyedNotes } from './destroyedNotesCheck.ts';
import type { Diagnosed, DoctorContext } from './doctorContext.ts';
import { Examination } from './examination.ts';
import { checkHealth } from './healthCheck.ts';
import { checkHosts } from './hostCheck.ts';
import { checkHostFolders } from './hostFolderCheck.ts';
import { checkJournals } from './journalCheck.ts';
import { checkLeftovers } from './leftoverCheck.ts';
import { checkLocks } from './lockCheck.ts';
import { checkPermissions } from './permissionCheck.ts';
import { checkRegistry } from './registryCheck.ts';
import { backUpLists } from './repairBackups.ts';
import { noteRepairs } from './repairNotes.ts';
import { checkSavedSessions } from './savedSessionCheck.ts';
import { checkSockets } from './socketCheck.ts';
import { checkWorktrees } from './worktreeCheck.ts';

type Check = (examination: Examination) => Promise<Diagnosed[]>;

/** What is looked at. */
const checks: readonly (readonly [area: string, check: Check])[] = [
  ['permissions', checkPermissions],
  ['session lists', checkRegistry],
  ['backups', checkBackups],
  ['saved sessions', checkSavedSessions],
  ['notes about destroyed sessions', checkDestroyedNotes],
  ['event journals', checkJournals],
  ['locks', checkLocks],
  ['sockets', checkSockets],
  ['host directories', checkHostFolders],
  ['worktrees', checkWorktrees],
  ['hosts', checkHosts],
  ['health', checkHealth],
  ['leftovers', checkLeftovers],
];

/** The areas that are looked at, for a person. */
export const checkedAreas = checks.map(([area]) => area);

/** Looks at all that Holdfast keeps of a repository. Changes nothing and starts nothing; the worst findings first. */
export async function runDoctor(context: DoctorContext): Promise<Diagnosed[]> {
  const examination = new Examination(context);
  const findings = await Promise.all(checks.map(([area, check]) => attempt(examination, area, check)));
  return sortFindings(findings.flat());
}

const checkFailed = 'check-failed';

/** A check that fails says nothing about the other ones. */
async function attempt(examination: Examination, area: string, check: Check): Promise<Diagnosed[]> {
  try {
    return await check(examination);
  } catch (error) {
    const { message, advice } = toErrorShape(error);
    const common = { severity: 'error' as const, subject: area, evidence: [message] };
    const repair = advice === undefined ? {} : { repair: { text: advice, isSafe: false } };
    return [{ code: checkFailed, ...common, problem: `The ${area} could not be looked at.`, ...repair }];
  }
}

/** What became of a repair. */
export type RepairOutcome = { finding: Finding } & (
  | { state: 'done'; what: string }
  | { state: 'failed'; error: unknown }
);

/** Does the safe repairs, one after the other; one that fails leaves the others. */
export async function applySafeRepairs(findings: readonly Diagnosed[]): Promise<RepairOutcome[]> {
  const outcomes: RepairOutcome[] = [];
  for (const { apply, ...finding } of inOrderOfRepair(findings)) {
    if (!apply || !finding.repair?.isSafe) continue;
    const outcome = await apply().then(
      (what) => ({ state: 'done' as const, what }),
      (error: unknown) => ({ state: 'failed' as const, error }),
    );
    outcomes.push({ finding, ...outcome });
  }
  return outcomes;
}

/** One repair can be what makes another one possible, so that it is looked and repaired again; this often at most. */
const maxRounds = 4;

/** Does the safe repairs until there are none that were not tried; what is found then is what is left. */
export async function repairAll(context: DoctorContext): Promise<{ findings: Diagnosed[]; outcomes: RepairOutcome[] }> {
  const tried = new Set<string>();
  const outcomes: RepairOutcome[] = [];
  let findings = await runDoctor(context);
  if (findings.some(({ repair }) => repair?.isSafe)) await backUpLists(context);
  for (let round = 0; round < maxRounds; round++) {
    const next = findings.filter((finding) => finding.repair?.isSafe && !tried.has(nameOf(finding)));
    if (next.length === 0) break;
    for (const finding of next) tried.add(nameOf(finding));
    outcomes.push(...(await applySafeRepairs(next)));
    findings = await runDoctor(context);
  }
  await noteRepairs(context, outcomes.flatMap(describeDone));
  return { findings, outcomes };
}

function describeDone(outcome: RepairOutcome): string[] {
  return outcome.state === 'done' ? [`${outcome.finding.subject}: ${outcome.what}`] : [];
}

function nameOf({ code, subject }: Finding): string {
  return `${code} ${subject}`;
}

/** Whether an area could not be looked at, so that nothing is known about it. */
export function isIncomplete(findings: readonly Finding[]): boolean {
  return findings.some(({ code }) => code === checkFailed);
}

/** What the other repairs stand on comes first. */
const firstRepairs = ['socket-folder-unsafe', 'state-folder-open', 'token-readable', 'list-damaged', 'list-missing'];

function inOrderOfRepair(findings: readonly Diagnosed[]): Diagnosed[] {
  const isFirst = ({ code }: Finding) => firstRepairs.includes(code);
  return [...findings.filter(isFirst), ...findings.filter((finding) => !isFirst(finding))];
}

/** What is done about it is no part of what was found. */
export function withoutRepair({ apply: _, ...finding }: Diagnosed): Finding {
  return finding;
}
