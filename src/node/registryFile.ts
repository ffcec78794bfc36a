import { constants } from 'node:fs';
import { describeError, HoldfastError, systemErrorCode } from '../base/errors.ts';
import { type OpenedRegistry, openRegistry } from '../core/registryDocument.ts';
import { isMissing } from './durableFile.ts';
import { openOwnFile } from './ownFile.ts';
import { readRegularFile } from './regularFile.ts';

/** What came of reading a registry file. */
export type RegistryReading =
  | OpenedRegistry
  | { state: 'missing' }
  /** The system did not give its content, which says nothing about that; it may do so the next time. */
  | { state: 'unreadable'; reason: string };

/** Never throws: what is wrong with the file is part of the answer. */
export async function readRegistryFile(file: string): Promise<RegistryReading> {
  try {
    return openRegistry((await readRegularFile(file)).toString('utf8'));
  } catch (error) {
    if (isMissing(error)) return { state: 'missing' };
    // What is no regular file, or so large, never holds a list.
    if (error instanceof HoldfastError) {
      return { state: 'damaged', reason: `it ${error.data?.what}`, sound: [], doubtful: [], isSummed: true };
    }
    return { state: 'unreadable', reason: `it cannot be read (${systemErrorCode(error) ?? describeError(error)})` };
  }
}

/** Enough for all that the envelope says before its sessions; bytes. */
const headSize = 1024;

/**
 * What a registry file says of itself, without reading the whole of it and without a look at its checksum; undefined
 * where it says nothing. Never throws.
 */
export async function readRegistryHead(file: string): Promise<{ key: string; generation: number } | undefined> {
  const handle = await openOwnFile(file, constants.O_RDONLY).catch(() => undefined);
  try {
    const { buffer, bytesRead } = (await handle?.read(Buffer.alloc(headSize), 0, headSize, 0)) ?? { bytesRead: 0 };
    const head = buffer?.toString('latin1', 0, bytesRead) ?? '';
    const [, key, generation] = /"key": "([0-9a-f]{16})",\s*"generation": (\d+),/.exec(head) ?? [];
    return key === undefined ? undefined : { key, generation: Number(generation) };
  } catch {
    return undefined;
  } finally {
    await handle?.close();
  }
}
