import { stripVTControlCharacters } from 'node:util';

/** From bad to good. */
export const severities = ['error', 'warning', 'info'] as const;

/** `error`: work is in danger or something does not work; `warning`: something is not as it should be. */
export type Severity = (typeof severities)[number];

/** Something that was found on looking at what Holdfast keeps. */
export interface Finding {
  /** What kind of finding it is; stable, in kebab case. */
  code: string;
  severity: Severity;
  /** What it is about: a path, or a session. */
  subject: string;
  /** One sentence. */
  problem: string;
  /** What was seen. */
  evidence: string[];
  repair?: Repair;
}

export interface Repair {
  /** What would be done, or what a person can do; one sentence or two. */
  text: string;
  /** It loses nothing and ends no process, so that it may be done without asking. */
  isSafe: boolean;
}

/** The worst first; of one severity by kind and subject, so that two looks at the same state tell the same. */
export function sortFindings<T extends Finding>(findings: readonly T[]): T[] {
  return [...findings].sort(
    (a, b) =>
      severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
      compare(a.code, b.code) ||
      compare(a.subject, b.subject),
  );
}

/** A finding as lines for a person, its problem first. */
export function findingLines({ code, subject, problem, evidence, repair }: Finding): string[] {
  const lines = [
    `${subject} (${code})`,
    `  ${problem}`,
    ...evidence.map((seen) => `    ${seen}`),
    ...(repair ? [`  Repair: ${repair.text}${repair.isSafe ? '' : ' (for you to decide)'}`] : []),
  ];
  return lines.map(plainLine);
}

/** All findings in groups, with a heading for each severity that there is. */
export function diagnosisLines(findings: readonly Finding[]): string[] {
  const sorted = sortFindings(findings);
  return severities.flatMap((severity) => {
    const group = sorted.filter((finding) => finding.severity === severity);
    return group.length === 0 ? [] : ['', headings[severity], ...group.flatMap(findingLines).map(indented)];
  });
}

const headings: Record<Severity, string> = { error: 'Errors', warning: 'Warnings', info: 'For your information' };

/** How many findings there are of each severity. */
export function countFindings(findings: readonly Finding[]): Record<Severity, number> {
  const of = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  return { error: of('error'), warning: of('warning'), info: of('info') };
}

/** “2 errors, 1 warning, 3 notes.”, or that all is well, as a sentence. */
export function describeCounts(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'All is sound.';
  return `${isSound(findings) ? 'All is sound: ' : ''}${listCounts(findings)}.`;
}

/** What a window says after a look. */
export function describeFound(findings: readonly Finding[]): string {
  return isSound(findings) ? describeCounts(findings) : `Holdfast: Doctor found ${listCounts(findings)}.`;
}

export interface Repaired {
  /** What is left. */
  findings: readonly Finding[];
  /** Each as a line. */
  done: readonly string[];
  failed: readonly string[];
}

/** What a window says after its repairs. */
export function describeRepairs({ findings, done, failed }: Repaired): string {
  const failures = failed.length === 0 ? '' : ` ${failed.length} could not be repaired.`;
  const left = isSound(findings) ? describeCounts(findings) : `Left: ${listCounts(findings)}.`;
  return `${done.length} repaired.${failures} ${left}`;
}

/** “2 errors, 1 warning, 3 notes”, for the inside of a sentence; empty where there are none. */
function listCounts(findings: readonly Finding[]): string {
  const { error, warning, info } = countFindings(findings);
  return [...counted(error, 'error'), ...counted(warning, 'warning'), ...counted(info, 'note')].join(', ');
}

/** Whether nothing is wrong; what is only told for information does not count. */
export function isSound(findings: readonly Finding[]): boolean {
  return findings.every(({ severity }) => severity === 'info');
}

/** A path or a file may hold line breaks and control characters, which must not reach a terminal. */
export function plainLine(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function counted(count: number, noun: string): string[] {
  return count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}`];
}

function indented(line: string): string {
  return `  ${line}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
