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
 * What of a lost registry can be had again. Never two sessions on one worktree, never one that was destroyed; the
 * order of the evidence makes no difference.
 */
export function planRebuild(evidence: RebuildEvidence): RebuildPlan {
  const claims = new Claims(evidence);
  const restored = claims.candidates.filter(({ record }) => claims.isSettled(record));
  const proposer = new Proposer(evidence, claims);
  const contested = claims.candidates.filter(({ record }) => claims.isContested(record));
  const proposals = contested.map(({ record }) => proposer.contested(record));
  const taken = [...claims.live.values(), ...claims.candidates.map(({ record }) => record)].map(({ name }) => name);
  for (const worktree of [...evidence.worktrees].sort(byPath)) {
    const verdict = proposer.judge(worktree);
    if (verdict === 'restore') restored.push(restoredFromTag(worktree, taken));
    else if (verdict) proposals.push(verdict);
  }
  return {
    sessions: restored.sort((a, b) => byCreation(a.record, b.record)),
    proposals: proposals.sort((a, b) => byPath(a, b) || compare(a.record.id, b.record.id)),
  };
}

/** Its session may have been renamed since, and another one may have got the name. */
function restoredFromTag({ path, tag, tagFile = '' }: SeenWorktree, taken: string[]): RestoredSession {
  const record = recordOfTag(tag as WorktreeTag, path);
  const name = uniqueName(record.name, (candidate) => isTaken(candidate, taken));
  taken.push(name);
  return { record: { ...record, name }, from: { kind: 'tag', path: tagFile } };
}

function isTaken(name: string, taken: readonly string[]): boolean {
  return taken.some((other) => other.toLowerCase() === name.toLowerCase());
}
