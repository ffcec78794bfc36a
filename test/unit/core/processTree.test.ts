import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type ProcessFacts, type ProcessScan, withoutLaterParents } from '../../../src/core/processFacts.ts';
import {
  attachedMembers,
  followTree,
  type Members,
  processForest,
  treeProcesses,
} from '../../../src/core/processTree.ts';
import { aProcess, scanOf } from './processes.ts';

const self = 90;
const root = { pid: 10, startTime: '10' };
const nobody: Members = new Map();

describe('the processes of a session', () => {
  const [init, helper, shell] = [{ pid: 1, parent: 0 }, { pid: self }, { pid: 10 }];
  const tree = [init, helper, shell, { pid: 11, parent: 10 }, { pid: 12, parent: 11 }, { pid: 30 }];
  const known = new Map([10, 11, 12].map((pid) => [pid, `${pid}`]));
  type Told = Partial<ProcessFacts> & { pid: number };

  const cases: [what: string, known: Members, scan: Told[], members: number[]][] = [
    ['are its root and all below it', nobody, tree, [10, 11, 12]],
    ['are none where the root’s pid is another process’s', nobody, [init, helper, { pid: 10, startTime: '9' }], []],
    ['are none before there are any', nobody, [init, helper], []],
    ['stay when they are given to another parent', known, [init, helper, shell, { pid: 12 }], [10, 12]],
    [
      'grow below one that was given to another parent',
      known,
      [init, helper, { pid: 12 }, { pid: 13, parent: 12 }],
      [12, 13],
    ],
    ['stay when the root has ended', known, [init, helper, { pid: 11 }, { pid: 12, parent: 11 }], [11, 12]],
    ['are not who got the pid of one', known, [init, helper, shell, { pid: 11, startTime: '99' }], [10]],
    ['do not count who has ended', known, [init, helper, shell, { pid: 11, parent: 10, hasEnded: true }], [10]],
    ['never include the first process', new Map([[1, '1']]), [init, { pid: self, parent: 0 }, shell], [10]],
    [
      'are those as well that only a POSIX session of one of them holds',
      nobody,
      [
        ...[init, helper, { pid: 10, session: 10 }, { pid: 11, parent: 10, session: 11 }],
        ...[
          { pid: 20, session: 10 },
          { pid: 21, parent: 20, session: 10 },
          { pid: 22, session: 11 },
        ],
        { pid: 30, session: 30 },
      ],
      [10, 11, 20, 21, 22],
    ],
    [
      'are not those of a POSIX session that none of them leads',
      nobody,
      [init, helper, { pid: 10, session: 5 }, { pid: 20, session: 5 }, { pid: 21, session: 9 }],
      [10],
    ],
    [
      'end where parents go round in a ring',
      nobody,
      [init, helper, { pid: 10, parent: 11 }, { pid: 11, parent: 10 }],
      [10, 11],
    ],
  ];
  for (const [what, before, told, members] of cases) {
    it(what, () => assert.deepEqual(follow(scanOf(...told), before), members));
  }

  it('do not include the helper, nor what it started, though one of them started it', () => {
    const started = [
      { pid: self, parent: 11 },
      { pid: 91, parent: self },
      { pid: 92, parent: 91 },
    ];
    const scan = scanOf(init, shell, { pid: 11, parent: 10 }, ...started);
    assert.deepEqual(follow(scan, new Map([[self, '90']])), [10, 11]);
  });

  it('do not include who is above the helper', () => {
    const scan = scanOf(init, { pid: 80 }, { pid: 81, parent: 80 }, { pid: self, parent: 81 }, shell);
    assert.deepEqual(follow(scan, new Map([80, 81].map((pid) => [pid, `${pid}`]))), [10]);
  });

  it('do not include what is said to be foreign, nor what that started', () => {
    const options = { root, known: nobody, forest: processForest(scanOf(...tree), self) };
    assert.deepEqual([...followTree({ ...options, isForeign: ({ pid }) => pid === 11 }).keys()], [10]);
  });

  it('may be a chain as long as a system allows', () => {
    const chain = Array.from({ length: 60_000 }, (_, index) => ({ pid: 100 + index, parent: index ? 99 + index : 10 }));
    const scan = scanOf(init, helper, shell, ...chain);
    assert.equal(follow(scan, nobody).length, 60_001);
  });

  it('are told apart by whether they still descend from the root', () => {
    const scan = scanOf(init, helper, shell, { pid: 11, parent: 10 }, { pid: 12 }, { pid: 13, parent: 12 });
    const forest = processForest(scan, self);
    const members = followTree({ root, known, forest });
    assert.deepEqual(
      [[...members.keys()].sort(), [...attachedMembers(members, root, forest).keys()]],
      [
        [10, 11, 12, 13],
        [10, 11],
      ],
    );
  });

  it('have all left the root once it has ended', () => {
    const forest = processForest(scanOf(init, helper, { pid: 11 }), self);
    assert.deepEqual([...attachedMembers(followTree({ root, known, forest }), root, forest)], []);
  });

  it('are shown with those of them that have ended and wait for their parents to know', () => {
    const before = scanOf(shell, { pid: 11, parent: 10 }, { pid: 12, parent: 10 });
    const now = scanOf(shell, { pid: 11, parent: 10, hasEnded: true }, { pid: 12, startTime: '99', hasEnded: true });
    assert.deepEqual([...treeProcesses(new Map([[10, '10']]), before, now).keys()], [10, 11]);
  });
});

describe('a parent that began after its child', () => {
  it('is not its parent', () => {
    const scan = withoutLaterParents([
      aProcess({ pid: 10, startTime: '1000' }),
      aProcess({ pid: 11, parent: 10, startTime: '999' }),
      aProcess({ pid: 12, parent: 10, startTime: '1000' }),
    ]);
    assert.deepEqual(
      [...scan.values()].map(({ pid, parent }) => [pid, parent]),
      [
        [10, 1],
        [11, 0],
        [12, 10],
      ],
    );
  });
});

describe('following a session on a system that starts, ends and renumbers processes', () => {
  const eventOf = (...kinds: string[]) => fc.record({ kind: fc.constantFrom(...kinds), which: fc.nat({ max: 1000 }) });
  // Of a daemon that is orphaned between two looks its parents do not tell whose it is.
  const single = eventOf('fork', 'fork', 'end');
  const event = eventOf('fork', 'fork', 'fork', 'end', 'orphan', 'look');

  it('finds exactly its processes when it looks after each event', () => {
    fc.assert(
      fc.property(fc.array(single, { maxLength: 80 }), (events) => {
        const system = new SmallSystem();
        let known = nobody;
        for (const one of events) {
          system.apply(one);
          known = followTree({ root: system.root, known, forest: processForest(system.scan(), self) });
          assert.deepEqual([...known.keys()].sort(), system.ofSession());
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never takes in another’s process, and never loses one that it has seen, however seldom it looks', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), (events) => {
        const system = new SmallSystem();
        let known = nobody;
        for (const one of events) {
          system.apply(one);
          if (one.kind !== 'look') continue;
          const scan = system.scan();
          const seen = [...known].filter(([pid, startTime]) => scan.get(pid)?.startTime === startTime);
          known = followTree({ root: system.root, known, forest: processForest(scan, self) });
          const strangers = [...known.keys()].filter((pid) => !system.ofSession().includes(pid));
          assert.deepEqual([strangers, seen.filter(([pid]) => !known.has(pid))], [[], []]);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function follow(scan: ProcessScan, known: Members): number[] {
  return [...followTree({ root, known, forest: processForest(scan, self) }).keys()].sort((a, b) => a - b);
}

interface SmallProcess {
  pid: number;
  parent: number;
  startTime: string;
  isOfSession: boolean;
}

/** A system with few pids, which are therefore soon reused, and that knows of each process whose it is. */
class SmallSystem {
  readonly root = { pid: 10, startTime: '3' };
  readonly #processes = new Map<number, SmallProcess>();
  #starts = 0;

  constructor() {
    this.#add({ pid: 1, parent: 0, isOfSession: false });
    this.#add({ pid: self, parent: 1, isOfSession: false });
    this.#add({ pid: this.root.pid, parent: self, isOfSession: true });
    this.#add({ pid: 20, parent: 1, isOfSession: false });
  }

  apply({ kind, which }: { kind: string; which: number }): void {
    const mortals = [...this.#processes.values()].filter(({ pid }) => pid !== 1 && pid !== self);
    const one = mortals[which % mortals.length];
    if (!one || kind === 'look') return;
    if (kind === 'fork') this.#fork(one);
    if (kind === 'end') this.#end(one);
    // A daemon's way: the child that has a child of its own ends.
    if (kind === 'orphan') for (const child of [this.#fork(one)]) if (child && this.#fork(child)) this.#end(child);
  }

  scan(): ProcessScan {
    return scanOf(...[...this.#processes.values()].map(({ pid, parent, startTime }) => ({ pid, parent, startTime })));
  }

  ofSession(): number[] {
    return [...this.#processes.values()]
      .filter(({ isOfSession }) => isOfSession)
      .map(({ pid }) => pid)
      .sort();
  }

  #fork({ pid: parent, isOfSession }: SmallProcess): SmallProcess | undefined {
    const pid = Array.from({ length: 12 }, (_, index) => 10 + index).find((free) => !this.#processes.has(free));
    return pid === undefined ? undefined : this.#add({ pid, parent, isOfSession });
  }

  #end({ pid }: SmallProcess): void {
    this.#processes.delete(pid);
    for (const orphan of this.#processes.values()) if (orphan.parent === pid) orphan.parent = 1;
  }

  #add(process: Omit<SmallProcess, 'startTime'>): SmallProcess {
    const added = { ...process, startTime: `${++this.#starts}` };
    this.#processes.set(added.pid, added);
    return added;
  }
}
