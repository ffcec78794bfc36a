import { describeError, HoldfastError, systemErrorCode } from '../base/errors.ts';
import { type OpenedRegistry, openRegistry } from '../core/registryDocument.ts';
import { isMissing } from './durableFile.ts';
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
