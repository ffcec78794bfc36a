import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { Heartbeat } from '../../../src/client/heartbeat.ts';

const deadline = 5_000;

describe('a heartbeat', () => {
  let events: string[];
  let heartbeat: Heartbeat;
  /** What became of each question: it was answered, or missed after the user's clock had gone on by so much. */
  let answers: ('answered' | number)[];

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    // The clock that only ever goes on: by the deadline with each missed question.
    let monotonic = 0;
    mock.method(performance, 'now', () => monotonic);
    events = [];
    const ask = async (): Promise<boolean> => {
      const answer = answers.shift() ?? 'answered';
      events.push(answer === 'answered' ? 'answered' : 'missed');
      if (answer === 'answered') return true;
      monotonic += deadline;
      mock.timers.setTime(Date.now() + answer);
      return false;
    };
    heartbeat = new Heartbeat({ ask, onSilence: () => events.push('silent'), deadline });
  });
  afterEach(() => {
    heartbeat.dispose();
    mock.timers.reset();
    mock.restoreAll();
  });

  async function beat(times: number): Promise<string[]> {
    for (let beat = 0; beat < times; beat++) {
      mock.timers.tick(deadline);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
    return events;
  }

  it('goes on while it is answered', async () => {
    answers = [];
    assert.deepEqual(await beat(3), ['answered', 'answered', 'answered']);
  });

  it('tells of a silence once, and asks no more', async () => {
    answers = ['answered', deadline, 'answered'];
    assert.deepEqual(await beat(4), ['answered', 'missed', 'silent']);
  });

  it('asks again where the machine slept meanwhile', async () => {
    answers = [3_600_000, 'answered'];
    assert.deepEqual(await beat(2), ['missed', 'answered']);
  });

  it('ends with whom it watches', async () => {
    answers = [];
    await beat(1);
    heartbeat.dispose();
    assert.deepEqual(await beat(2), ['answered']);
  });
});
