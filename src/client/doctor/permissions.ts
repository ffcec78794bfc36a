import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../../base/errors.ts';

/** Why nothing can be written to a folder, as a sentence; one that is not there is made when it is needed. */
export async function writeObstacle(folder: string): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return 'A file is in its place.';
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'ENOENT') return `The system says ${code}.`;
    const around = path.dirname(folder);
    const obstacle = around === folder ? undefined : await writeObstacle(around);
    return obstacle && `It is not there, and cannot be made in ${around}: ${obstacle}`;
  }
}

/** Permission bits as `chmod` takes them. */
export function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}
