import { isDeepStrictEqual } from 'node:util';
import { waitFor } from '../../support/waitFor.ts';
import type { TerminalLook } from '../../support/workbench/terminalCells.ts';
import type { Workbench } from '../../support/workbench/workbench.ts';

/** Waits until the terminal in front looks like this, and returns how it looks then or, at the latest, in the end. */
export async function lookLike(workbench: Workbench, expected: TerminalLook): Promise<TerminalLook> {
  const look = () => workbench.terminals.look();
  return waitFor(look, (now) => isDeepStrictEqual(now, expected)).catch(look);
}

/** Waits until the terminal in front no longer changes from one look to the next, and returns that look. */
export async function settledLook(workbench: Workbench): Promise<TerminalLook> {
  let last = await workbench.terminals.look();
  const isSettled = (now: TerminalLook) => {
    const isSame = isDeepStrictEqual(now, last);
    last = now;
    return isSame;
  };
  return waitFor(() => workbench.terminals.look(), isSettled);
}
