import { mergeRecords } from '../../core/mergeRecords.ts';
import { shareWork } from '../../core/newcomers.ts';
import type { RestoredSession } from '../../core/rebuildEvidence.ts';
import type { Proposal, ProposalKind } from '../../core/rebuildProposals.ts';
import type { RemovalNote } from '../../core/removalNote.ts';
import { byCreation, isLive, wasStarted } from '../../core/sessionRecord.ts';
import { creationLockFile } from '../../node/creationLocks.ts';
import { exists } from '../../node/exists.ts';
import { git, tryGit } from '../../node/git.ts';
import { judge, readContent } from '../../node/lockOwner.ts';
import { RemovalNotes } from '../../node/removalNotes.ts';
import { resolveCommit } from '../../node/repository.ts';
import { treeTimeout } from '../../node/worktreeRemoval.ts';
import type { SessionRecord } from '../../protocol/sessionRecord.ts';
import { Backups } from '../backups.ts';
import { bringBack } from '../rebuild.ts';
import type { Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import { checkTags } from './tagCheck.ts';

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
    ...(await checkShared(examination)),
  ];
}

/** Each pair once. */
async function checkShared(examination: Examination): Promise<Diagnosed[]> {
  const sessions = (await examination.live()).sort(byCreation);
  const hosts = await examination.hosts();
  const called = ({ name, id }: SessionRecord) => `“${name}” (${id.slice(0, 8)})`;
  const claim = (record: SessionRecord) =>
    `${called(record)} works on ${record.branch} in ${record.worktreePath}${hosts.has(record.id) ? ', and its process runs' : ''}.`;
  const pairs = sessions.flatMap((one, index) => sessions.slice(index + 1).map((other) => [one, other] as const));
  return pairs
    .filter(([one, other]) => shareWork(one, other))
    .map(([one, other]) => ({
      code: 'sessions-share-work',
      severity: 'error',
      subject: `${called(one)} and ${called(other)}`,
      problem: 'Two sessions that are known have one worktree or one branch, and may overwrite each other’s work.',
      evidence: [claim(one), claim(other)],
      repair: {
        text: 'Stop and destroy the one that you do not need; the worktree stays with the other.',
        isSafe: false,
      },
    }));
}

const origins: Record<RestoredSession['from']['kind'], string> = {
  replica: 'It is in the session list',
  sessionFolder: 'Its record is',
  tag: 'Its worktree has the tag',
};

async function lostSession(examination: Examination, { record, from }: RestoredSession): Promise<Diagnosed> {
  const { name, id, branch, worktreePath } = record;
  // A list that nobody has noted may know more of it than its worktree does; but by that name another one may go now.
  const listed = (await examination.storages()).flatMap(({ records }) => records);
  const newest = { ...(mergeRecords([record], listed).get(id) ?? record), name };
  const finding = {
    code: 'session-lost',
    severity: 'warning' as const,
    subject: `“${name}” (${id.slice(0, 8)})`,
    problem: 'The session is known to no helper any more, and can be brought back.',
    evidence: [`${origins[from.kind]} ${from.path}.`, ...(branch ? [`Its worktree is ${worktreePath}.`] : [])],
  };
  const hindrance = await hindranceOf(examination, id);
  if (hindrance !== undefined) return { ...finding, repair: { text: hindrance, isSafe: false } };
  return {
    ...finding,
    repair: { text: 'Bring it back.', isSafe: true },
    apply: async () => {
      await backUpLists(examination);
      return examination.withHelper([], async (helper) => {
        const { sessions, errors } = await bringBack(helper, [{ record: newest, from }]);
        const [back] = sessions;
        if (!back) throw errors[0];
        return `“${back.record.name}” is back.`;
      });
    },
  };
}

/** A session that comes back while its host cannot be found would be shown as ended, though its process runs. */
async function hindranceOf(examination: Examination, id: string): Promise<string | undefined> {
  const isUnfiled = (await examination.hosts()).get(id)?.isFiled === false;
  return isUnfiled ? 'Its host lives, and has to write its files anew first.' : examination.helperHindrance();
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
  branchTaken: ['worktree-branch-taken', 'Another session works on the branch of the worktree’s session.', decide],
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

const newerTag: Doubt = [
  'worktree-tag-newer',
  'A newer version of Holdfast has marked whose the worktree is.',
  'Update Holdfast, which then tells what can be done; until then the mark stays as it is.',
];

async function judgeProposal(examination: Examination, proposal: Proposal): Promise<Diagnosed> {
  const { kind, path: subject, evidence } = proposal;
  if (kind === 'kept') return judgeKept(examination, proposal);
  const [code, problem, advice] = proposal.isNewer ? newerTag : doubts[kind];
  const repair = { text: proposal.hindrance ?? advice, isSafe: false };
  return { code, severity: 'warning', subject, problem, evidence, repair };
}

/** The window that destroyed the session may have been killed before it removed the worktree. */
async function judgeKept(examination: Examination, { path: subject, record, evidence }: Proposal): Promise<Diagnosed> {
  const tombstones = (await examination.known()).filter((other) => !isLive(other));
  const destroyed = tombstones.find(({ worktreePath }) => worktreePath === subject) ?? record;
  const removal = await new RemovalNotes(examination.places.removalsFolder).read(destroyed.id).catch(() => undefined);
  if (removal) return judgeRemoval({ subject, evidence }, removal);
  const text = `“git worktree remove ${subject}” removes it, if you need it no more.`;
  const common = { subject, repair: { text, isSafe: false } };
  if ((await examination.hosts()).has(destroyed.id)) {
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

/** It goes by itself; that is no finding about which something is to be done. */
function judgeRemoval(
  { subject, evidence }: Pick<Diagnosed, 'subject' | 'evidence'>,
  { attempts, triedAt, reason, archive }: RemovalNote,
): Diagnosed {
  const tried = attempts > 0 ? [`It was tried ${attempts} times, last at ${triedAt}: ${reason}.`] : [];
  const archived = archive === undefined ? [] : [`All of it is archived in ${archive}.`];
  return {
    code: 'worktree-going',
    severity: 'info',
    subject,
    problem: 'The worktree of a destroyed session is being removed; the helper goes on with that by itself.',
    evidence: [...evidence, ...tried, ...archived],
  };
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
    return [wasStarted(record) ? goneWorktree(record) : await unmadeWorktree(examination, record)];
  });
  return (await Promise.all(looks)).flat();
}

/** One that was brought back from a backup has none until it is started, just as one whose creation was cut short. */
async function unmadeWorktree({ context, places }: Examination, record: SessionRecord): Promise<Diagnosed> {
  const { name, id, branch, worktreePath, baseBranch } = record;
  const common = { code: 'worktree-gone', subject: `“${name}” (${id.slice(0, 8)})` };
  const gone = `There is no ${worktreePath}.`;
  const lock = await readContent(creationLockFile(places.folder, id));
  if (lock && (await judge(lock)) === 'held') {
    const problem = 'The session has no worktree yet: its creation is under way.';
    return { ...common, severity: 'info', problem, evidence: [gone] };
  }
  const isThere = (await resolveCommit(context.workplace.root, `refs/heads/${branch}`)) !== undefined;
  const start = isThere ? `Its branch is ${branch}.` : `Its branch ${branch} is gone, too; its base is ${baseBranch}.`;
  const problem = 'The session has no worktree: its creation was cut short, or it was brought back without one.';
  const text = 'Starting the session makes its worktree; destroying it removes what there is.';
  return { ...common, severity: 'warning', problem, evidence: [gone, start], repair: { text, isSafe: false } };
}

function goneWorktree({ name, id, branch, worktreePath }: SessionRecord): Diagnosed {
  return {
    code: 'worktree-gone',
    severity: 'warning',
    subject: `“${name}” (${id.slice(0, 8)})`,
    problem: 'The session’s worktree is gone.',
    evidence: [`There is no ${worktreePath}.`, `Its branch is ${branch}.`],
    repair: {
      text: `Bring it back with “git worktree add -f -f ${worktreePath} ${branch}”, or destroy the session.`,
      isSafe: false,
    },
  };
}
