import assert from 'node:assert/strict';
import { Deferred } from '../../../src/base/async.ts';
import { InputMeter } from '../../../src/host/inputMeter.ts';

describe('the input of a session', () => {
  it('waits for so long as nothing of it is taken, by a clock that nobody sets', async () => {
    let monotonic = 1_000;
    const meter = new InputMeter(() => monotonic);
    const [first, second] = [new Deferred<void>(), new Deferred<void>()];
    const waits = [meter.status().inputPendingFor];
    const note = () => waits.push(meter.status().inputPendingFor);
    const [one, other] = [meter.measure(3, first.promise), meter.measure(4, second.promise)];
    monotonic += 700.4;
    note();
    first.resolve();
    await one;
    note();
    monotonic += 300;
    note();
    second.resolve();
    await other;
    note();
    assert.deepEqual(waits, [null, 700, 0, 300, null]);
  });
});
