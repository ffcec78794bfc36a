import assert from 'node:assert/strict';
import { Deferred } from '../../../src/base/async.ts';
import { cleanUp, resumeAll, sessionsToCleanUp, stopAll } from '../../../src/client/manySessions.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const lost = { code: null, signal: null, reason: 'lost' as const };
const now = new Date('2026-03-10T12:00:00.000Z');

describe('what is done to many sessions', () => {
  it('stops all at once, and one that does not end keeps nobody from the others', async () => {
    const begun: string[] = [];
    const all = new Deferred<void>();
    const results = await stopAll([named('a'), named('b'), named('c')], async (record) => {
      if (begun.push(record.name) === 3) all.resolve();
      await all.promise;
      if (record.name === 'b') throw new Error('does not end');
      return record;
    });
    assert.deepEqual(
      [begun, results.map(({ name, state }) => `${name} ${state}`)],
      [
        ['a', 'b', 'c'],
        ['a done', 'b failed', 'c done'],
      ],
    );
  });

  it('resumes one after the other those that were lost, and no others', async () => {
    const archivedAt = '2026-03-01T00:00:00.000Z';
    const sessions = [
      named('never started'),
      named('lost', { exit: lost }),
      named('archived', { exit: lost, archivedAt }),
      named('failed', { status: 'failed', exit: lost }),
      named('lost too', { exit: lost }),
      named('runs', { status: 'active' }),
    ];
    let running = 0;
    const results = await resumeAll(sessions, async (record) => {
      running++;
      if (running > 1) throw new Error('two at once');
      await Promise.resolve();
      running--;
      return record;
    });
    assert.deepEqual(
      results.map(({ name, state }) => `${name} ${state}`),
      ['lost done', 'lost too done'],
    );
  });

  it('resumes the others where one cannot be', async () => {
    const results = await resumeAll([named('a', { exit: lost }), named('b', { exit: lost })], async (record) => {
      if (record.name === 'a') throw new Error('its folder is gone');
      return record;
    });
    assert.deepEqual(
      results.map(({ name, state }) => `${name} ${state}`),
      ['a failed', 'b done'],
    );
  });

  it('cleans up what is over and old, never what is idle or goes on', () => {
    const old = { endedAt: '2026-03-01T12:00:00.000Z' };
    const sessions = [
      named('completed', { status: 'completed', ...old }),
      named('failed', { status: 'failed', ...old }),
      named('timeout', { status: 'timeout', ...old }),
      named('cancelled', { status: 'cancelled', ...old }),
      named('idle', { status: 'idle', ...old }),
      named('active', { status: 'active' }),
      named('recovering', { status: 'recovering', ...old }),
      named('young', { status: 'completed', endedAt: '2026-03-04T12:00:00.000Z' }),
    ];
    assert.deepEqual(
      sessionsToCleanUp(sessions, 7, now).map(({ name }) => name),
      ['completed', 'failed', 'timeout', 'cancelled'],
    );
  });

  it('tells what would be cleaned up, and does nothing', async () => {
    const session = named('old', { status: 'failed', endedAt: '2020-01-01T00:00:00.000Z' });
    const planned = await cleanUp(
      [session],
      { olderThanDays: 1, dryRun: true },
      {
        look: async () => session,
        destroy: () => assert.fail('was destroyed'),
      },
    );
    assert.deepEqual(planned, [{ state: 'planned', record: session }]);
  });

  it('leaves alone what was started again while others were cleaned up', async () => {
    const session = named('old', { status: 'failed', endedAt: '2020-01-01T00:00:00.000Z' });
    const again = named('old', { status: 'active' });
    const [result] = await cleanUp(
      [session],
      { olderThanDays: 1 },
      {
        look: async () => again,
        destroy: () => assert.fail('was destroyed'),
      },
    );
    assert.match(result?.state === 'failed' ? String(result.error) : '', /started again meanwhile/);
  });

  it('tells which worktree was kept, and goes on after one that cannot be cleaned up', async () => {
    const ended = { status: 'failed' as const, endedAt: '2020-01-01T00:00:00.000Z' };
    const sessions = ['a', 'b', 'c'].map((name) => named(name, { id: name, ...ended }));
    const error = new Error('still runs');
    const kept = { path: '/repo/c', reason: '1 uncommitted file' };
    const destroy = async (record: SessionRecord) => {
      if (record.name === 'b') throw error;
      return record.name === 'c' ? { record, kept } : { record };
    };
    const look = async (id: string) => sessions.find((session) => session.id === id) as SessionRecord;
    const results = await cleanUp(sessions, { olderThanDays: 1 }, { look, destroy });
    assert.deepEqual(results, [
      { state: 'destroyed', record: sessions[0] },
      { state: 'failed', record: sessions[1], error },
      { state: 'destroyed', record: sessions[2], kept },
    ]);
  });
});

function named(name: string, fields: Partial<SessionRecord> = {}): SessionRecord {
  return aRecord({ name, ...fields });
}
