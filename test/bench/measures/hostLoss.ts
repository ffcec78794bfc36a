import { nextEvent } from '../../../src/base/event.ts';
import { isRunning } from '../../../src/core/sessionRecord.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { signal } from '../../support/processes.ts';
import type { Bench } from '../bench.ts';
import { barePty } from '../contenders/barePty.ts';
import type { Program } from '../contenders/contender.ts';
import { bare, type Figure, holdfast } from '../figures.ts';
import { MarkWatcher } from '../markWatcher.ts';
import { median } from '../stats.ts';

/** Says its pid, which is another one in each life of the session. */
const program: Program = { file: '/bin/sh', args: ['-c', 'echo "runs as $$."; exec sleep 900'] };

/** One attempt without a pause before it. */
const policy: SessionRecord['policy'] = { retry: 'onCrash', retryDelay: 0, maxAttempts: 1 };

interface Return {
  /** Until the helper says that the session runs again; milliseconds. */
  readonly running: number;
  /** Until a client that attaches then is shown what its program has printed; milliseconds. */
  readonly shown: number;
}

/** A session host is killed: when its session runs again, beside what the program takes that nobody looks after. */
export async function measureHostLoss(bench: Bench): Promise<Figure[]> {
  const rounds = bench.quick ? 5 : 20;
  const returns: Return[] = [];
  const spawns: number[] = [];
  for (let round = 0; round < rounds; round++) {
    returns.push(await loseHost(bench));
    spawns.push(await spawnBare());
  }
  const [running, shown] = [returns.map((one) => one.running), returns.map((one) => one.shown)];
  return [
    {
      id: 'host-return',
      title: `Session host killed with kill -9: session runs again, without backoff (${rounds} times)`,
      columns: ['p50 ms', 'max ms', 'output seen, p50 ms'],
      rows: [
        { who: holdfast, values: [median(running), Math.max(...running), median(shown)] },
        { who: `${bare}, first start`, values: [median(spawns), Math.max(...spawns), median(spawns)] },
      ],
    },
  ];
}

/** Each time another session: one that is killed again and again is no longer restarted. */
async function loseHost({ holdfast: own }: Bench): Promise<Return> {
  const session = await own.create(program, policy);
  const { id } = session;
  const [pid, before] = [await session.hostPid(), await session.ptyPid()];
  const isAgain = (record: SessionRecord) => record.id === id && isRunning(record) && record.ptyPid !== before;
  const again = nextEvent(own.helper.onChange, isAgain);
  const start = performance.now();
  signal(pid, 'SIGKILL');
  const { ptyPid } = await again;
  const running = performance.now() - start;
  const watcher = new MarkWatcher();
  const client = await session.attach(watcher.feed);
  const shown = await watcher.next(`runs as ${ptyPid}.`);
  await client.detach();
  await session.end();
  return { running, shown: shown - start };
}

async function spawnBare(): Promise<number> {
  const watcher = new MarkWatcher();
  const start = performance.now();
  const session = await barePty.open(program, watcher.feed);
  const shown = await watcher.next('runs as ');
  await session.end();
  return shown - start;
}
