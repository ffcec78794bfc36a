import type { HostStatus } from '../../src/protocol/hostMessages.ts';

/** What a host says, for a test to change what it is about. */
export function aStatus(fields: Partial<HostStatus> = {}): HostStatus {
  return {
    sessionId: '3f1c9d2e-8a4b-4c6d-9e0f-1a2b3c4d5e6f',
    pid: 6,
    ptyPid: 7,
    cols: 80,
    rows: 24,
    seq: 0,
    clients: 0,
    startedAt: '2026-03-07T10:00:00.000Z',
    lastOutputAt: null,
    title: '',
    exit: null,
    ...fields,
  };
}
