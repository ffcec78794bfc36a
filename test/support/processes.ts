import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Whether a process with this id exists; one that we may not signal exists too. */
export function isAlive(pid: number): boolean {
  return signal(pid, 0) !== 'ESRCH';
}

/** Sends a signal and returns the error code where that failed, as it does for a process that is gone. */
export function signal(pid: number, name: NodeJS.Signals | 0): string | undefined {
  try {
    process.kill(pid, name);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

/**
 * Ends a child that was spawned `detached` together with its process group, politely first.
 * Processes that detached themselves are in other groups and live on, as running sessions must.
 * Windows has no groups, and ending "the tree" there would reach detached ones: the children of the VS Code server
 * end by themselves when it is gone.
 */
export async function endGroup(child: ChildProcess, patience = 5_000): Promise<void> {
  if (child.pid === undefined) return;
  const group = process.platform === 'win32' ? child.pid : -child.pid;
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    signal(group, 'SIGTERM');
    const insist = setTimeout(() => signal(group, 'SIGKILL'), patience);
    await exited;
    clearTimeout(insist);
  }
  if (process.platform !== 'win32') signal(group, 'SIGKILL');
}
