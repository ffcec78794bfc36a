import assert from 'node:assert/strict';
import { isDue, openRemoval, type RemovalNote, serializeRemoval } from '../../../src/core/removalNote.ts';
import { aRecord } from '../records.ts';

const note: RemovalNote = {
  version: '1.0',
  choice: 'archive',
  session: aRecord(),
  root: '/repo',
  askedAt: '2026-01-01T00:00:00.000Z',
  attempts: 0,
};

describe('the note about a worktree that is being removed', () => {
  it('is read as it was written', () => {
    assert.deepEqual(openRemoval(serializeRemoval(note)), note);
  });

  it('counts for nothing where it is damaged: what it would remove stays', () => {
    const text = serializeRemoval(note);
    const damaged = [text.replace('/repo', '/rope'), text.slice(0, -10), '', '[]', 'null'];
    assert.deepEqual(
      damaged.map((one) => openRemoval(one)),
      damaged.map(() => undefined),
    );
  });

  it('is due at once, then ever later, and once a day at least', () => {
    const triedAt = '2026-01-01T00:00:00.000Z';
    const due = (attempts: number, minutes: number) =>
      isDue({ ...note, attempts, triedAt }, new Date(Date.parse(triedAt) + minutes * 60_000));
    assert.deepEqual(
      [isDue(note, new Date()), due(1, 9), due(1, 10), due(3, 39), due(3, 40), due(50, 1439), due(50, 1440)],
      [true, false, true, false, true, false, true],
    );
  });

  it('is due where the clock was set back', () => {
    assert.equal(isDue({ ...note, attempts: 1, triedAt: '2030-01-01T00:00:00.000Z' }, new Date('2026-01-01')), true);
  });
});
