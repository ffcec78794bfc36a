import type { TempDirs } from '../../support/tempDirs.ts';
import { canStrike, type FaultKind, faultKinds } from './faults.ts';
import { FaultyDisk, type FaultyDiskOptions } from './faultyDisk.ts';

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

/** Acts once for every operation and every fault of it, and for each power cut at the end; returns how many times. */
export async function forEveryFault(trial: Trial): Promise<number> {
  const { operations } = await run(trial);
  let rounds = 0;
  for (const kind of trial.kinds ?? faultKinds) {
    for (const [index, operation] of [...operations, undefined].entries()) {
      if (!canStrike(kind, operation)) continue;
      rounds++;
      const { folder, error } = await run(trial, { kind, at: index + 1 });
      const place = operation ?? 'the end';
      await trial.check({ folder, error, kind, operation: place }).catch((failed: Error) => {
        const where = `operation ${index + 1} of ${operations.length}, ${place}: ${kind}`;
        throw new Error(`${where}\n${failed.message}`, { cause: failed });
      });
    }
  }
  return rounds;
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
