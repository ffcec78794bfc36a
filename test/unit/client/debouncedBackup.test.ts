import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { DebouncedBackup } from '../../../src/client/debouncedBackup.ts';

describe('a backup after changes', () => {
  let taken: number;
  let errors: unknown[];
  let backup: DebouncedBackup;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    taken = 0;
    errors = [];
    backup = new DebouncedBackup({ take: async () => void taken++, onError: (error) => errors.push(error) });
  });
  afterEach(() => {
    backup.dispose();
    mock.timers.reset();
  });

  /** How many were taken after each of these many seconds more, with a change before each. */
  const takenAfter = (...seconds: number[]) =>
    seconds.map((length) => {
      backup.note();
      mock.timers.tick(length * 1000);
      return taken;
    });

  it('is taken ten seconds after the last change', () => {
    assert.deepEqual(takenAfter(9, 9.999, 10), [0, 0, 1]);
  });

  it('is taken five minutes after the first change, even if changes go on', () => {
    assert.deepEqual(takenAfter(...Array.from({ length: 34 }, () => 9)).slice(-2), [0, 1]);
  });

  it('counts the five minutes anew from the first change after one was taken', () => {
    takenAfter(10);
    mock.timers.tick(290_000);
    assert.deepEqual(takenAfter(9, 9, 10), [1, 1, 2]);
  });

  it('is not taken where nothing changes', () => {
    mock.timers.tick(3_600_000);
    assert.equal(taken, 0);
  });

  it('is taken no more once nobody wants it', () => {
    backup.note();
    backup.dispose();
    backup.note();
    mock.timers.tick(3_600_000);
    assert.equal(taken, 0);
  });

  it('tells why it could not be taken, and is tried again after the next change', async () => {
    const failure = new Error('disk full');
    const failing = new DebouncedBackup({
      take: () => Promise.reject(failure),
      onError: (error) => errors.push(error),
    });
    for (let round = 0; round < 2; round++) {
      failing.note();
      mock.timers.tick(10_000);
      await new Promise(setImmediate);
    }
    assert.deepEqual(errors, [failure, failure]);
  });
});
