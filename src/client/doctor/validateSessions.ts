import path from 'node:path';
import { isIntact } from '../../core/checksum.ts';
import { parseText } from '../../core/jsonText.ts';
import { formatOf } from '../../core/migrations.ts';
import { repairRecord } from '../../core/recordRepair.ts';
import { type OpenedRegistry, openRegistry } from '../../core/registryDocument.ts';
import type { FileProblem, Validation } from './validateFile.ts';

type Fields = Record<string, unknown>;

/** Stands for the repository that a relative path is meant from, which a file does not name. */
const anyRoot = '/<repository>';

/** A session list, a backup or an export: its envelope, and each session in it. */
export function validateSessions(text: string, savedAt: Date): Validation {
  const fields = parseText(text) as Fields;
  const opened = openRegistry(text);
  const sessions = Array.isArray(fields.sessions) ? fields.sessions : [];
  const destroyed = sessions.filter((session) => (session as Fields | null)?.deletedAt !== undefined).length;
  return {
    format: formatOf(fields),
    checksum: checksumOf(fields, opened),
    counts: { sessions: sessions.length - destroyed, destroyed },
    problems: [
      ...envelopeProblems(fields, opened, sessions.length),
      ...sessions.flatMap((session, index) => sessionProblems(session, index, { opened, savedAt })),
      ...duplicates(sessions),
    ],
  };
}

function checksumOf(fields: Fields, opened: OpenedRegistry): 'right' | 'wrong' | 'none' {
  if (fields.sha256 === undefined) return 'none';
  return opened.state !== 'damaged' || isIntact(fields) ? 'right' : 'wrong';
}

function envelopeProblems({ count }: Fields, opened: OpenedRegistry, length: number): FileProblem[] {
  const problems: FileProblem[] = [];
  if (opened.state === 'damaged') problems.push({ where: '', problem: opened.reason });
  if (opened.state === 'newer') {
    problems.push({ where: '', problem: `a newer version of Holdfast wrote it (${opened.version})` });
  }
  if (typeof count === 'number' && count !== length) {
    problems.push({ where: 'count', problem: `it says ${count}, and there are ${length}` });
  }
  return problems;
}

interface Around {
  opened: OpenedRegistry;
  savedAt: Date;
}

function sessionProblems(session: unknown, index: number, { opened, savedAt }: Around): FileProblem[] {
  const where = placeOf(session, index);
  const isDoubtful =
    opened.state === 'damaged' && opened.isSummed && opened.doubtful.some((other) => isSame(other, session));
  const changed = isDoubtful ? [{ where, problem: 'it is not as it was written' }] : [];
  const result = repairRecord(session, { root: anyRoot, resolve: path.posix.join, savedAt });
  if ('problem' in result) return [...changed, { where, problem: `it cannot be read: ${result.problem}` }];
  return [
    ...changed,
    ...result.repairs.map((repair) => ({
      where,
      problem: `it needs repair: ${repair.replace(anyRoot, 'REPOSITORY')}`,
    })),
  ];
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function duplicates(sessions: readonly unknown[]): FileProblem[] {
  const seen = new Set<unknown>();
  return sessions.flatMap((session, index) => {
    const { id } = (session ?? {}) as Fields;
    if (id === undefined || !seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [{ where: placeOf(session, index), problem: 'a session before it has the same id' }];
  });
}

/** “session 3 (“login”)” */
function placeOf(session: unknown, index: number): string {
  const { name } = (session ?? {}) as Fields;
  return `session ${index + 1}${typeof name === 'string' ? ` (“${name}”)` : ''}`;
}
