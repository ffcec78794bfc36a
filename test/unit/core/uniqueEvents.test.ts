import assert from 'node:assert/strict';
import fc from 'fast-check';
import { eventsBetween } from '../../../src/core/sessionEvents.ts';
import { UniqueEvents } from '../../../src/core/uniqueEvents.ts';
import type { StoredEvent } from '../../../src/protocol/sessionEvent.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const made = aRecord({ revision: 1 });
const started = aRecord({ revision: 2, status: 'active', ptyPid: 7 });
const waiting = aRecord({ revision: 3, status: 'waiting', ptyPid: 7, lastActivity: '2026-01-02T00:00:00.000Z' });
const ended = aRecord({
  revision: 4,
  status: 'completed',
  exit: { code: 0, signal: null, reason: 'exit' },
  endedAt: '2026-01-03T00:00:00.000Z',
});
const life = [made, started, waiting, ended];

describe('events that several windows have noted', () => {
  it('are news once', () => {
    assert.deepEqual(news([...noted(life), ...noted(life)]), shown(noted(life)));
  });

  it('are news once however the windows’ notes are mixed', () => {
    const mixed = fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }).map((turns) => {
      const windows = [noted(life), noted(life)];
      const events = turns.map((turn) => windows[turn ? 0 : 1]?.shift()).filter((event) => event !== undefined);
      return [...events, ...windows.flat()];
    });
    fc.assert(fc.property(mixed, (events) => assert.deepEqual(news(events), shown(noted(life)))));
  });

  it('are news once where a window has missed some and concludes them', () => {
    assert.deepEqual(news([...noted(life), ...noted([made, ended])]), shown(noted(life)));
  });

  it('are news once where a window comes back between two changes and concludes those before', () => {
    const behind = eventsBetween(made, { ...waiting, name: 'logout', revision: 4 });
    const ahead = noted([made, started, waiting]);
    assert.deepEqual(news([...ahead, ...behind]), [...shown(ahead), 'renamed 4']);
  });

  it('are news again for a session whose record was made anew and counts from the start', () => {
    const rebuilt = { at: '2026-01-04T00:00:00.000Z', type: 'rebuilt', sessionId: made.id, revision: 1 };
    const again = noted([made, started]).slice(1);
    assert.deepEqual(news([...noted(life), rebuilt, ...again]), [...shown([...noted(life), rebuilt]), ...shown(again)]);
  });

  it('of a session do not hide those of another one', () => {
    const other = { ...made, id: '00000000-0000-4000-8000-000000000000' };
    assert.deepEqual(news([...noted([made]), ...noted([other])]), ['created 1', 'created 1']);
  });

  it('are always news where they concern no session', () => {
    const backup = { at: made.createdAt, type: 'backupTaken', file: 'a.json', count: 1 };
    assert.deepEqual(news([backup, backup]), ['backupTaken undefined', 'backupTaken undefined']);
  });
});

/** As a window notes them that sees these revisions. */
function noted(records: SessionRecord[]): StoredEvent[] {
  return records.flatMap((record, index) => eventsBetween(records[index - 1], record));
}

function news(events: StoredEvent[]): string[] {
  const unique = new UniqueEvents();
  return shown(events.filter((event) => unique.isNews(event)));
}

function shown(events: StoredEvent[]): string[] {
  return events.map(({ type, revision }) => `${type} ${revision}`);
}
