import { randomUUID } from 'node:crypto';
import { newRecord } from '../../src/core/sessionRecord.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';

/** As many sessions as somebody may have over the years. */
export const sessionCount = 200;

/** Records of sessions whose worktrees lie in `folder`. */
export function manySessions(folder: string): SessionRecord[] {
  return Array.from({ length: sessionCount }, (_, number) =>
    newRecord({
      id: randomUUID(),
      name: `session-${number}`,
      branch: `feature/session-${number}`,
      baseBranch: 'main',
      worktreePath: `${folder}/session-${number}`,
      command: ['claude', '--resume'],
      now: new Date(),
    }),
  );
}
