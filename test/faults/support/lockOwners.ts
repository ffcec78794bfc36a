import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type ProcessTable, processTable } from '../../../src/node/processIdentity.ts';

/** After a crash the lock's owner is gone; here it is this process, which lives. */
export async function endOwner(folder: string): Promise<void> {
  const locks = (await readdir(folder)).filter((name) => name.startsWith('storage.lock'));
  for (const name of locks) await rm(path.join(folder, name));
}

/** A system in which this process, and with it all that it has written of itself, is gone. */
export function afterOurEnd(): ProcessTable {
  const table = processTable();
  return { ...table, startTime: async (pid) => (pid === process.pid ? undefined : table.startTime(pid)) };
}
