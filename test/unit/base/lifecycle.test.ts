import assert from 'node:assert/strict';
import { DisposableStore, toDisposable } from '../../../src/base/lifecycle.ts';

describe('DisposableStore', () => {
  it('disposes what it owns once, the last one first', () => {
    const log: string[] = [];
    const store = new DisposableStore();
    for (const name of ['a', 'b', 'c']) store.add(toDisposable(() => log.push(name)));
    store.dispose();
    store.dispose();
    assert.deepEqual(log, ['c', 'b', 'a']);
  });

  it('disposes at once what comes after its own end', () => {
    const store = new DisposableStore();
    store.dispose();
    let disposed = false;
    store.add(toDisposable(() => (disposed = true)));
    assert.equal(disposed, true);
  });
});
