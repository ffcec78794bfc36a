import type { ProcessFacts, ProcessScan } from './processFacts.ts';

/** The process that a session was started as. */
export interface TreeRoot {
  pid: number;
  startTime: string;
}

/** The start times of a session's processes by their pids, as they were last seen. */
export type Members = ReadonlyMap<number, string>;

/** A scan in which children are found by their parent; made once for all sessions. */
export interface ProcessForest {
  readonly scan: ProcessScan;
  readonly children: ReadonlyMap<number, readonly ProcessFacts[]>;
  /** The processes of each POSIX session, by the pid of its leader, which may have ended; only where that is told. */
  readonly sessions: ReadonlyMap<number, readonly ProcessFacts[]>;
  /** The process that looks, and those above it from its parent on. */
  readonly self: number;
  readonly ancestors: readonly number[];
}

export function processForest(scan: ProcessScan, self: number): ProcessForest {
  const children = groupBy(scan, ({ parent }) => parent);
  const sessions = groupBy(scan, ({ session }) => session);
  return { scan, children, sessions, self, ancestors: ancestorsOf(self, scan) };
}

function groupBy(scan: ProcessScan, keyOf: (facts: ProcessFacts) => number | undefined): Map<number, ProcessFacts[]> {
  const groups = new Map<number, ProcessFacts[]>();
  for (const facts of scan.values()) {
    const key = keyOf(facts);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(facts);
    else groups.set(key, [facts]);
  }
  return groups;
}

function ancestorsOf(pid: number, scan: ProcessScan): number[] {
  const above = new Set<number>();
  let parent = scan.get(pid)?.parent;
  while (parent !== undefined && parent > 0 && !above.has(parent)) {
    above.add(parent);
    parent = scan.get(parent)?.parent;
  }
  return [...above];
}

export interface FollowOptions {
  root: TreeRoot;
  /** From the last look; empty at the first. */
  known: Members;
  forest: ProcessForest;
  /** Whether a process must stay out, with all that descends from it; not asked of the root. */
  isForeign?: (process: ProcessFacts) => boolean;
}

/**
 * The living processes of a session: its root, the members that were seen before, all that descend from them, and all
 * in a POSIX session that one of them leads, for nobody comes into that but by descent. So a process stays a member when
 * its parent ends and it is given to another, as daemons are, and one that has only lost its parents is found again by
 * whoever looks for the first time.
 *
 * Never among them are a process that has a member's pid but started at another time, the system's first process, and
 * the one that looks with all above it and below it: a session may have started the helper, but does not own it.
 */
export function followTree({ root, known, forest, isForeign = () => false }: FollowOptions): Members {
  const { scan, children, sessions } = forest;
  const excluded = excludedFrom(forest, root);
  const members = new Map<number, string>();
  const isOut = (facts: ProcessFacts) =>
    facts.hasEnded || excluded.has(facts.pid) || members.has(facts.pid) || (facts.pid !== root.pid && isForeign(facts));
  const waiting = [[root.pid, root.startTime] as const, ...known].flatMap(([pid, startTime]) => {
    const facts = scan.get(pid);
    return facts?.startTime === startTime ? [facts] : [];
  });
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (isOut(next)) continue;
    members.set(next.pid, next.startTime);
    for (const child of children.get(next.pid) ?? []) waiting.push(child);
    if (next.session === next.pid) for (const mate of sessions.get(next.pid) ?? []) waiting.push(mate);
  }
  return members;
}

/**
 * What a look told of a tree: of its members, and of those of the look before that have ended but are still listed,
 * whose time their parents have not yet been told.
 */
export function treeProcesses(members: Members, before: ProcessScan, scan: ProcessScan): ProcessScan {
  const processes = new Map<number, ProcessFacts>();
  for (const [pid] of members) processes.set(pid, scan.get(pid) as ProcessFacts);
  for (const { pid, startTime } of before.values()) {
    const facts = scan.get(pid);
    if (facts?.hasEnded && facts.startTime === startTime) processes.set(pid, facts);
  }
  return processes;
}

/**
 * Those members that descend from the root by their parents, itself included; the others were given to another
 * parent, or left alone by the root's end.
 */
export function attachedMembers(members: Members, root: TreeRoot, { children }: ProcessForest): Members {
  const attached = new Map<number, string>();
  const waiting = members.get(root.pid) === root.startTime ? [root.pid] : [];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    const startTime = members.get(pid);
    if (startTime === undefined || attached.has(pid)) continue;
    attached.set(pid, startTime);
    waiting.push(...(children.get(pid) ?? []).map((child) => child.pid));
  }
  return attached;
}

/** 0 is the kernel, or no process; 1 is given what nobody else looks after. */
const systemPids = [0, 1];

/** Whoever looks from within a session has the session's own processes above it, which count as any other. */
function excludedFrom({ scan, self, ancestors }: ProcessForest, { pid, startTime }: TreeRoot): ReadonlySet<number> {
  const top = scan.get(pid)?.startTime === startTime ? ancestors.indexOf(pid) : -1;
  return new Set([...systemPids, self, ...ancestors.slice(top + 1)]);
}
