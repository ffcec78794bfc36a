import { counted } from './lostWork.ts';
import type { ArchiveAbout } from './worktreeArchive.ts';

/** What is in an archive, as a list: “2 uncommitted files, 1 ignored file, a rebase under way”. */
export function describeArchive({ counts, operation }: ArchiveAbout): string {
  const parts = [
    ...counted(counts.uncommitted, 'uncommitted file'),
    ...counted(counts.untracked, 'untracked file'),
    ...counted(counts.unmerged, 'unmerged commit'),
    ...counted(counts.ignored, 'ignored file'),
    ...(operation === undefined ? [] : [`a ${operation} under way`]),
  ];
  return parts.join(', ') || 'nothing that was not merged';
}
