import { toErrorShape } from '../base/errors.ts';
import type { Diagnosed, DoctorContext } from '../client/doctor/doctorContext.ts';
import {
  checkedAreas,
  isIncomplete,
  type RepairOutcome,
  repairAll,
  runDoctor,
  withoutRepair,
} from '../client/doctor/runDoctor.ts';
import { countFindings, describeCounts, diagnosisLines, isSound, plainLine } from '../core/diagnosis.ts';
import { thisMachine } from '../node/places.ts';
import { findWorkplace } from '../node/repository.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { currentFolder, type Program } from './repositorySessions.ts';

/** Where windows make worktrees by default; another folder is a setting of the editor. */
const worktreesFolder = '.worktrees';

/** `holdfast doctor`; asks a helper that runs, and starts one only for a repair that needs it. */
export async function examine({ dist, version }: Program, { fix, json }: CommandArguments): Promise<number> {
  const context: DoctorContext = {
    machine: thisMachine(),
    workplace: await findWorkplace(currentFolder()),
    settings: () => ({ worktreesFolder }),
    dist,
    client: { kind: 'cli', pid: process.pid, version },
  };
  const { findings, outcomes: repairs } = fix
    ? await repairAll(context)
    : { findings: await runDoctor(context), outcomes: [] };
  const { root } = context.workplace;
  if (json) printJson(plainReport(root, findings, fix ? repairs : undefined));
  else for (const line of reportLines(root, findings, { fix, repairs })) print(line);
  if (isIncomplete(findings)) return 2;
  return isSound(findings) ? 0 : 1;
}

function plainReport(repository: string, findings: readonly Diagnosed[], repairs: RepairOutcome[] | undefined) {
  return {
    repository,
    checked: checkedAreas,
    ...(repairs ? { repairs: repairs.map(plainOutcome) } : {}),
    findings: findings.map(withoutRepair),
    counts: countFindings(findings),
  };
}

function plainOutcome(outcome: RepairOutcome): unknown {
  const { code, subject, problem } = outcome.finding;
  const about = { code, subject, problem, state: outcome.state };
  return outcome.state === 'done' ? { ...about, what: outcome.what } : { ...about, error: toErrorShape(outcome.error) };
}

interface Repairs {
  fix: boolean;
  repairs: readonly RepairOutcome[];
}

function reportLines(root: string, findings: readonly Diagnosed[], { fix, repairs }: Repairs): string[] {
  const canFix = findings.some(({ apply }) => apply);
  return [
    plainLine(`Looked at ${root}:`),
    `  ${checkedAreas.join(', ')}.`,
    ...(fix ? ['', 'Repairs', ...repairLines(repairs)] : []),
    ...diagnosisLines(findings),
    '',
    `${describeCounts(findings)}${canFix ? hints[fix ? 'again' : 'first'] : ''}`,
  ];
}

const hints = {
  first: ' “holdfast doctor --fix” does the repairs that are safe.',
  again: ' “holdfast doctor --fix” tries the safe repairs once more.',
};

function repairLines(repairs: readonly RepairOutcome[]): string[] {
  if (repairs.length === 0) return ['  There was nothing that could be repaired safely.'];
  return repairs.flatMap((outcome) => {
    const { code, subject } = outcome.finding;
    const what = outcome.state === 'done' ? outcome.what : `Failed: ${errorText(outcome.error)}`;
    return [`  ${subject} (${code})`, `    ${what}`].map(plainLine);
  });
}

function errorText(error: unknown): string {
  const { message, advice } = toErrorShape(error);
  return advice === undefined ? message : `${message} ${advice}`;
}
