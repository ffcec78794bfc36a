import { Throttler } from '../base/async.ts';

/** What a system tells of a process that it lists: when it started, or that this is not for us to know. */
export type SampledProcess = { startTime: string } | 'hidden';

export type ProcessSample = ReadonlyMap<number, SampledProcess>;

/**
 * Answers any number of questions about single processes from looks at all of them. No answer is from a look that
 * began before its question, so that a process which has just started is never taken for one that is gone; those who
 * ask while a look is being taken share the next.
 */
export class ProcessSampler {
  readonly #looks: Throttler;
  #sample: ProcessSample = new Map();

  constructor(take: () => Promise<ProcessSample>) {
    this.#looks = new Throttler(async () => {
      const sample = await take();
      // A list without the one who asks for it is not whole, and proves nothing about any process.
      if (!sample.has(process.pid)) throw new Error('The system did not list all processes');
      this.#sample = sample;
    });
  }

  /** Undefined where there is no such process. @throws where the system does not tell. */
  async startTime(pid: number): Promise<string | undefined> {
    await this.#looks.run();
    const found = this.#sample.get(pid);
    if (found === 'hidden') throw new Error(`The system does not tell when process ${pid} started`);
    return found?.startTime;
  }
}

/** What `ps -axo pid=,lstart=` printed. */
export function parsePs(text: string): ProcessSample {
  return parseLines(text, /^\s*(\d+)\s+(\S.*?)\s*$/);
}

/** What {@link windowsScript} printed. */
export function parseWindows(text: string): ProcessSample {
  return parseLines(text, /^(\d+) (\d+|hidden)\s*$/);
}

/** A line for each process: its id, and when it was created in units of 100 ns. */
export const windowsScript = [
  'foreach ($p in [Diagnostics.Process]::GetProcesses()) {',
  "$t = try { if ($p.HasExited) { 'ended' } else { $p.StartTime.ToFileTimeUtc() } } catch { 'hidden' };",
  '"$($p.Id) $t" }',
].join(' ');

function parseLines(text: string, pattern: RegExp): ProcessSample {
  const sample = new Map<number, SampledProcess>();
  for (const line of text.split('\n')) {
    const [, pid, startTime] = pattern.exec(line) ?? [];
    if (pid !== undefined && startTime !== undefined) {
      sample.set(Number(pid), startTime === 'hidden' ? startTime : { startTime });
    }
  }
  return sample;
}
