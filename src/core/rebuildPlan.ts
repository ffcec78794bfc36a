import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { byPath, compare, type RebuildEvidence, type RestoredSession, type SeenWorktree } from './rebuildEvidence.ts';
import { type Proposal, Proposer } from './rebuildProposals.ts';
import { uniqueName } from './sessionName.ts';
import { byCreation } from './sessionRecord.ts';
import { Claims } from './worktreeClaims.ts';
import { recordOfTag, type WorktreeTag } from './worktreeTag.ts';

export interface RebuildPlan {
  /** What comes back by itself, oldest first. */
  sessions: RestoredSession[];
  /** What a person has to decide, by path. */
  proposals: Proposal[];
}

/**
 * What of a lost registry can be had again. Never two sessions on one worktree or branch or of one name, never one
 * that was destroyed; the order of the evidence makes no difference.
 */
export function planRebuild(evidence: RebuildEvidence): RebuildPlan {
  const claims = new Claims(evidence);
  const proposer = new Proposer(evidence, claims);
  const contested = claims.candidates.filter(({ record }) => claims.isContested(record));
  const proposals = contested.map(({ record }) => proposer.contested(record));
  const settled = claims.candidates.filter(({ record }) => claims.isSettled(record));
  for (const worktree of [...evidence.worktrees].sort(byPath)) {
    const verdict = proposer.judge(worktree);
    if (verdict === 'restore') settled.push(restoredFromTag(worktree));
    else if (verdict) proposals.push(verdict);
  }
  const living = [...claims.live.values()];
  const sessions: RestoredSession[] = [];
  for (const session of settled.sort((a, b) => byCreation(a.record, b.record))) {
    const rivals = branchRivals(session.record, { living, settled }, evidence.worktrees);
    if (rivals.length === 0) sessions.push(session);
    else proposals.push(proposer.branchTaken(session.record, rivals));
  }
  return {
    sessions: withUniqueNames(sessions, living),
    proposals: proposals.sort((a, b) => byPath(a, b) || compare(a.record.id, b.record.id)),
  };
}

function restoredFromTag({ path, tag, tagFile = '' }: SeenWorktree): RestoredSession {
  return { record: recordOfTag(tag as WorktreeTag, path), from: { kind: 'tag', path: tagFile } };
}

interface Others {
  living: readonly SessionRecord[];
  settled: readonly RestoredSession[];
}

/** The sessions that keep one from its branch; of several that are lost, the one that has it checked out gets it. */
function branchRivals(
  record: SessionRecord,
  { living, settled }: Others,
  worktrees: readonly SeenWorktree[],
): SessionRecord[] {
  const isRival = ({ id, branch }: SessionRecord) => id !== record.id && branch !== '' && branch === record.branch;
  const isInIt = ({ worktreePath, branch }: SessionRecord) =>
    worktrees.some((worktree) => worktree.path === worktreePath && worktree.branch === branch);
  const lost = settled.map((session) => session.record);
  return [...living, ...(isInIt(record) ? lost.filter(isInIt) : lost)].filter(isRival);
}

/** Those that live keep theirs; of those that come back, the oldest does. */
function withUniqueNames(sessions: readonly RestoredSession[], living: readonly SessionRecord[]): RestoredSession[] {
  const folded = (name: string) => name.toLowerCase();
  const given = new Set(living.map(({ name }) => folded(name)));
  const wanted = new Set(sessions.map(({ record }) => folded(record.name)));
  return sessions.map(({ record, from }) => {
    const isTaken = (name: string) => given.has(folded(name)) || (name !== record.name && wanted.has(folded(name)));
    const name = uniqueName(record.name, isTaken);
    given.add(folded(name));
    return { record: { ...record, name }, from };
  });
}
