import { stat } from 'node:fs/promises';
import { isMissing } from './durableFile.ts';

/** @throws where that cannot be told: a disk that fails or a folder that is closed to us may hold work. */
export async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
