import { realpath } from 'node:fs/promises';
import { exists } from '../../node/exists.ts';
import { quarantine } from '../../node/quarantine.ts';
import type { GitRepository } from '../../node/repository.ts';
import { readWorktreeNotes, type WorktreeNotes } from '../../node/worktreeTags.ts';
import type { SessionRecord } from '../../protocol/sessionRecord.ts';
import { tagSession } from '../sessionWorktree.ts';
import type { Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';

/** Without its tag a worktree cannot tell whose it is once all else is lost. */
export async function checkTags(examination: Examination): Promise<Diagnosed[]> {
  const { workplace } = examination.context;
  if (workplace.kind !== 'git') return [];
  const notes = new Map((await readWorktreeNotes(workplace.commonDir)).map((note) => [note.path, note]));
  const sessions = (await examination.live()).filter(({ branch }) => branch);
  const looks = sessions.map(async (record): Promise<Diagnosed[]> => {
    const folder = await realpath(record.worktreePath).catch(() => record.worktreePath);
    const note = notes.get(folder) ?? notes.get(record.worktreePath);
    if (!note || note.linksBack === false || !(await exists(folder))) return [];
    return checkTag(workplace, record, note);
  });
  return (await Promise.all(looks)).flat();
}

function checkTag(workplace: GitRepository, record: SessionRecord, note: WorktreeNotes): Diagnosed[] {
  const { name, id, worktreePath: subject } = record;
  const { tag, tagFile, problem, isNewer } = note;
  const evidence = [`The record of “${name}” (${id.slice(0, 8)}) claims the worktree.`, `Its tag is ${tagFile}.`];
  const common = { severity: 'warning' as const, subject, evidence };
  if (isNewer) {
    const what = 'A newer version of Holdfast has marked whose the worktree is.';
    const repair = { text: 'Update Holdfast; until then the mark stays as it is.', isSafe: false };
    return [{ code: 'tag-newer', ...common, evidence: [...evidence, `About it: ${problem}.`], problem: what, repair }];
  }
  if (problem !== undefined) {
    const what = `The mark of whose the worktree is cannot be used: ${problem}.`;
    return [
      { code: 'tag-damaged', ...common, problem: what, ...renewal(workplace, record, { tagFile, why: problem }) },
    ];
  }
  if (!tag) {
    const what = 'The worktree has no mark that says whose it is.';
    return [{ code: 'tag-missing', ...common, problem: what, ...renewal(workplace, record, { tagFile }) }];
  }
  const differences = differencesOf(workplace, record, note);
  // Two sessions on one worktree are for a person to judge, and told as such.
  if (differences.length === 0 || tag.id !== id) return [];
  const what = 'The worktree’s mark does not say what its session’s record says.';
  const why = differences.join(' ');
  const wrong = { ...common, evidence: [...evidence, ...differences], problem: what };
  return [{ code: 'tag-wrong', ...wrong, ...renewal(workplace, record, { tagFile, why }) }];
}

/** What would bring the session back as another one, if its record were lost. */
function differencesOf({ key }: GitRepository, record: SessionRecord, { tag }: WorktreeNotes): string[] {
  if (!tag) return [];
  const command = tag.command === undefined || JSON.stringify(tag.command) === JSON.stringify(record.command);
  return [
    ...(tag.key === key ? [] : [`It names another repository (${tag.key}).`]),
    ...(command ? [] : ['It names another command.']),
  ];
}

interface WrittenTag {
  tagFile: string;
  /** What is wrong with the tag that is there. */
  why?: string;
}

function renewal(
  workplace: GitRepository,
  record: SessionRecord,
  { tagFile, why }: WrittenTag,
): Pick<Diagnosed, 'repair' | 'apply'> {
  const text = why === undefined ? 'Write it.' : 'Keep it in quarantine, and write it anew from the record.';
  return {
    repair: { text, isSafe: true },
    apply: async () => {
      const copy = why === undefined ? undefined : await quarantine(tagFile, { reason: why });
      await tagSession(workplace, record);
      return copy === undefined ? 'It was written.' : `It was written anew. As it was it is kept: ${copy}.`;
    },
  };
}
