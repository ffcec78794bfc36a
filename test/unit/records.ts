import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';

/** A valid record, for a test to change what it is about. */
export function aRecord(fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: '3f1c9d2e-8a4b-4c6d-9e0f-1a2b3c4d5e6f',
    name: 'login',
    status: 'idle',
    branch: 'feature/login',
    baseBranch: 'main',
    worktreePath: '/repo/.worktrees/login-3f1c9d2e',
    createdAt: '2026-01-01T00:00:00.000Z',
    lastActivity: '2026-01-01T00:00:00.000Z',
    template: 'shell',
    command: null,
    policy: { retry: 'onCrash' },
    attempts: 0,
    revision: 1,
    ...fields,
  };
}
