import assert from 'node:assert/strict';
import { type RefreshReason, type RefreshResult, RefreshSchedule } from '../../../src/core/refreshSchedule.ts';

describe('the schedule of looks', () => {
  it('has nothing to do where nothing happens', () => {
    assert.equal(new RefreshSchedule().next(0), undefined);
  });

  it('looks once for all that happens at once, with every reason', () => {
    const { schedule, runs } = scene();
    schedule.mark('a', 'git', 0);
    schedule.mark('a', 'files', 100);
    assert.deepEqual(
      [schedule.next(200), runs(5_000)],
      [{ kind: 'wait', ms: 100 }, [{ at: 300, id: 'a', reasons: ['git', 'files'] }]],
    );
  });

  it('looks at once where somebody wants to see it and nothing else has happened', () => {
    const { schedule } = scene();
    schedule.mark('a', 'look', 0);
    assert.equal(schedule.next(0)?.kind, 'look');
  });

  it('looks again at what happens during a look', () => {
    const { schedule } = scene();
    schedule.mark('a', 'git', 0);
    schedule.next(300);
    schedule.mark('a', 'git', 310);
    schedule.done('a', 'different', { now: 320, took: 20 });
    assert.deepEqual([schedule.next(330), schedule.next(1_320)?.kind], [{ kind: 'wait', ms: 990 }, 'look']);
  });

  it('takes the one that was waiting longest since its last look', () => {
    const { schedule, runs } = scene({ took: 400 });
    for (const id of ['a', 'b', 'c']) schedule.mark(id, 'git', 0);
    const first = runs(2_000).map(({ id }) => id);
    for (const id of ['c', 'b', 'a']) schedule.mark(id, 'git', 20_000);
    assert.deepEqual(
      [first, runs(30_000).map(({ id }) => id)],
      [
        ['a', 'b', 'c'],
        ['a', 'b', 'c'],
      ],
    );
  });

  it('keeps none from its turn by one that is busy all the time', () => {
    const { schedule, runs } = scene({ took: 200, always: 'busy' });
    schedule.mark('busy', 'files', 0);
    runs(10_000);
    schedule.mark('quiet', 'git', 10_000);
    const quiet = runs(20_000).find(({ id }) => id === 'quiet');
    assert.ok(quiet && quiet.at < 11_000, `at ${quiet?.at}`);
  });

  it('gives a worktree that took twenty seconds a rest of two hundred', () => {
    const { schedule, runs } = scene({ took: 20_000 });
    schedule.mark('slow', 'git', 0);
    runs(21_000);
    schedule.mark('slow', 'files', 21_000);
    assert.deepEqual(
      runs(400_000).map(({ at }) => at),
      [220_300],
    );
  });

  it('looks less and less often at what prints and changes nothing', () => {
    const { runs, schedule } = scene({ always: 'a', reason: 'output', result: 'same', took: 10 });
    schedule.mark('a', 'output', 0);
    const times = runs(120_000).map(({ at }) => at);
    const pauses = times.slice(1).map((at, index) => Math.round((at - (times[index] as number)) / 1_000));
    assert.deepEqual(pauses, [4, 8, 16, 30, 30, 30]);
  });

  it('looks at once again where git’s own files have changed', () => {
    const { runs, schedule } = scene({ always: 'a', reason: 'output', result: 'same', took: 10 });
    schedule.mark('a', 'output', 0);
    runs(120_000);
    schedule.mark('a', 'git', 120_000);
    assert.ok((runs(122_000)[0]?.at ?? 0) < 121_000);
  });

  it('looks less and less often at what changes on disk and is ignored', () => {
    const { runs, schedule } = scene({ always: 'a', reason: 'disk', result: 'same', took: 10 });
    schedule.mark('a', 'disk', 0);
    const times = runs(120_000).map(({ at }) => at);
    const pauses = times.slice(1).map((at, index) => Math.round((at - (times[index] as number)) / 1_000));
    assert.deepEqual(pauses, [2, 4, 8, 16, 30, 30]);
  });

  it('looks soon at what changes on disk, however often it was looked at in vain for output', () => {
    const { runs, schedule } = scene({ always: 'a', reason: 'output', result: 'same', took: 10 });
    schedule.mark('a', 'output', 0);
    runs(120_000);
    schedule.mark('a', 'disk', 120_000);
    assert.ok((runs(122_000)[0]?.at ?? 0) < 121_500);
  });

  it('forgets what is gone', () => {
    const { schedule } = scene();
    schedule.mark('a', 'git', 0);
    schedule.forgetOthers(new Set(['b']));
    assert.equal(schedule.next(1_000), undefined);
  });
});

interface SceneOptions {
  /** Milliseconds of each look. */
  took?: number;
  result?: RefreshResult;
  /** Something happens there at the end of each of its looks. */
  always?: string;
  reason?: RefreshReason;
}

function scene({ took = 0, result = 'different', always, reason = 'files' }: SceneOptions = {}) {
  const schedule = new RefreshSchedule();
  let now = 0;
  /** What is looked at until then. */
  const runs = (until: number) => {
    const seen: { at: number; id: string; reasons: string[] }[] = [];
    for (;;) {
      const next = schedule.next(now);
      if (next === undefined || (next.kind === 'wait' && now + next.ms > until)) break;
      if (next.kind === 'wait') now += next.ms;
      else {
        seen.push({ at: now, id: next.id, reasons: [...next.reasons] });
        now += took;
        schedule.done(next.id, result, { now, took });
        if (next.id === always) schedule.mark(next.id, reason, now);
      }
    }
    now = Math.max(now, until);
    return seen;
  };
  return { schedule, runs };
}
