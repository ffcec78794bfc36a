import { realpath } from 'node:fs/promises';
import { mergeRecords } from '../../core/mergeRecords.ts';
import type { RestoredSession } from '../../core/rebuildEvidence.ts';
import type { Proposal, ProposalKind } from '../../core/rebuildProposals.ts';
import { isLive, wasStarted } from '../../core/sessionRecord.ts';
import { exists } from '../../node/exists.ts';
import { git, tryGit } from '../../node/git.ts';
import { resolveCommit } from '../../node/repository.ts';
import { treeTimeout } from '../../node/worktreeRemoval.ts';
import { readWorktreeNotes } from '../../node/worktreeTags.ts';
import type { SessionRecord } from '../../protocol/sessionRecord.ts';
import { Backups } from '../backups.ts';
import { tagSession } from '../sessionWorktree.ts';
import type { Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import { mayHaveHost } from './sessionFolders.ts';

/** Sessions that nobody knows any more, and worktrees that do not go with their sessions. */
export async function checkWorktrees(examination: Examination): Promise<Diagnosed[]> {
  const { sessions, proposals } = await examination.plan();
  const judged = await Promise.all(proposals.map((proposal) => judgeProposal(examination, proposal)));
  const moved = new Set(proposals.filter(({ kind }) => kind === 'moved').map(({ record }) => record.id));
  return [
    ...(await Promise.all(sessions.map((session) => lostSession(examination, session)))),
    ...judged,
    ...(await checkGone(examination, moved)),
    ...(await checkTags(examination)),
  ];
}

const origins: Record<RestoredSession['from']['kind'], string> = {
  replica: 'It is in the session list',
  sessionFolder: 'Its record is',
  tag: 'Its worktree has the tag',
};

async function lostSession(examination: Examination, { record, from }: RestoredSession): Promise<Diagnosed> {
  const { name, id, branch, worktreePath } = record;
  // A list that nobody has noted may know more of it than its worktree does.
  const listed = (await examination.storages()).flatMap(({ records }) => records);
  const newest = mergeRecords([record], listed).get(id) ?? record;
  return {
    code: 'session-lost',
    severity: 'warning',
    subject: `“${name}” (${id.slice(0, 8)})`,
    problem: 'The session is known to no helper any more, and can be brought back.',
    evidence: [`${origins[from.kind]} ${from.path}.`, ...(branch ? [`Its worktree is ${worktreePath}.`] : [])],
    repair: { text: 'Bring it back.', isSafe: true },
    apply: async () => {
      await backUpLists(examination);
      return examination.withHelper([newest], async (helper) => {
        const { records } = await helper.list();
        const back = records.find((other) => other.id === id);
        if (!back || !isLive(back)) throw new Error('the helper has not taken it in');
        return `“${back.name}” is back.`;
      });
    },
  };
}

/** What comes back changes the lists of all windows. */
async function backUpLists(examination: Examination): Promise<void> {
  for (const { folder, reading, records } of await examination.storages()) {
    if (reading.state !== 'sound') continue;
    const { generation, unknownFields } = reading.document;
    await new Backups({ folder, key: examination.places.key }).take('repair', { records, generation, unknownFields });
  }
}

type Doubt = [code: string, problem: string, advice: string];

const decide =
  '“Holdfast: Rebuild Sessions…” lets you decide whether a session goes on in it; nothing is bound by itself.';

const doubts: Record<Exclude<ProposalKind, 'kept'>, Doubt> = {
  untagged: ['worktree-untagged', 'The worktree lies among those of sessions, but no session has it.', decide],
  twoClaims: ['worktree-contested', 'More than one session says that the worktree is its own.', decide],
  moved: ['worktree-moved', 'The worktree is not where its session looks for it.', decide],
  locked: [
    'worktree-locked',
    'The worktree of a session that is gone is locked.',
    `${decide} “git worktree unlock” unlocks it.`,
  ],
  prunable: [
    'worktree-prunable',
    'The folder of a worktree is gone, and so is its session.',
    'Bring the folder back if it was moved (“git worktree repair” in it), or have git forget it (“git worktree prune”).',
  ],
  foreignTag: ['worktree-foreign', 'The worktree is marked as one of another repository’s sessions.', decide],
  unreadableTag: ['worktree-tag-damaged', 'The mark of whose the worktree is cannot be read.', decide],
  otherBranch: [
    'worktree-other-branch',
    'The worktree is on another branch than the session that it was made for.',
    decide,
  ],
};

async function judgeProposal(examination: Examination, proposal: Proposal): Promise<Diagnosed> {
  const { kind, path: subject, evidence } = proposal;
  if (kind === 'kept') return judgeKept(examination, proposal);
  const [code, problem, text] = doubts[kind];
  return { code, severity: 'warning', subject, problem, evidence, repair: { text, isSafe: false } };
}

/** The window that destroyed the session may have been killed before it removed the worktree. */
async function judgeKept(examination: Examination, { path: subject, record, evidence }: Proposal): Promise<Diagnosed> {
  const tombstones = (await examination.known()).filter((other) => !isLive(other));
  const destroyed = tombstones.find(({ worktreePath }) => worktreePath === subject) ?? record;
  const text = `“git worktree remove ${subject}” removes it, if you need it no more.`;
  const common = { subject, repair: { text, isSafe: false } };
  const folder = (await examination.sessionFolders()).find(({ id }) => id === destroyed.id);
  if (folder && mayHaveHost(folder)) {
    const problem = 'The worktree of a destroyed session was kept, and its process may run in it.';
    return { code: 'worktree-kept', severity: 'info', subject, problem, evidence };
  }
  if (await isWithoutWork(examination, subject, destroyed)) {
    const seen = 'It has no uncommitted, untracked or ignored files, and no commit that its base does not have.';
    const problem = 'The worktree of a destroyed session was left, and holds no work.';
    return { code: 'worktree-left', severity: 'warning', problem, evidence: [...evidence, seen], ...common };
  }
  const problem = 'The worktree of a destroyed session was kept, for it holds work.';
  return { code: 'worktree-kept', severity: 'info', problem, evidence, ...common };
}

/** What git cannot tell may be work. */
async function isWithoutWork(
  { context }: Examination,
  folder: string,
  { baseBranch }: SessionRecord,
): Promise<boolean> {
  const { root } = context.workplace;
  const args = ['status', '--porcelain', '--untracked-files=all', '--ignored=matching', '--ignore-submodules=none'];
  const status = await tryGit(args, { cwd: folder, timeout: treeTimeout }).catch(() => undefined);
  const base = baseBranch ? await resolveCommit(root, baseBranch) : undefined;
  const head = status === '' ? await resolveCommit(folder, 'HEAD') : undefined;
  if (!head || !base) return false;
  return (await git(['rev-list', '--count', head, '--not', base], { cwd: root })).trim() === '0';
}

async function checkGone(examination: Examination, moved: ReadonlySet<string>): Promise<Diagnosed[]> {
  const sessions = (await examination.live()).filter(({ branch, id }) => branch && !moved.has(id));
  const looks = sessions.map(async (record): Promise<Diagnosed[]> => {
    if (await exists(record.worktreePath)) return [];
    return [goneWorktree(record)];
  });
  return (await Promise.all(looks)).flat();
}

function goneWorktree(record: SessionRecord): Diagnosed {
  const { name, id, branch, worktreePath } = record;
  const common = { code: 'worktree-gone', subject: `“${name}” (${id.slice(0, 8)})`, severity: 'warning' as const };
  if (!wasStarted(record)) {
    const problem = 'The session has no worktree yet: its creation is under way, or was cut short.';
    const text = 'Starting it makes the worktree; destroying it removes what there is.';
    return { ...common, problem, evidence: [`There is no ${worktreePath}.`], repair: { text, isSafe: false } };
  }
  return {
    ...common,
    problem: 'The session’s worktree is gone.',
    evidence: [`There is no ${worktreePath}.`, `Its branch is ${branch}.`],
    repair: {
      text: `Bring it back with “git worktree add ${worktreePath} ${branch}”, or destroy the session.`,
      isSafe: false,
    },
  };
}

/** Without its tag a worktree cannot tell whose it is once all else is lost. */
async function checkTags(examination: Examination): Promise<Diagnosed[]> {
  const { workplace } = examination.context;
  if (workplace.kind !== 'git') return [];
  const notes = new Map((await readWorktreeNotes(workplace.commonDir)).map((note) => [note.path, note]));
  const sessions = (await examination.live()).filter(({ branch }) => branch);
  const looks = sessions.map(async (record): Promise<Diagnosed[]> => {
    const { name, id, worktreePath } = record;
    const folder = await realpath(worktreePath).catch(() => worktreePath);
    const note = notes.get(folder) ?? notes.get(worktreePath);
    if (!note || note.tag || note.linksBack === false || !(await exists(folder))) return [];
    const evidence = [
      `The record of “${name}” (${id.slice(0, 8)}) claims the worktree.`,
      `Its tag is ${note.tagFile}.`,
    ];
    if (note.problem !== undefined) {
      const problem = `The mark of whose the worktree is cannot be used: ${note.problem}.`;
      const text = 'Delete the tag; it is then written anew.';
      const common = { subject: worktreePath, problem, evidence, repair: { text, isSafe: false } };
      return [{ code: 'tag-damaged', severity: 'warning', ...common }];
    }
    return [
      {
        code: 'tag-missing',
        severity: 'warning',
        subject: worktreePath,
        problem: 'The worktree has no mark that says whose it is.',
        evidence,
        repair: { text: 'Write it.', isSafe: true },
        apply: async () => {
          await tagSession(workplace, record);
          return 'It was written.';
        },
      },
    ];
  });
  return (await Promise.all(looks)).flat();
}
