import assert from 'node:assert/strict';
import * as v from 'valibot';
import { isSessionEvent, storedEventSchema } from '../../../src/protocol/sessionEvent.ts';

const at = '2026-01-01T00:00:00.000Z';

describe('an event as it is read', () => {
  it('survives with all its details where only a newer version knows its type', () => {
    const event = { at, type: 'teleported', to: 'moon', sessionId: 'x', revision: 3 };
    assert.deepEqual([v.parse(storedEventSchema, event), isSessionEvent(event)], [event, false]);
  });

  it('survives where a newer version has given a known type other details', () => {
    const event = { at, type: 'statusChanged', from: 'idle', to: 'dreaming' };
    assert.deepEqual([v.parse(storedEventSchema, event), isSessionEvent(event)], [event, false]);
  });

  it('is known with details on top of those it must have', () => {
    assert.ok(isSessionEvent({ at, type: 'renamed', from: 'a', to: 'b', by: 'hand' }));
  });

  for (const [what, value] of [
    ['has no time', { type: 'created' }],
    ['has a time that is not in UTC', { at: '2026-01-01T00:00:00.000+02:00', type: 'created' }],
    ['has no type', { at }],
    ['has a revision that is no whole number', { at, type: 'created', revision: 1.5 }],
    ['is no object', 'created'],
  ] as const) {
    it(`is refused where it ${what}`, () => assert.equal(v.is(storedEventSchema, value), false));
  }
});
