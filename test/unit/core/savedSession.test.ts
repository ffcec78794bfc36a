import assert from 'node:assert/strict';
import { openSaved, restoredRecord, type SavedSession, serializeSaved } from '../../../src/core/savedSession.ts';
import { aRecord } from '../records.ts';

const saved: SavedSession = {
  state: 'sound',
  id: '9b2f1c3d-5e6f-4a7b-8c9d-0e1f2a3b4c5d',
  sessionId: aRecord().id,
  name: 'login',
  savedAt: '2026-01-02T00:00:00.000Z',
  note: 'before the rewrite',
  commit: 'a'.repeat(40),
  record: aRecord({ agentSessionId: 'conversation', fromLater: { kept: true } } as object),
};

describe('the text of a saved session', () => {
  it('says all that was saved, fields of a newer version included', () => {
    assert.deepEqual(openSaved(serializeSaved(saved), saved.id), { state: 'sound', saved });
  });

  const damages: [what: string, damage: (text: string) => string, problem: string][] = [
    ['is empty', () => '', 'it is empty'],
    ['was cut off', (text) => text.slice(0, -20), 'it is not whole JSON'],
    ['was changed', (text) => text.replace('login', 'logon'), 'its checksum is wrong'],
    ['is another one’s', () => serializeSaved({ ...saved, id: aRecord().id }), `it is that of ${aRecord().id}`],
    ['is a bare record', () => JSON.stringify(aRecord()), 'its field “kind” makes no sense'],
    ['has no record', () => serializeSaved({ ...saved, record: {} as never }), 'its field “session.id” makes no sense'],
    [
      'names a commit that is none',
      () => serializeSaved({ ...saved, commit: '--all' }),
      'its field “commit” makes no sense',
    ],
  ];
  for (const [what, damage, problem] of damages) {
    it(`is damaged where it ${what}`, () => {
      assert.deepEqual(openSaved(damage(serializeSaved(saved)), saved.id), { state: 'damaged', problem });
    });
  }
});

describe('a session that is brought back', () => {
  const draft = aRecord({
    id: saved.id,
    name: 'login-2',
    revision: 0,
    metadata: { ownsBranch: false, env: { A: '1' } },
  });

  it('is a new one with what the user decided about the old one', () => {
    const metadata = { ownsBranch: true, ticket: 7, env: { A: '1', B: 2 } };
    const old = aRecord({ status: 'failed', template: 'agent', policy: { retry: 'never' }, attempts: 3, metadata });
    assert.deepEqual(restoredRecord(draft, { ...old, ptyPid: 7, agentSessionId: 'conversation', fromLater: 1 }), {
      ...draft,
      template: 'agent',
      policy: { retry: 'never' },
      agentSessionId: 'conversation',
      fromLater: 1,
      metadata: { ownsBranch: true, ticket: 7, env: { A: '1' }, restoredFrom: old.id },
    });
  });
});
