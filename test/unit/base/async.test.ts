import assert from 'node:assert/strict';
import {
  Deferred,
  delay,
  forEachAtMost,
  KeyedSequencer,
  Sequencer,
  SingleFlight,
  Throttler,
  withDeadline,
} from '../../../src/base/async.ts';

describe('Sequencer', () => {
  it('runs tasks one after the other in the order they were queued', async () => {
    const sequencer = new Sequencer();
    const log: string[] = [];
    const task = (name: string) => () => trace(log, name);
    await Promise.all(['a', 'b', 'c'].map((name) => sequencer.queue(task(name))));
    assert.equal(log.join(' '), 'a+ a- b+ b- c+ c-');
  });

  it('goes on after a task that fails, whose caller alone sees the error', async () => {
    const sequencer = new Sequencer();
    const failing = sequencer.queue(() => Promise.reject(new Error('broken')));
    const next = sequencer.queue(async () => 'next');
    assert.deepEqual(await Promise.allSettled([failing, next]), [
      { status: 'rejected', reason: new Error('broken') },
      { status: 'fulfilled', value: 'next' },
    ]);
  });

  it('is idle once everything queued so far has ended', async () => {
    const sequencer = new Sequencer();
    const log: string[] = [];
    void sequencer.queue(() => trace(log, 'a'));
    await sequencer.idle();
    assert.equal(log.join(' '), 'a+ a-');
  });
});

describe('forEachAtMost', () => {
  it('does every item, so many at a time', async () => {
    const log: string[] = [];
    await forEachAtMost(2, ['a', 'b', 'c'], (name) => trace(log, name));
    assert.equal(log.join(' '), 'a+ b+ a- c+ b- c-');
  });

  it('throws what failed first, after all that was begun has ended', async () => {
    const log: string[] = [];
    const doing = forEachAtMost(2, ['a', 'b', 'c'], async (name) => {
      if (name === 'a') throw new Error('broken');
      await trace(log, name);
    });
    await assert.rejects(doing, { message: 'broken' });
    assert.equal(log.join(' '), 'b+ b- c+ c-');
  });
});

describe('KeyedSequencer', () => {
  it('keeps the order within a key and lets keys overlap', async () => {
    const sequencer = new KeyedSequencer<string>();
    const log: string[] = [];
    const gate = new Deferred<void>();
    const first = sequencer.queue('x', async () => {
      await gate.promise;
      log.push('x1');
    });
    const second = sequencer.queue('x', async () => void log.push('x2'));
    await sequencer.queue('y', async () => void log.push('y1'));
    gate.resolve();
    await Promise.all([first, second]);
    assert.equal(log.join(' '), 'y1 x1 x2');
  });
});

describe('Throttler', () => {
  it('shares one further run among all calls made during a run', async () => {
    const gates = [new Deferred<void>(), new Deferred<void>()];
    let runs = 0;
    const throttler = new Throttler(() => (gates[runs++] as Deferred<void>).promise);
    const calls = [throttler.run(), throttler.run(), throttler.run()];
    for (const gate of gates) gate.resolve();
    await Promise.all(calls);
    assert.equal(runs, 2);
  });

  it('runs again after a run that failed', async () => {
    let runs = 0;
    const throttler = new Throttler(async () => {
      if (++runs === 1) throw new Error('broken');
    });
    const results = await Promise.allSettled([throttler.run(), throttler.run()]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    );
  });
});

describe('SingleFlight', () => {
  it('lets all calls made during a run wait for that one, and runs anew after it', async () => {
    const gate = new Deferred<void>();
    let runs = 0;
    const flight = new SingleFlight(() => {
      runs++;
      return gate.promise;
    });
    const calls = [flight.run(), flight.run(), flight.run()];
    gate.resolve();
    await Promise.all(calls);
    const together = runs;
    await flight.run();
    assert.deepEqual([together, runs], [1, 2]);
  });

  it('runs again after a run that failed', async () => {
    let runs = 0;
    const flight = new SingleFlight(async () => {
      if (++runs === 1) throw new Error('broken');
    });
    await assert.rejects(flight.run(), { message: 'broken' });
    await flight.run();
    assert.equal(runs, 2);
  });
});

describe('withDeadline', () => {
  it('settles with the promise where that is in time', async () => {
    assert.equal(await withDeadline(Promise.resolve(1), 1_000, () => new Error('late')), 1);
  });

  it('rejects once the time is over, and lets the promise fail unseen later', async () => {
    const late = new Deferred<void>();
    await assert.rejects(
      withDeadline(late.promise, 1, () => new Error('late')),
      { message: 'late' },
    );
    late.reject(new Error('later'));
  });
});

describe('delay', () => {
  it('rejects with the reason of a signal that aborts first', async () => {
    const controller = new AbortController();
    const waiting = delay(60_000, controller.signal);
    controller.abort(new Error('enough'));
    await assert.rejects(waiting, { message: 'enough' });
  });

  it('rejects at once where the signal has aborted already', async () => {
    await assert.rejects(delay(60_000, AbortSignal.abort(new Error('enough'))), { message: 'enough' });
  });
});

async function trace(log: string[], name: string): Promise<void> {
  log.push(`${name}+`);
  await new Promise((resolve) => setImmediate(resolve));
  log.push(`${name}-`);
}
