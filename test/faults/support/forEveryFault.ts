import type { TempDirs } from '../../support/tempDirs.ts';
import { rounds } from './extent.ts';
import { canStrike, type FaultKind, faultKinds, isError } from './faults.ts';
import { FaultyDisk, type FaultyDiskOptions } from './faultyDisk.ts';
import { withoutSyncing } from './withoutSyncing.ts';

export interface Outcome {
  folder: string;
  /** What the act threw; undefined where it resolved. */
  error: unknown;
  /** What struck, and at what. */
  kind: FaultKind;
  operation: string;
}

export interface Trial extends Omit<FaultyDiskOptions, 'fault'> {
  dirs: TempDirs;
  kinds?: readonly FaultKind[];
  arrange?(folder: string): Promise<unknown>;
  act(folder: string): Promise<unknown>;
  /** Runs on an undisturbed disk, after a crash on what that has left. */
  check(outcome: Outcome): Promise<void>;
}

/** Of an act with more operations each is struck by one of the errors in turn; in the long form by all of them. */
const manyOperations = rounds(30, Number.POSITIVE_INFINITY);

/** Acts once for every operation and every fault of it, and for each power cut at the end; returns how many times. */
export function forEveryFault(trial: Trial): Promise<number> {
  return withoutSyncing(() => runAll(trial));
}

async function runAll(trial: Trial): Promise<number> {
  const { operations } = await run(trial);
  const kinds = trial.kinds ?? faultKinds;
  let count = 0;
  for (const kind of kinds) {
    for (const [index, operation] of [...operations, undefined].entries()) {
      if (!canStrike(kind, operation)) continue;
      if (operations.length > manyOperations && !isInTurn(kind, kinds, index, operation)) continue;
      count++;
      const { folder, error } = await run(trial, { kind, at: index + 1 });
      const place = operation ?? 'the end';
      await trial.check({ folder, error, kind, operation: place }).catch((failed: Error) => {
        const where = `operation ${index + 1} of ${operations.length}, ${place}: ${kind}`;
        throw new Error(`${where}\n${failed.message}`, { cause: failed });
      });
    }
  }
  return count;
}

function isInTurn(kind: FaultKind, kinds: readonly FaultKind[], index: number, operation: string | undefined): boolean {
  const errors = kinds.filter((one) => isError(one) && canStrike(one, operation));
  return !isError(kind) || errors[index % errors.length] === kind;
}

async function run({ dirs, arrange, act, withReads, lacks }: Trial, fault?: FaultyDiskOptions['fault']) {
  const folder = await dirs.make('disk');
  await arrange?.(folder);
  const disk = new FaultyDisk(folder, { fault, withReads, lacks });
  let error: unknown;
  try {
    await act(folder);
  } catch (thrown) {
    error = thrown;
  } finally {
    disk.restart();
  }
  if (!fault && error !== undefined) throw error;
  return { folder, error, operations: disk.operations };
}
