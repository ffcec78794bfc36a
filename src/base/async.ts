/** A promise that is settled from outside. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;
  #settled = false;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever waits sees the rejection; an unobserved one must not end the process.
    this.promise.catch(() => undefined);
  }

  get isSettled(): boolean {
    return this.#settled;
  }

  resolve(value: T): void {
    this.#settled = true;
    this.#resolve(value);
  }

  reject(reason: unknown): void {
    this.#settled = true;
    this.#reject(reason);
  }
}

/** Runs tasks one after the other, in the order they were queued. */
export class Sequencer {
  #tail: Promise<unknown> = Promise.resolve();

  queue<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#tail.then(task, task);
    this.#tail = run.catch(() => undefined);
    return run;
  }

  /** Resolves when everything queued so far has ended. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}

/** One {@link Sequencer} for each key, so that work on different keys overlaps. */
export class KeyedSequencer<K> {
  readonly #sequencers = new Map<K, { sequencer: Sequencer; pending: number }>();

  async queue<T>(key: K, task: () => Promise<T>): Promise<T> {
    const entry = this.#sequencers.get(key) ?? { sequencer: new Sequencer(), pending: 0 };
    this.#sequencers.set(key, entry);
    entry.pending++;
    try {
      return await entry.sequencer.queue(task);
    } finally {
      if (--entry.pending === 0) this.#sequencers.delete(key);
    }
  }
}

/**
 * Coalesces overlapping runs of one task: while it runs, any number of further calls share the one run that
 * follows, which therefore sees everything that changed before they were made.
 */
export class Throttler {
  readonly #task: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(task: () => Promise<void>) {
    this.#task = task;
  }

  run(): Promise<void> {
    if (this.#next) return this.#next;
    if (!this.#running) return this.#start();
    this.#next = this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#start();
      });
    return this.#next;
  }

  #start(): Promise<void> {
    const run = this.#task().finally(() => {
      if (this.#running === run) this.#running = undefined;
    });
    this.#running = run;
    return run;
  }
}

/** Runs one task at a time: whoever asks for it while it runs waits for that run, and no other follows. */
export class SingleFlight {
  readonly #task: () => Promise<void>;
  #running: Promise<void> | undefined;

  constructor(task: () => Promise<void>) {
    this.#task = task;
  }

  run(): Promise<void> {
    this.#running ??= this.#task().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }
}

/** Runs `task` for every item, at most `limit` at a time; of several failures the first is thrown once all have settled. */
export async function forEachAtMost<T>(
  limit: number,
  items: Iterable<T>,
  task: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const work = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await task(next.value);
  };
  const workers = await Promise.allSettled(Array.from({ length: limit }, work));
  const failed = workers.find((worker) => worker.status === 'rejected');
  if (failed) throw failed.reason;
}

/**
 * Settles with `promise`, or rejects with what `onDeadline` makes once `ms` milliseconds have passed.
 * The work behind `promise` is not cancelled: it must itself be bounded or disposable.
 */
export async function withDeadline<T>(promise: Promise<T>, ms: number, onDeadline: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onDeadline()), ms);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Waits for `work` for `ms` milliseconds at most: what takes longer goes on. Rejects where it fails before. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const enough = new AbortController();
  const late = delay(ms, enough.signal).catch(() => undefined);
  // What fails later is nobody's any more.
  work.catch(() => undefined);
  await Promise.race([work, late]).finally(() => enough.abort());
}
