import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { sessionEnvironment } from './environment.ts';

/** What a Node process costs that does nothing: the measure for those of ours that should do next to nothing. */
export async function startIdleNode(): Promise<{ pid: number; end: () => void }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)'], {
    stdio: 'ignore',
    env: sessionEnvironment(),
  });
  await once(child, 'spawn');
  return { pid: child.pid as number, end: () => child.kill('SIGKILL') };
}
