import assert from 'node:assert/strict';
import { Deferred } from '../../../src/base/async.ts';
import { Emitter } from '../../../src/base/event.ts';
import type { HelperClient } from '../../../src/client/helperClient.ts';
import type { SessionManager } from '../../../src/client/sessionManager.ts';
import { SessionSupervision } from '../../../src/client/sessionSupervision.ts';
import { summarize } from '../../../src/core/health.ts';
import type { HealthReport } from '../../../src/protocol/health.ts';

/** Stands in for the helper, which answers a question when the test says so. */
class StubHelper {
  readonly pushed = new Emitter<HealthReport>();
  readonly connected = new Emitter<boolean>();
  readonly onHealth = this.pushed.event;
  readonly onConnectionChange = this.connected.event;
  answer = new Deferred<HealthReport>();

  health(): Promise<HealthReport> {
    return this.answer.promise;
  }
}

describe('what a window knows of its sessions’ health', () => {
  let helper: StubHelper;
  let supervision: SessionSupervision;
  let told: string[];

  beforeEach(() => {
    helper = new StubHelper();
    supervision = new SessionSupervision({
      manager: {} as SessionManager,
      helper: helper as unknown as HelperClient,
      keepDone: async (record) => record,
      settings: () => ({}),
    });
    told = [];
    supervision.onHealth(({ at }) => told.push(at));
  });

  afterEach(() => supervision.dispose());

  it('is what was told last, also after the clock was put back', async () => {
    helper.pushed.fire(report('2026-03-08'));
    helper.pushed.fire(report('2026-03-07'));
    const pushed = supervision.latest?.at;
    helper.answer.resolve(report('2026-03-06'));
    await supervision.health();
    assert.deepEqual([pushed, supervision.latest?.at], ['2026-03-07', '2026-03-06']);
  });

  it('is what was pushed rather than an answer to what was asked before that', async () => {
    const asked = supervision.health();
    helper.pushed.fire(report('2026-03-07'));
    helper.answer.resolve(report('2026-03-08'));
    assert.deepEqual([(await asked).at, supervision.latest?.at], ['2026-03-08', '2026-03-07']);
  });

  it('is told once a helper is there, and not again where that has told it already', async () => {
    helper.connected.fire(true);
    helper.answer.resolve(report('2026-03-06'));
    await helper.answer.promise;
    await new Promise(setImmediate);
    helper.answer = new Deferred();
    helper.connected.fire(true);
    helper.pushed.fire(report('2026-03-07'));
    helper.answer.resolve(report('2026-03-08'));
    await new Promise(setImmediate);
    assert.deepEqual(told, ['2026-03-06', '2026-03-07']);
  });
});

function report(at: string): HealthReport {
  return { at, ...summarize([], []), sessions: [], leftovers: [] };
}
