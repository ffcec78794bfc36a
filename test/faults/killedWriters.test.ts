import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { delay } from '../../src/base/async.ts';
import { RecordStore } from '../../src/client/recordStore.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { projectNode } from '../support/paths.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { aRecord } from '../unit/records.ts';
import { rounds } from './support/extent.ts';

const key = '0123456789abcdef';
const program = path.join(import.meta.dirname, 'programs', 'replicaWriter.ts');
const kills = rounds(16, 200);

/** How long a writer lives at most before it is killed; milliseconds. */
const longestLife = 60;

describe('a session list that four processes write', () => {
  const dirs = useTempDirs();

  it(`loses no acknowledged change and holds no half record when writers are killed ${kills} times`, async () => {
    const folder = await dirs.make();
    const writers = [1, 2, 3, 4].map((number) => new Writer(folder, number));
    await Promise.all(writers.map((writer) => writer.start()));
    for (let kill = 0; kill < kills; kill++) {
      const victim = writers[kill % writers.length] as Writer;
      await victim.killAtSomeMoment();
      await victim.start();
    }
    await Promise.all(writers.map((writer) => writer.kill()));
    const { records, notice } = await new RecordStore({ folder, key, root: folder, records: () => [] }).load();
    const lost = writers.filter((writer) => (revisionOf(records, writer.id) ?? -1) < writer.acknowledged);
    const notices = writers.flatMap((writer) => writer.notices);
    assert.deepEqual(
      { lost: lost.map(({ id, acknowledged }) => [id, acknowledged, revisionOf(records, id)]), notice, notices },
      { lost: [], notice: undefined, notices: [] },
    );
    const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
    assert.deepEqual(files, ['sessions.json', 'sessions.previous.json']);
  });
});

function revisionOf(records: readonly SessionRecord[], id: string): number | undefined {
  return records.find((record) => record.id === id)?.revision;
}

/** A process that changes one session of the list, again and again. */
class Writer {
  readonly id: string;
  /** The last revision that the process said was saved. */
  acknowledged = 0;
  /** What it was told when it read the list. */
  readonly notices: string[] = [];
  readonly #folder: string;
  #process: ChildProcess | undefined;

  constructor(folder: string, number: number) {
    this.#folder = folder;
    this.id = `10000000-0000-4000-8000-00000000000${number}`;
  }

  /** Resolves once the process has saved for the first time. */
  async start(): Promise<void> {
    const record = JSON.stringify(aRecord({ id: this.id, name: `writer ${this.id.slice(-1)}` }));
    const child = fork(program, [this.#folder, key, record], { execPath: projectNode, execArgv: [] });
    this.#process = child;
    child.on('message', (message: { saved?: number; notice?: string | null }) => {
      if (message.notice) this.notices.push(message.notice);
      if (message.saved !== undefined) this.acknowledged = message.saved;
    });
    while (this.#process === child && this.acknowledged === 0) await once(child, 'message');
    await once(child, 'message');
  }

  async killAtSomeMoment(): Promise<void> {
    await delay(Math.random() * longestLife);
    await this.kill();
  }

  async kill(): Promise<void> {
    const child = this.#process as ChildProcess;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }
}
