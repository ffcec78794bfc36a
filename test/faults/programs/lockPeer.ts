// Takes and gives up locks as its parent asks over IPC, and answers when each is done.
import { writeDurable } from '../../../src/node/durableFile.ts';
import { type Lock, tryLock } from '../../../src/node/lockFile.ts';
import type { LockRequest } from '../support/lockPeer.ts';

const locks: Lock[] = [];

async function take(file: string): Promise<boolean> {
  const attempt = await tryLock(file);
  if ('lock' in attempt) locks.push(attempt.lock);
  return 'lock' in attempt;
}

async function release(): Promise<void> {
  for (const lock of locks.splice(0)) await lock.release();
}

/** A durable write, whose library watches for the end of the process too, during which a lock comes and goes. */
async function writeMeanwhile(file: string): Promise<void> {
  await take(`${file}.lock`);
  const written = writeDurable(file, 'text');
  await release();
  await written;
}

async function answer(request: LockRequest): Promise<unknown> {
  switch (request.kind) {
    case 'take':
      return (await Promise.all(Array.from({ length: request.takers }, () => take(request.file)))).filter(Boolean)
        .length;
    case 'release':
      return release();
    case 'write':
      return writeMeanwhile(request.file);
    case 'handle':
      process.on(request.signal, () => process.send?.(request.signal));
      return;
    case 'exit':
      process.exit(0);
  }
}

process.on('message', async (request: LockRequest) => {
  const result = await answer(request);
  process.send?.(result ?? null);
});
process.send?.('ready');
