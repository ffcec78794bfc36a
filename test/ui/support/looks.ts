import { isDeepStrictEqual } from 'node:util';
import { waitFor } from '../../support/waitFor.ts';
import type { TerminalLook } from '../../support/workbench/terminalCells.ts';
import type { Workbench } from '../../support/workbench/workbench.ts';

/** Waits until the terminal in front looks like this, and returns how it looks then or, at the latest, in the end. */
export async function lookLike(workbench: Workbench, expected: TerminalLook): Promise<TerminalLook> {
  const look = () => workbench.terminals.look();
  return waitFor(look, (now) => isDeepStrictEqual(now, expected)).catch(look);
}

/** Reads that have to agree: more than fit between the two paintings of a program that is told of a new size. */
const reads = 6;

/** Waits until the terminal in front no longer changes from one look to the next, and returns that look. */
export async function settledLook(workbench: Workbench): Promise<TerminalLook> {
  const looks: TerminalLook[] = [];
  const isSettled = (now: TerminalLook) => {
    if (!isDeepStrictEqual(now, looks[0])) looks.length = 0;
    return looks.push(now) >= reads;
  };
  return waitFor(() => workbench.terminals.look(), isSettled);
}
