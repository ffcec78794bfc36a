import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { HoldfastError } from '../../src/base/errors.ts';
import { nextEvent } from '../../src/base/event.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { newRecord } from '../../src/core/sessionRecord.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { helperPid, useProject } from '../integration/support/project.ts';
import { processEnd } from '../integration/support/scene.ts';
import { signal } from '../support/processes.ts';
import { rounds } from './support/extent.ts';

const mutations = rounds(500, 10_000);
const kills = rounds(5, 50);

/** How many changes a helper makes at least before it is killed: enough for every worker to have its turn. */
const changesPerLife = 40;

/** Of a session that is made, changed, destroyed and brought back; on average. */
const changesPerSession = 2.75;

/** How many changes each window has under way at once. */
const atOnce = 4;

describe('two windows that change the same sessions', () => {
  const project = useProject('folder');
  let windows: [SessionManager, SessionManager];
  let ids: string[];

  beforeEach(async () => {
    windows = [await project().open(), await project().open()];
    ids = [];
    for (const name of ['one', 'two', 'three']) {
      const record = await windows[0].helper.create(sessionNamed(name), null);
      ids.push(record.id);
    }
    // The answer comes after all that was told before it.
    for (const window of windows) await window.helper.list();
  });

  it(`lose none of ${mutations} changes, and refuse what they cannot make`, async () => {
    const made = await Promise.all(windows.flatMap((window) => workers(window, mutations / 2)));
    assert.equal(await counted(), sum(made));
  });

  it(`lose none of ${mutations} changes with sessions made, destroyed and brought back among them`, async () => {
    const outcomes = windows.flatMap((window, number) =>
      Array.from({ length: atOnce }, (_, worker) => liveAndDie(window, `${number}-${worker}`)),
    );
    const work = windows.flatMap((window) => workers(window, mutations / 4));
    const expected = new Map((await Promise.all(outcomes)).flatMap((ends) => [...ends]));
    const made = sum(await Promise.all(work));
    const { records } = await windows[1].helper.list();
    await windows[0].helper.list();
    const ends = new Map(records.filter(({ id }) => expected.has(id)).map((record) => [record.id, endOf(record)]));
    const shown = windows.map((window) => window.list().filter(({ id }) => expected.has(id)).length);
    const living = [...expected.values()].filter((end) => end !== 'destroyed').length;
    const counts = sum(records.filter(({ id }) => ids.includes(id)).map(countOf));
    assert.deepEqual([ends, shown, counts], [expected, [living, living], made]);
  });

  it(`lose none, and make none twice, when the helper is killed ${kills} times meanwhile`, async () => {
    let isDone = false;
    const work = Promise.all(windows.flatMap((window) => workers(window, mutations / 2))).finally(() => {
      isDone = true;
    });
    let killed = 0;
    for (; killed < kills && !isDone; killed++) {
      await windows[0].helper.connect();
      for (let change = 0; change < changesPerLife; change++) await nextEvent(windows[0].helper.onChange);
      const pid = await helperPid(windows[0]);
      signal(pid, 'SIGKILL');
      await processEnd(pid);
    }
    const made = sum(await work);
    assert.deepEqual([killed, await counted()], [kills, made]);
  });

  /** Each adds to the counters of all sessions in turn; resolves with how many changes were acknowledged. */
  function workers(window: SessionManager, changes: number): Promise<number>[] {
    return Array.from({ length: atOnce }, (_, worker) => addUp(window, worker, changes / atOnce));
  }

  async function addUp(window: SessionManager, worker: number, changes: number): Promise<number> {
    let made = 0;
    while (made < changes) {
      const record = window.require(ids[(made + worker) % ids.length] as string);
      made += await window.helper.update(record, increment).then(() => 1, ignoreConflict);
    }
    return made;
  }

  /** Makes one session after the other, and ends every second, and brings every second of those back: what each came to. */
  async function liveAndDie({ helper }: SessionManager, name: string): Promise<Map<string, string>> {
    const ends = new Map<string, string>();
    for (let number = 0; number < mutations / 2 / atOnce / 2 / changesPerSession; number++) {
      const made = await helper.create(sessionNamed(`${name}-${number}`), null);
      const changed = await helper.update(made, increment);
      if (number % 2 === 1) await helper.delete(changed);
      const [back = changed] = number % 4 === 3 ? await helper.restore([changed]) : [];
      ends.set(made.id, number % 4 === 1 ? 'destroyed' : endOf(back));
    }
    return ends;
  }

  function sessionNamed(name: string): SessionRecord {
    const { folder } = project();
    const id = randomUUID();
    return newRecord({ id, name, branch: '', baseBranch: '', worktreePath: folder, command: null, now: new Date() });
  }

  async function counted(): Promise<number> {
    const { records } = await windows[1].helper.list();
    return sum(records.map(countOf));
  }
});

function increment(record: SessionRecord): Partial<SessionRecord> {
  return { metadata: { ...record.metadata, count: countOf(record) + 1 } };
}

function endOf(record: SessionRecord): string {
  return record.deletedAt === undefined ? `${record.name} with ${countOf(record)}` : 'destroyed';
}

function countOf({ metadata }: SessionRecord): number {
  return Number(metadata?.count ?? 0);
}

/** After three rebases the conflict is the user's to see, and nothing was changed. */
function ignoreConflict(error: unknown): number {
  if (error instanceof HoldfastError && error.code === 'REVISION_CONFLICT') return 0;
  throw error;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
