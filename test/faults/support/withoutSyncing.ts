import { open } from 'node:fs/promises';
import { replaceFileFunctions } from './fileFunctions.ts';

/**
 * Runs `task` while nothing in this process is really synced, which takes most of the time of a test that writes
 * thousands of files. What a power cut would leave is for the model to say.
 */
export async function withoutSyncing<T>(task: () => Promise<T>): Promise<T> {
  const restore = replaceFileFunctions(['fsync', 'fdatasync'], { owns: () => true, call: () => undefined });
  const handles = await handlePrototype();
  const { sync, datasync } = handles;
  Object.assign(handles, { sync: async () => undefined, datasync: async () => undefined });
  try {
    return await task();
  } finally {
    Object.assign(handles, { sync, datasync });
    restore();
  }
}

async function handlePrototype(): Promise<{ sync(): Promise<void>; datasync(): Promise<void> }> {
  const handle = await open(import.meta.filename);
  await handle.close();
  return Object.getPrototypeOf(handle);
}
