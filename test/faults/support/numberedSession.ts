import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { identify, type ProcessIdentity } from '../../../src/node/processIdentity.ts';
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

/** A session whose program prints numbered lines, with a terminal that watches it. */
export class NumberedSession {
  readonly id: string;
  readonly record: SessionRecord;
  readonly places: TestSession['places'];
  terminal: TestTerminal;
  /** As they were when it was started. */
  readonly program: ProcessIdentity;
  readonly host: ProcessIdentity;
  /** What its programs note their starts in. */
  readonly trace: string;
  /** How many starts were acknowledged. */
  starts = 1;
  /** False once the test has ended it, or its host. */
  shouldLive = true;

  private constructor(parts: Pick<NumberedSession, 'record' | 'places' | 'terminal' | 'program' | 'host' | 'trace'>) {
    this.record = parts.record;
    this.id = parts.record.id;
    this.places = parts.places;
    this.terminal = parts.terminal;
    this.program = parts.program;
    this.host = parts.host;
    this.trace = parts.trace;
  }

  /** The one that `record` tells of, which runs. */
  static async watch(scene: Scene, record: SessionRecord, trace: string): Promise<NumberedSession> {
    const places = scene.session(record.id);
    const terminal = await TestTerminal.open(scene, { places });
    await terminal.sees('line 0000001');
    const host = await waitFor(() => readHostFile(places), Boolean, { what: `the host of “${record.name}”` });
    const program = await identify(record.ptyPid as number);
    return new NumberedSession({ record, places, terminal, program, host: host as ProcessIdentity, trace });
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
    this.terminal = await TestTerminal.open(scene, this);
  }

  /** It neither lives on nor counts as lost. */
  endsHere(): void {
    this.shouldLive = false;
  }
}

export function numbersCommand(trace: string, { pause = 5, last = 0 }: Numbers = {}): string[] {
  const program = path.join(import.meta.dirname, '..', 'programs', 'numbers.ts');
  return [projectNode, program, trace, String(pause), String(last)];
}
