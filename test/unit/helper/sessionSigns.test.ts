import assert from 'node:assert/strict';
import { SessionSigns } from '../../../src/helper/sessionSigns.ts';
import { aStatus } from '../hostStatus.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

describe('what was last seen of a session', () => {
  it('is nothing before its host has answered', () => {
    const signs = new SessionSigns();
    assert.deepEqual([signs.facts(undefined, hour), signs.quietFor(hour)], [{}, undefined]);
  });

  it('grows older between two answers, but what is certain does not', () => {
    const signs = new SessionSigns();
    signs.hear(aStatus({ upFor: hour, idleFor: minute, quietFor: second }), hour);
    const { running, idle } = signs.facts(undefined, hour + 7 * second);
    const certain = signs.facts(undefined);
    assert.deepEqual(
      [running, idle, signs.quietFor(hour + 7 * second), certain.running, certain.idle],
      [hour + 7 * second, minute + 7 * second, 8 * second, hour, minute],
    );
  });

  it('counts how its transcript grows, also over a file that is put aside', () => {
    const signs = new SessionSigns();
    const growths = [500, 700, 700, 100, 150].map((transcriptBytes) => {
      signs.hear(aStatus({ transcriptBytes }), 0);
      return signs.facts(undefined).transcriptGrowth;
    });
    assert.deepEqual(growths, [0, 200, 200, 300, 350]);
  });

  it('has a transcript that has grown by all that its host has written of it, whoever saw that', () => {
    const signs = new SessionSigns();
    signs.hear(aStatus({ transcriptBytes: 300, transcriptWritten: 90_000_000 }), 0);
    const found = signs.facts(undefined).transcriptGrowth;
    signs.hear(aStatus({ transcriptBytes: 300, transcriptWritten: 98_000_000 }), 0);
    assert.deepEqual([found, signs.facts(undefined).transcriptGrowth], [90_000_000, 98_000_000]);
  });

  it('begins anew with another life', () => {
    const signs = new SessionSigns();
    signs.hear(aStatus({ transcriptBytes: 500 }), 0);
    signs.hear(aStatus({ transcriptBytes: 900 }), 0);
    signs.streaks = { memory: 2 };
    signs.hear(aStatus({ transcriptBytes: 900, startedAt: '2026-03-07T11:00:00.000Z' }), 0);
    assert.deepEqual([signs.facts(undefined).transcriptGrowth, signs.streaks], [0, {}]);
  });
});
