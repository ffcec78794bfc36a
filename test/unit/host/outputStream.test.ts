import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { Deferred } from '../../../src/base/async.ts';
import { Journal } from '../../../src/host/journal.ts';
import { OutputStream } from '../../../src/host/outputStream.ts';
import type { Snapshot } from '../../../src/host/screen.ts';
import { encodeFrame, FrameDecoder, frameType } from '../../../src/protocol/frames.ts';
import { waitFor } from '../../support/waitFor.ts';

const kilobyte = 1024;

/** A session that prints what the test says, and a client whose acknowledgements the test decides. */
class Scene {
  readonly journal = new Journal(1024 * kilobyte);
  readonly log: string[] = [];
  readonly stream: OutputStream;
  readonly #decoder = new FrameDecoder();
  #pending: Deferred<Snapshot>[] | undefined;

  constructor() {
    this.stream = new OutputStream(this, (frame) => this.#receive(frame));
    this.stream.setSize(80, 24);
  }

  /** Snapshots are from now on taken only when {@link takeSnapshots} says so. */
  holdSnapshots(): void {
    this.#pending = [];
  }

  takeSnapshots(): void {
    for (const snapshot of this.#pending?.splice(0) ?? []) snapshot.resolve(this.#screen());
  }

  failSnapshots(): void {
    for (const snapshot of this.#pending?.splice(0) ?? []) snapshot.reject(new Error('broken'));
  }

  snapshot(): Promise<Snapshot> {
    const snapshot = new Deferred<Snapshot>();
    if (this.#pending) this.#pending.push(snapshot);
    else snapshot.resolve(this.#screen());
    return snapshot.promise;
  }

  print(bytes: number, times = 1): void {
    for (let time = 0; time < times; time++) {
      const seq = this.journal.end;
      const data = Buffer.alloc(bytes, 'x');
      this.journal.append(data);
      this.stream.output(seq, bytes, () => encodeFrame(frameType.output, seq, data));
    }
  }

  async attach(): Promise<void> {
    await this.stream.replaySnapshot(undefined, (snapshot) => this.log.push(`attached at ${snapshot.seq}`));
    this.stream.acknowledge(this.journal.end);
  }

  /** Sums up runs of output, such as `0…5000`. */
  get sent(): string[] {
    const runs: string[] = [];
    for (const entry of this.log) {
      const [, from, to] = entry.match(/^(\d+)…(\d+)$/) ?? [];
      const last = runs.at(-1)?.match(/^(\d+)…(\d+)$/);
      if (from && last && last[2] === from) runs[runs.length - 1] = `${last[1]}…${to}`;
      else runs.push(entry);
    }
    return runs;
  }

  #screen(): Snapshot {
    return { seq: this.journal.end, cols: 80, rows: 24, text: '' };
  }

  #receive(bytes: Buffer): void {
    for (const { type, seq, payload } of this.#decoder.push(bytes)) {
      this.log.push(type === frameType.screen ? `screen at ${seq}` : `${seq}…${seq + payload.length}`);
    }
  }
}

describe('a stream of output', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
  });

  it('begins with a screen, and goes on with the byte after it', async () => {
    scene.print(100);
    await scene.attach();
    scene.print(50);
    assert.deepEqual(scene.sent, ['attached at 100', 'screen at 100', '100…150']);
  });

  it('holds output back until the screen was shown, then sends it whole', async () => {
    scene.print(100);
    await scene.stream.replaySnapshot(undefined, () => undefined);
    scene.print(10, 3);
    const before = [...scene.sent];
    scene.stream.acknowledge(100);
    assert.deepEqual([before, scene.sent], [['screen at 100'], ['screen at 100', '100…130']]);
  });

  it('begins at an offset that the client asks for', () => {
    scene.print(100);
    scene.stream.replayFrom(40);
    scene.print(10);
    assert.deepEqual(scene.sent, ['40…110']);
  });

  it('stops over the high mark and goes on, without a gap, under the low mark', async () => {
    await scene.attach();
    scene.print(10_000, 15);
    const stoppedAt = scene.sent.at(-1);
    scene.stream.acknowledge(90_000);
    const stillAt = scene.sent.at(-1);
    scene.stream.acknowledge(95_000);
    assert.deepEqual([stoppedAt, stillAt, scene.sent.at(-1)], ['0…100000', '0…100000', '0…150000']);
  });

  it('never has more unacknowledged than the high mark and one frame', async () => {
    await scene.attach();
    scene.print(64 * kilobyte, 10);
    assert.deepEqual(scene.sent, ['attached at 0', 'screen at 0', '0…131072']);
  });

  it('skips a backlog that is too long with one fresh screen', async () => {
    await scene.attach();
    scene.print(50_000, 10);
    scene.stream.acknowledge(100_000);
    await waitFor(() => scene.sent.includes('screen at 500000'));
    scene.stream.acknowledge(500_000);
    scene.print(10);
    assert.deepEqual(scene.sent, ['attached at 0', 'screen at 0', '0…100000', 'screen at 500000', '500000…500010']);
  });

  it('tries again after a fresh screen that could not be drawn', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    await scene.attach();
    scene.print(50_000, 10);
    scene.holdSnapshots();
    scene.stream.acknowledge(100_000);
    mock.timers.tick(1_000);
    scene.failSnapshots();
    await turns();
    mock.timers.tick(1_000);
    scene.takeSnapshots();
    await turns();
    mock.timers.reset();
    assert.equal(scene.sent.at(-1), 'screen at 500000');
  });

  it('sends the next fresh screen 20 ms after the last one at the earliest', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    await scene.attach();
    scene.print(50_000, 10);
    scene.stream.acknowledge(100_000);
    const counts = [];
    for (const pause of [19, 1]) {
      mock.timers.tick(pause);
      await turns();
      counts.push(scene.sent.filter((entry) => entry.startsWith('screen')).length);
    }
    mock.timers.reset();
    assert.deepEqual(counts, [1, 2]);
  });

  it('ignores an acknowledgement of what was never sent, and one that comes late', async () => {
    await scene.attach();
    scene.print(10_000, 15);
    scene.stream.acknowledge(1_000_000);
    scene.stream.acknowledge(96_000);
    scene.stream.acknowledge(50);
    scene.print(10_000);
    assert.deepEqual(scene.sent.at(-1), '0…160000');
  });

  it('sends nothing once it is detached, not even a screen that was on its way', async () => {
    scene.holdSnapshots();
    const attaching = scene.attach();
    scene.stream.detach();
    scene.takeSnapshots();
    await attaching;
    scene.print(10);
    assert.deepEqual(scene.sent, []);
  });

  it('sends one screen to a client that attaches again before the first one came', async () => {
    scene.holdSnapshots();
    const first = scene.attach();
    scene.stream.detach();
    const second = scene.attach();
    scene.takeSnapshots();
    await Promise.all([first, second]);
    assert.deepEqual(scene.sent, ['attached at 0', 'screen at 0']);
  });
});

describe('the end of a stream of output', () => {
  let scene: Scene;
  afterEach(() => mock.timers.reset());
  beforeEach(() => {
    scene = new Scene();
  });

  it('brings what was held back, without waiting for acknowledgements', async () => {
    await scene.attach();
    scene.print(50_000, 4);
    await scene.stream.finish();
    assert.deepEqual(scene.sent, ['attached at 0', 'screen at 0', '0…200000']);
  });

  it('brings a screen where too much was held back', async () => {
    await scene.attach();
    scene.print(50_000, 10);
    await scene.stream.finish();
    assert.deepEqual(scene.sent, ['attached at 0', 'screen at 0', '0…100000', 'screen at 500000']);
  });

  it('brings the screen, with its announcement, to a client that was just attaching', async () => {
    scene.print(100);
    scene.holdSnapshots();
    const attaching = scene.attach();
    const finished = scene.stream.finish();
    scene.takeSnapshots();
    await Promise.all([attaching, finished]);
    assert.deepEqual(scene.sent, ['attached at 100', 'screen at 100']);
  });

  const broken: [what: string, fail: (scene: Scene) => void, ms: number][] = [
    ['does not come', () => undefined, 2_000],
    ['cannot be drawn', (scene) => scene.failSnapshots(), 0],
  ];
  for (const [what, fail, ms] of broken) {
    it(`does not wait for a screen that ${what}`, async () => {
      mock.timers.enable({ apis: ['setTimeout'] });
      await scene.attach();
      scene.print(50_000, 10);
      scene.holdSnapshots();
      const finished = scene.stream.finish();
      fail(scene);
      mock.timers.tick(ms);
      await finished;
      assert.deepEqual([scene.sent.at(-1), scene.stream.isAttached], ['0…100000', false]);
    });
  }

  it('is nothing to a client that is not attached', async () => {
    scene.print(100);
    await scene.stream.finish();
    assert.deepEqual(scene.sent, []);
  });
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
