/** What one look at all processes told of one of them. */
export interface ProcessFacts {
  pid: number;
  /** 0 where it has none, or none that can be told. */
  parent: number;
  /** Opaque; the same text for one life of the process, and another one for the next that has its pid. */
  startTime: string;
  /** Resident memory; bytes. */
  rss: number;
  /** In user and in system mode since it started; milliseconds. */
  cpu: number;
  /** The same of its children that have ended, and of theirs; only where the system tells. */
  childCpu?: number;
  /** The process group; only where the system has them. */
  group?: number;
  /** The POSIX session; only where the system tells. */
  session?: number;
  /** The program and its arguments in one line; only where the look tells. */
  command?: string;
  /** It has ended, and only its parent has not noticed yet. */
  hasEnded: boolean;
}

/** All processes of a machine by their pids, as they were at about one time. */
export type ProcessScan = ReadonlyMap<number, ProcessFacts>;

/**
 * A parent that started later than its child is another process, which was given the pid of the one that has ended:
 * such children have none that can be told. Only for systems whose start times are numbers.
 */
export function withoutLaterParents(processes: Iterable<ProcessFacts>): ProcessScan {
  const scan = new Map<number, ProcessFacts>();
  for (const facts of processes) scan.set(facts.pid, facts);
  for (const facts of scan.values()) {
    const parent = scan.get(facts.parent);
    if (parent && isLater(parent.startTime, facts.startTime)) scan.set(facts.pid, { ...facts, parent: 0 });
  }
  return scan;
}

/** Of start times: whole numbers as text, of which those of Windows are too large to be numbers without loss. */
export function isLater(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}
