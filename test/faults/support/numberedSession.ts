import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { HelperClient } from '../../../src/client/helperClient.ts';
import { identify, type ProcessIdentity } from '../../../src/node/processIdentity.ts';
import type { HostFile } from '../../../src/protocol/hostMessages.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { readHostFile, type Scene, type TestSession } from '../../integration/support/scene.ts';
import { TestTerminal } from '../../integration/support/terminal.ts';
import { projectNode } from '../../support/paths.ts';
import { waitFor } from '../../support/waitFor.ts';

export interface Numbers {
  /** Milliseconds between ten lines; 0 is as fast as it can. */
  pause?: number;
  /** The last number; without it, it goes on for ever. */
  last?: number;
}

/** One life of a session: from a start of its program on, with a terminal that watches it. */
interface Life {
  terminal: TestTerminal;
  program: ProcessIdentity;
  host: ProcessIdentity;
}

/** A session whose program prints numbered lines. */
export class NumberedSession {
  readonly id: string;
  readonly record: SessionRecord;
  readonly places: TestSession['places'];
  /** What its programs note their starts in. */
  readonly trace: string;
  /** How often its program is to have been started. */
  starts = 1;
  /** False once the test has ended it, or its host. */
  shouldLive = true;
  #life: Life;

  private constructor(record: SessionRecord, places: TestSession['places'], trace: string, life: Life) {
    this.record = record;
    this.id = record.id;
    this.places = places;
    this.trace = trace;
    this.#life = life;
  }

  /** The one that `record` tells of, which runs. */
  static async watch(scene: Scene, record: SessionRecord, trace: string): Promise<NumberedSession> {
    const places = scene.session(record.id);
    return new NumberedSession(record, places, trace, await newLife(scene, record));
  }

  get terminal(): TestTerminal {
    return this.#life.terminal;
  }

  /** As it was when it was started. */
  get program(): ProcessIdentity {
    return this.#life.program;
  }

  get host(): ProcessIdentity {
    return this.#life.host;
  }

  /** Resolves once it has come back by itself after the end of its host; from here on it is to live again. */
  async recovered(scene: Scene, client: HelperClient): Promise<void> {
    const read = async () => (await client.list()).records.find(({ id }) => id === this.id);
    const isBack = (record?: SessionRecord) => record?.ptyPid !== undefined && record.ptyPid !== this.program.pid;
    const record = await waitFor(read, isBack, { what: `“${this.record.name}” to recover` });
    this.terminal.attachment.dispose();
    this.#life = await newLife(scene, record as SessionRecord);
    this.starts++;
    this.shouldLive = true;
  }

  /** The pids of the programs that were ever started for it. */
  async startedPrograms(): Promise<number[]> {
    const text = await readFile(this.trace, 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean).map(Number);
  }

  /** Resolves once its terminal has been shown so many more lines than now. */
  async printsOn(lines: number): Promise<void> {
    const seen = [...this.terminal.text.slice(-10_000).matchAll(/line (\d{7})/g)].map(([, number]) => Number(number));
    const wanted = (seen.at(-1) ?? 0) + lines;
    const read = () => Number(this.terminal.text.slice(-1_000).match(/line (\d{7})/)?.[1] ?? 0);
    await waitFor(read, (number) => number >= wanted, { timeout: 5 * 60_000, what: `line ${wanted}` });
  }

  /** Closes its terminal and opens another one. */
  async watchAnew(scene: Scene): Promise<void> {
    this.terminal.attachment.dispose();
    this.#life = { ...this.#life, terminal: await TestTerminal.open(scene, this) };
  }

  /** It neither lives on nor counts as lost. */
  endsHere(): void {
    this.shouldLive = false;
  }
}

async function newLife(scene: Scene, record: SessionRecord): Promise<Life> {
  const places = scene.session(record.id);
  const terminal = await TestTerminal.open(scene, { places });
  await terminal.sees(/line \d{7}/);
  const isIts = (file?: HostFile) => file?.ptyPid === record.ptyPid;
  const host = await waitFor(() => readHostFile(places), isIts, { what: `the host of “${record.name}”` });
  return { terminal, program: await identify(record.ptyPid as number), host: host as HostFile };
}

export function numbersCommand(trace: string, { pause = 5, last = 0 }: Numbers = {}): string[] {
  const program = path.join(import.meta.dirname, '..', 'programs', 'numbers.ts');
  return [projectNode, program, trace, String(pause), String(last)];
}
