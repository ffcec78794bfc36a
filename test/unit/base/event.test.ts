import assert from 'node:assert/strict';
import { Emitter, nextEvent } from '../../../src/base/event.ts';

describe('Emitter', () => {
  it('calls its listeners in order, the same function once for each subscription', () => {
    const emitter = new Emitter<string>();
    const log: string[] = [];
    const listener = (value: string) => log.push(value);
    emitter.event(listener);
    emitter.event((value) => log.push(`second ${value}`));
    const third = emitter.event(listener);
    emitter.fire('a');
    third.dispose();
    emitter.fire('b');
    assert.deepEqual(log, ['a', 'second a', 'a', 'b', 'second b']);
  });

  it('lets a listener unsubscribe during an event', () => {
    const emitter = new Emitter<number>();
    const log: number[] = [];
    const subscription = emitter.event((value) => {
      log.push(value);
      subscription.dispose();
    });
    emitter.event((value) => log.push(value * 10));
    emitter.fire(1);
    emitter.fire(2);
    assert.deepEqual(log, [1, 10, 20]);
  });

  it('calls nobody once it is disposed', () => {
    const emitter = new Emitter<void>();
    let calls = 0;
    emitter.event(() => calls++);
    emitter.dispose();
    emitter.fire();
    assert.equal(calls, 0);
  });
});

describe('nextEvent', () => {
  it('resolves with the first value that is accepted', async () => {
    const emitter = new Emitter<number>();
    const even = nextEvent(emitter.event, (value) => value % 2 === 0);
    for (const value of [1, 3, 4, 6]) emitter.fire(value);
    assert.equal(await even, 4);
  });

  it('rejects when its signal aborts', async () => {
    const controller = new AbortController();
    const never = nextEvent(new Emitter<number>().event, () => true, controller.signal);
    controller.abort(new Error('enough'));
    await assert.rejects(never, { message: 'enough' });
  });
});
